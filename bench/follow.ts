/** A daemon on one tree, started and ended here, and when its feed tells of commits. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchDaemon, withDaemon } from './daemon.ts'

/** Longer than commits keep apart under steady change, and than a file that was just written is looked at again. */
const quietMs = 1_000
const waitMsMax = 60_000

export interface Feed {
  /** When the next commit that changes bytes is heard of, by performance.now(). */
  nextCommit(): Promise<number>
  /** Resolves when nothing has been said for `quietMs`; number of commits so far. */
  quiet(): Promise<number>
}

export interface Followed {
  readonly sfd: string
  readonly tree: string
  readonly state: string
  readonly signal: AbortSignal
}

/** Calls `use` when all is folded; the daemon has ended when this returns. */
export async function withFeed(followed: Followed, use: (feed: Feed) => Promise<void>): Promise<void> {
  const { tree, signal } = followed
  await withDaemon({ ...followed, sources: [tree] }, async (daemon) => use(await follow(daemon, signal)))
}

async function follow(daemon: BenchDaemon, signal: AbortSignal): Promise<Feed> {
  let commits = 0
  let heardMs = performance.now()
  let waiting: ((atMs: number) => void) | undefined
  await daemon.listen((message, atMs) => {
    heardMs = atMs
    if (message.kind !== 'commit') return
    commits++
    if (message.dirtyTiles === null || message.dirtyTiles.length > 0) waiting?.(heardMs)
  })
  await daemon.ready()
  return {
    nextCommit: () => within(new Promise<number>((resolve) => (waiting = resolve)), signal),
    async quiet() {
      for (;;) {
        const restMs = heardMs + quietMs - performance.now()
        if (restMs <= 0) return commits
        await sleep(restMs, undefined, { signal })
      }
    },
  }
}

async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new AbortController()
  const tooLate = sleep(waitMsMax, undefined, { signal: AbortSignal.any([signal, late.signal]) }).then(() => {
    throw new Error(`No commit came within ${waitMsMax / 1000} s.`)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    late.abort()
    tooLate.catch(() => undefined)
  }
}
