/** What a running daemon uses and says, looked at from outside: /proc and its own /metrics. */
import { readdirSync } from 'node:fs'
import type { BenchDaemon, Usage } from '../daemon.ts'

export interface Sample extends Usage {
  /** Since the soak began. */
  readonly seconds: number
  readonly openFiles: number
  readonly watches: number
  /** Read from the kernel. */
  readonly events: number
  readonly overflows: number
  /** The worst of all bricks. */
  readonly lagSeconds: number
  /** Sum over all bricks. */
  readonly commits: number
  readonly feedMessages: number
  readonly writtenBytes: number
  readonly fileBytes: number
  readonly liveBytes: number
}

export async function takeSample(daemon: BenchDaemon, seconds: number): Promise<Sample> {
  const metrics = await daemon.metrics()
  return {
    ...daemon.usage(),
    seconds,
    openFiles: readdirSync(`/proc/${daemon.pid}/fd`).length,
    watches: metrics.sum('sfd_watches'),
    events: metrics.sum('sfd_events_total'),
    overflows: metrics.sum('sfd_overflows_total'),
    lagSeconds: metrics.max('sfd_brick_lag_seconds'),
    commits: metrics.sum('sfd_brick_generation'),
    feedMessages: metrics.sum('sfd_feed_sequence'),
    writtenBytes: metrics.sum('sfd_brick_written_bytes_total'),
    fileBytes: metrics.sum('sfd_brick_file_bytes'),
    liveBytes: metrics.sum('sfd_brick_live_bytes'),
  }
}
