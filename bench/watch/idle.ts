/** What a daemon uses that has nothing to do: trees of the machine that are watched, and /proc/meminfo that is polled. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { idleBudget } from '../budgets.ts'
import { withDaemon } from '../daemon.ts'
import { row, type Section } from '../table.ts'
import { makeSmallFiles } from '../trees.ts'
import type { WatchOptions } from './section.ts'

const seconds = { full: 60, quick: 2 } as const
/** What a first fold leaves to be done: files looked at again, heaps collected. */
const restMs = { full: 10_000, quick: 100 } as const
const polled = '/proc/meminfo'

export async function idleSection({ sfd, folder, size, signal, judge, progress }: WatchOptions): Promise<Section> {
  const trees = size === 'full' ? ['/usr/bin', '/etc'] : [smallTree(join(folder, 'tree'))]
  const sources = [...trees, polled]
  progress('first fold')
  const values = await withDaemon({ sfd, sources, state: join(folder, 'state'), signal }, async (daemon) => {
    await daemon.ready()
    await sleep(restMs[size], undefined, { signal })
    progress(`doing nothing for ${seconds[size]} s`)
    const count = async () => {
      const metrics = await daemon.metrics()
      return {
        ...daemon.usage(),
        commits: metrics.sum('sfd_brick_generation'),
        writtenBytes: metrics.sum('sfd_brick_written_bytes_total'),
        events: metrics.sum('sfd_events_total'),
      }
    }
    const before = await count()
    await sleep(1_000 * seconds[size], undefined, { signal })
    const after = await count()
    return {
      coreShare: (after.cpuSeconds - before.cpuSeconds) / seconds[size],
      commits: after.commits - before.commits,
      writtenBytes: after.writtenBytes - before.writtenBytes,
      events: after.events - before.events,
      rssBytes: after.rssBytes,
    }
  })
  return {
    id: 'watch-idle',
    title: `Nothing to do for ${seconds[size]} s`,
    notes: [`${size === 'full' ? trees.join(', ') : 'A small tree'} watched, ${polled} polled every 5 s.`],
    columns: [
      { key: 'coreShare', title: 'cores', unit: 'ratio' },
      { key: 'commits', title: 'commits', unit: 'count' },
      { key: 'writtenBytes', title: 'written', unit: 'bytes' },
      { key: 'events', title: 'events', unit: 'count' },
      { key: 'rssBytes', title: 'memory', unit: 'bytes' },
    ],
    rows: [row('sfd up', values, [idleBudget(values.coreShare, judge)])],
  }
}

function smallTree(path: string): string {
  mkdirSync(path)
  makeSmallFiles(path, { count: 200, meanBytes: 2048 })
  return path
}
