/** A daemon on one tree, started and ended here, and what its feed says. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { BricksAnswer, FeedMessage } from '../src/wire/api.ts'

/** Longer than commits keep apart under steady change, and than a file that was just written is looked at again. */
const quietMs = 1_000
const waitMsMax = 60_000
const endMsMax = 15_000

export interface Feed {
  /** When the next commit that changes bytes is heard of, by performance.now(). */
  nextCommit(): Promise<number>
  /** Resolves when nothing has been said for `quietMs`; number of commits so far. */
  quiet(): Promise<number>
  close(): void
}

export interface Followed {
  readonly sfd: string
  readonly tree: string
  readonly state: string
  readonly signal: AbortSignal
}

/** Calls `use` when all is folded; the daemon has ended when this returns. */
export async function withDaemon(
  { sfd, tree, state, signal }: Followed,
  use: (feed: Feed) => Promise<void>,
): Promise<void> {
  const daemon = spawn(sfd, ['up', tree, '--state', state, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  // A program that cannot be started has no output either, which is said below.
  daemon.on('error', () => undefined)
  try {
    const feed = await follow(daemon, signal)
    try {
      await use(feed)
    } finally {
      feed.close()
    }
  } finally {
    await end(daemon)
  }
}

async function follow(daemon: ChildProcess, signal: AbortSignal): Promise<Feed> {
  const { origin, token } = await addressOf(daemon)
  const headers = { Authorization: `Bearer ${token}` }
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/feed`, { headers })
  let commits = 0
  let heardMs = performance.now()
  let waiting: ((atMs: number) => void) | undefined
  socket.on('message', (text) => {
    heardMs = performance.now()
    const message = JSON.parse(String(text)) as FeedMessage
    if (message.kind !== 'commit') return
    commits++
    if (message.dirtyTiles === null || message.dirtyTiles.length > 0) waiting?.(heardMs)
  })
  await once(socket, 'open', { signal })
  const deadlineMs = performance.now() + waitMsMax
  for (;;) {
    const answer = (await (await fetch(`${origin}/api/bricks`, { headers, signal })).json()) as BricksAnswer
    if (answer.bricks.every(({ state }) => state === 'live')) break
    if (performance.now() > deadlineMs) throw new Error(`The daemon does not get ready: ${JSON.stringify(answer)}`)
    await sleep(50, undefined, { signal })
  }
  return {
    nextCommit: () => within(new Promise<number>((resolve) => (waiting = resolve)), signal),
    async quiet() {
      for (;;) {
        const restMs = heardMs + quietMs - performance.now()
        if (restMs <= 0) return commits
        await sleep(restMs, undefined, { signal })
      }
    },
    close: () => socket.terminate(),
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

/** Of the one line of JSON that `sfd up` prints when it answers. */
async function addressOf(daemon: ChildProcess): Promise<{ origin: string; token: string }> {
  let errors = ''
  daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000)
  })
  if (daemon.stdout === null) throw new Error('The daemon has no output.')
  for await (const line of createInterface(daemon.stdout)) {
    const { url, token } = JSON.parse(line) as { url: string; token: string }
    return { origin: new URL(url).origin, token }
  }
  throw new Error(`The daemon did not start: ${errors.trim()}`)
}

/** What it has still to write is done when it ends; one that hangs is killed. */
async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null || daemon.pid === undefined) return
  const ended = once(daemon, 'exit')
  daemon.kill('SIGTERM')
  const kill = setTimeout(() => daemon.kill('SIGKILL'), endMsMax)
  await ended
  clearTimeout(kill)
}
