/**
 * From write(2) into a followed file to the feed's message that a commit with it is durable, after quiet each time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { BricksAnswer, FeedMessage } from '../src/wire/api.ts'
import { percentile } from './measure.ts'
import { row, type Section } from './table.ts'
import { makeSmallFiles } from './trees.ts'

export interface LatencyOptions {
  readonly sfd: string
  readonly folder: string
  /** Changes that are timed. */
  readonly count: number
  readonly signal: AbortSignal
  readonly judge: 'yes' | 'no'
  readonly progress: (message: string) => void
}

const fileBytes = 65_536
const otherFiles = 1_000
/** Longer than commits keep apart under steady change, and than a file that was just written is looked at again. */
const quietMs = 700
const waitMsMax = 60_000
const p50MsMax = 50
const p99MsMax = 500

export async function latencySection(options: LatencyOptions): Promise<Section> {
  const { sfd, folder, count, judge, progress } = options
  const tree = join(folder, 'followed')
  mkdirSync(tree)
  makeSmallFiles(tree, { count: otherFiles, meanBytes: 2048 })
  const file = join(tree, 'changing')
  writeFileSync(file, randomBytes(fileBytes))
  progress('starting the daemon')
  const daemon = spawn(sfd, ['up', tree, '--state', join(folder, 'state'), '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const feed = await follow(daemon, options.signal)
    const latenciesMs: number[] = []
    const commitsBefore = await feed.quiet()
    for (let at = 0; at < count; at++) {
      progress(`change ${at + 1} of ${count}`)
      latenciesMs.push(await timeChange(file, feed))
      await feed.quiet()
    }
    const commits = (await feed.quiet()) - commitsBefore
    feed.close()
    return section(latenciesMs, { commits, judge })
  } finally {
    await end(daemon)
  }
}

function section(
  latenciesMs: readonly number[],
  { commits, judge }: { commits: number; judge: 'yes' | 'no' },
): Section {
  const p50Ms = percentile(latenciesMs, 0.5)
  const p99Ms = percentile(latenciesMs, 0.99)
  const verdict = (value: number | null, limit: number) =>
    judge === 'no' || value === null ? 'not judged' : value < limit ? 'ok' : 'over'
  const values = { p50Ms, p99Ms, maxMs: percentile(latenciesMs, 1), commitsPerChange: commits / latenciesMs.length }
  const budgets = [
    { limit: `p50 < ${p50MsMax} ms`, verdict: verdict(p50Ms, p50MsMax) },
    { limit: `p99 < ${p99MsMax} ms`, verdict: verdict(p99Ms, p99MsMax) },
  ] as const
  return {
    id: 'latency',
    title: 'From write(2) of a 64 KiB file to the message of its durable commit',
    notes: [`${latenciesMs.length} changes after quiet each, among ${otherFiles} other files.`],
    columns: [
      { key: 'p50Ms', title: 'p50', unit: 'milliseconds' },
      { key: 'p99Ms', title: 'p99', unit: 'milliseconds' },
      { key: 'maxMs', title: 'max', unit: 'milliseconds' },
      { key: 'commitsPerChange', title: 'commits a change', unit: 'ratio' },
    ],
    rows: [row('sfd up', values, budgets)],
  }
}

interface Feed {
  /** The next commit's message, by performance.now(). */
  nextCommit(): Promise<number>
  /** Resolves when nothing has been said for `quietMs`; number of commits so far. */
  quiet(): Promise<number>
  close(): void
}

async function timeChange(path: string, feed: Feed): Promise<number> {
  const bytes = randomBytes(fileBytes)
  const committed = feed.nextCommit()
  const file = openSync(path, 'r+')
  const startMs = performance.now()
  writeSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
  return (await committed) - startMs
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
    if ((JSON.parse(String(text)) as FeedMessage).kind !== 'commit') return
    commits++
    waiting?.(heardMs)
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

/** What it has still to write is done when it ends. */
async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null || daemon.pid === undefined) return
  const ended = once(daemon, 'exit')
  daemon.kill('SIGTERM')
  await ended
}
