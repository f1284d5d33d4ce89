/**
 * A tree into a durable store and back again, by every program in turn: A B C D A B C D ..., so that a change in the
 * machine's load meets all of them. The tree is in the page cache; what is dirty is synced before each measured run.
 */
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Judge, memoryBudget, rivalBudget } from './budgets.ts'
import { type Cost, type Meter, median } from './measure.ts'
import { makePlace, ourName, type Peer, type Place } from './peers.ts'
import { type Budget, type Column, type Row, row, type Section, skippedRow } from './table.ts'
import { type TreeSize, treeSize, warm } from './trees.ts'

export interface RoundTrip {
  readonly id: string
  readonly tree: string
  /** The peer that ours has to beat in storing it. */
  readonly rival: string | undefined
  readonly repetitions: number
  readonly judge: Judge
}

export interface RoundTripContext {
  readonly peers: readonly Peer[]
  readonly meter: Meter
  /** For stores; removed again by each run. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
  readonly failed: (message: string) => void
}

interface Runs {
  readonly store: Cost[]
  readonly back: Cost[]
  storedBytes: number
  /** Why there are no runs, or no more. */
  missing: string | null
}

/** Two sections: there, and back. A program that fails, or does not give the tree back, is out; the others go on. */
export async function roundTrip(trip: RoundTrip, context: RoundTripContext): Promise<Section[]> {
  const { tree, repetitions } = trip
  context.progress(`reading ${tree}`)
  const size = warm(tree)
  const runs = new Map(context.peers.map(({ name, version }) => [name, newRuns(version)]))
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const peer of context.peers) {
      const run = runs.get(peer.name) as Runs
      if (run.missing !== null) continue
      context.progress(`${tree}: ${peer.name}, ${repetition} of ${repetitions}`)
      const folder = mkdtempSync(join(context.folder, 'round-trip-'))
      try {
        await runOnce(peer, { place: makePlace({ tree, folder }), size, context, runs: run })
      } catch (error) {
        context.signal.throwIfAborted()
        run.missing = (error as Error).message
        context.failed(`${tree}: ${run.missing}`)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
  }
  return [section(trip, { size, runs, context, way: 'store' }), section(trip, { size, runs, context, way: 'back' })]
}

function newRuns(version: string | undefined): Runs {
  return { store: [], back: [], storedBytes: 0, missing: version === undefined ? 'not installed' : null }
}

async function runOnce(
  peer: Peer,
  { place, size, context, runs }: { place: Place; size: TreeSize; context: RoundTripContext; runs: Runs },
): Promise<void> {
  const { meter } = context
  const prepare = peer.prepare(place)
  if (prepare !== undefined) await meter.run(prepare)
  settleDisk(place.store)
  runs.store.push(await meter.run(peer.store(place)))
  const stored = peer.stored(place)
  runs.storedBytes = lstatSync(stored).isDirectory() ? treeSize(stored).bytes : lstatSync(stored).size
  settleDisk(place.store)
  runs.back.push(await meter.run(peer.restore(place)))
  const back = treeSize(place.back)
  if (back.entries === size.entries && back.bytes === size.bytes) return
  const [wanted, got] = [size, back].map(({ entries, bytes }) => `${entries} entries with ${bytes} bytes`)
  throw new Error(`${peer.name} gave ${got} of ${place.tree} back, not ${wanted}; did it change meanwhile?`)
}

/** What earlier runs left to be written is not this run's time. */
function settleDisk(folder: string): void {
  spawnSync('sync', ['-f', folder])
}

const columns: readonly Column[] = [
  { key: 'wallMedianSeconds', title: 'wall median', unit: 'seconds' },
  { key: 'wallMinSeconds', title: 'min', unit: 'seconds' },
  { key: 'oursRatio', title: 'x sfd', unit: 'ratio' },
  { key: 'cpuMedianSeconds', title: 'cpu median', unit: 'seconds' },
  { key: 'cpuMinSeconds', title: 'min', unit: 'seconds' },
  { key: 'peakBytes', title: 'peak memory', unit: 'bytes' },
  { key: 'storedBytes', title: 'stored', unit: 'bytes' },
]

type Way = 'store' | 'back'

function section(
  trip: RoundTrip,
  found: { size: TreeSize; runs: ReadonlyMap<string, Runs>; context: RoundTripContext; way: Way },
): Section {
  const { size, runs, context, way } = found
  const { bytes, entries } = size
  const what = way === 'store' ? 'to a durable store' : 'and back from the store'
  const wallOf = (name: string): number | null => {
    return median(runs.get(name)?.[way].map(({ wallSeconds }) => wallSeconds) ?? [])
  }
  const rows = context.peers.map((peer): Row => {
    const run = runs.get(peer.name) as Runs
    if (run.missing !== null) return skippedRow(peer.name, run.missing.split('\n')[0] ?? '')
    const values = valuesOf(run, { way, ours: wallOf(ourName) })
    const isOurs = peer.name === ourName && way === 'store'
    return row(peer.name, values, isOurs ? budgetsOf(trip, { values, wallOf }) : [])
  })
  return {
    id: `${trip.id}-${way}`,
    title: `${trip.tree} ${what}: ${entries} entries, ${(bytes / 1e6).toFixed(0)} MB, ${trip.repetitions} runs each in turn`,
    notes: [],
    columns: way === 'store' ? columns : columns.filter(({ key }) => key !== 'storedBytes'),
    rows,
  }
}

function valuesOf({ storedBytes, ...costs }: Runs, { way, ours }: { way: Way; ours: number | null }): Row['values'] {
  const walls = costs[way].map(({ wallSeconds }) => wallSeconds)
  const cpus = costs[way].flatMap(({ cpuSeconds }) => cpuSeconds ?? [])
  const peaks = costs[way].flatMap(({ peakBytes }) => peakBytes ?? [])
  const wall = median(walls)
  return {
    wallMedianSeconds: wall,
    wallMinSeconds: Math.min(...walls),
    oursRatio: wall === null || ours === null ? null : wall / ours,
    cpuMedianSeconds: median(cpus),
    cpuMinSeconds: cpus.length > 0 ? Math.min(...cpus) : null,
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
    ...(way === 'store' ? { storedBytes } : {}),
  }
}

function budgetsOf(
  { rival, judge }: RoundTrip,
  { values, wallOf }: { values: Row['values']; wallOf: (name: string) => number | null },
): Budget[] {
  const peak = values['peakBytes']
  const memory = memoryBudget(typeof peak === 'number' ? peak : null)
  if (rival === undefined) return [memory]
  return [rivalBudget(rival, { ours: wallOf(ourName), theirs: wallOf(rival), judge }), memory]
}
