/**
 * Many files changed a second, each of them once: how long from the write until a durable commit has it.
 *
 * The feed says when each commit became durable; afterwards the brick's own history says which commit was the first to
 * have each change. So nothing that was not really committed counts.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { viewOfPast } from '../../src/read/commits.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'
import { busyBudget } from '../budgets.ts'
import { withDaemon } from '../daemon.ts'
import { percentile } from '../measure.ts'
import { type Row, row, type Section } from '../table.ts'
import { makeSmallFiles } from '../trees.ts'
import type { WatchOptions } from './section.ts'

const sizes = {
  full: { seconds: 20, changesPerSecond: 1_000 },
  quick: { seconds: 2, changesPerSecond: 100 },
} as const
/** Changes come in bursts this far apart. */
const tickMs = 10

interface Change {
  readonly path: string
  readonly writtenAtMs: number
  readonly mtimeNs: bigint
}

/** Neighbours share tiles: what changes in the order of the paths is written once, what changes anywhere many times. */
type Order = 'in path order' | 'anywhere'

export async function busySection(options: WatchOptions): Promise<Section> {
  const { seconds, changesPerSecond } = sizes[options.size]
  const count = seconds * changesPerSecond
  return {
    id: 'watch-busy',
    title: `From write(2) to a durable commit while ${changesPerSecond} files a second change`,
    notes: [
      `${count} files of 2 KiB, each changed once within ${seconds} s; missed: not in any commit after \`sfd sync\`.`,
      'Anywhere: every commit rewrites most of the tree, which the byte rate of a brick (4 MiB/s) holds back; not judged.',
    ],
    columns: [
      { key: 'p50Ms', title: 'p50', unit: 'milliseconds' },
      { key: 'p99Ms', title: 'p99', unit: 'milliseconds' },
      { key: 'maxMs', title: 'max', unit: 'milliseconds' },
      { key: 'missed', title: 'missed', unit: 'count' },
      { key: 'commits', title: 'commits', unit: 'count' },
      { key: 'writtenBytes', title: 'written', unit: 'bytes' },
      { key: 'cpuShare', title: 'cores', unit: 'ratio' },
    ],
    rows: [await busyRow(options, 'in path order'), await busyRow(options, 'anywhere')],
  }
}

async function busyRow(options: WatchOptions, order: Order): Promise<Row> {
  const { latenciesMs, changes, ...counted } = await follow(options, order)
  const p99Ms = percentile(latenciesMs, 0.99)
  const missed = changes - latenciesMs.length
  const values = { p50Ms: percentile(latenciesMs, 0.5), p99Ms, maxMs: percentile(latenciesMs, 1), missed, ...counted }
  const judge = order === 'anywhere' ? 'no' : options.judge
  return row(order, values, [busyBudget({ p99Ms, missed }, judge)])
}

async function follow({ sfd, folder, size, signal, progress }: WatchOptions, order: Order) {
  const { seconds, changesPerSecond } = sizes[size]
  const [tree, state] = [join(folder, `tree ${order}`), join(folder, `state ${order}`)]
  mkdirSync(tree)
  const made = makeSmallFiles(tree, { count: seconds * changesPerSecond, meanBytes: 2048 })
  const paths = order === 'anywhere' ? scattered(made) : made
  progress('starting the daemon')
  return withDaemon({ sfd, sources: [tree], state, signal }, async (daemon) => {
    const [brick] = await daemon.ready()
    if (brick === undefined) throw new Error('The daemon follows nothing.')
    const durableAtMs = new Map<number, number>()
    await daemon.listen((message, atMs) => {
      if (message.kind === 'commit') durableAtMs.set(message.brick.generation, atMs)
    })
    const before = daemon.usage()
    const writtenBefore = (await daemon.metrics()).sum('sfd_brick_written_bytes_total')
    progress(`${changesPerSecond} changes a second, ${order}`)
    const startMs = performance.now()
    const changes = await change(paths, { tree, perTick: (changesPerSecond * tickMs) / 1_000, signal })
    await daemon.sync()
    const tookSeconds = (performance.now() - startMs) / 1_000
    const cpuShare = (daemon.usage().cpuSeconds - before.cpuSeconds) / tookSeconds
    const writtenBytes = (await daemon.metrics()).sum('sfd_brick_written_bytes_total') - writtenBefore
    const file = join(state, 'bricks', `${brick.name}.brick`)
    const latenciesMs = latencies(file, { changes, durableAtMs, after: brick.generation })
    return { latenciesMs, cpuShare, writtenBytes, commits: durableAtMs.size, changes: changes.length }
  })
}

/** All of them, far from each other; the same order in every run. */
function scattered(paths: readonly string[]): string[] {
  const step = 7_919
  return paths.map((_, index) => paths[(index * step) % paths.length] as string)
}

async function change(
  paths: readonly string[],
  { tree, perTick, signal }: { tree: string; perTick: number; signal: AbortSignal },
): Promise<Change[]> {
  const changes: Change[] = []
  const startMs = performance.now()
  for (let tick = 0; changes.length < paths.length; tick++) {
    for (const path of paths.slice(tick * perTick, (tick + 1) * perTick)) {
      const fd = openSync(path, 'r+')
      const writtenAtMs = performance.now()
      writeSync(fd, randomBytes(64), 0, 64, 0)
      closeSync(fd)
      const { mtimeNs } = statSync(path, { bigint: true })
      changes.push({ path: relative(tree, path), writtenAtMs, mtimeNs })
    }
    await sleep(Math.max(0, startMs + (tick + 1) * tickMs - performance.now()), undefined, { signal })
  }
  return changes
}

/** Of those changes that a commit has; throws where commits are missing from the feed or from the history. */
function latencies(
  path: string,
  {
    changes,
    durableAtMs,
    after,
  }: { changes: readonly Change[]; durableAtMs: ReadonlyMap<number, number>; after: number },
): number[] {
  const waiting = new Map(changes.map((change) => [change.path, change]))
  const found: number[] = []
  for (const view of viewsAfter(path, after)) {
    const atMs = durableAtMs.get(view.record.generation)
    if (atMs === undefined) throw new Error(`The feed did not tell of generation ${view.record.generation}.`)
    for (const entry of view.entries()) {
      const name = Buffer.from(entry.path).toString()
      const change = waiting.get(name)
      if (change === undefined) continue
      if (BigInt(entry.mtime.seconds) * 1_000_000_000n + BigInt(entry.mtime.nanoseconds) < change.mtimeNs) continue
      found.push(atMs - change.writtenAtMs)
      waiting.delete(name)
    }
  }
  return found
}

/** Every commit after that generation, the oldest first. */
function* viewsAfter(path: string, after: number): Generator<BrickView> {
  const file = BrickFile.open(Buffer.from(path))
  try {
    const newest = new BrickView(file, file.readHeadOnce())
    let expected = after + 1
    for (const past of pastCommits(newest)) {
      if (past.generation < expected) continue
      if (past.generation > expected) throw new Error(`Generation ${expected} is not retained; measure for less time.`)
      yield viewOfPast(newest, past)
      expected++
    }
    if (newest.record.generation >= expected) yield newest
  } finally {
    file.close()
  }
}
