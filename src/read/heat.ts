/**
 * How often each tile changed from one retained commit to the next.
 *
 * Where one commit is the parent of the next its own list of dirty tiles says it; where commits in between were dropped,
 * or the list was coarsened, the two trees are compared.
 */
import type { Run } from '../base/entry.ts'
import type { CommitExtras } from '../brick/commit-extras.ts'
import type { BrickView } from '../store/brick-view.ts'
import { pastCommits } from '../store/history.ts'
import { viewOfPast } from './commits.ts'
import { diffTiles } from './diff-tiles.ts'

/** Tiles of the run changed `count` >= 1 times. */
export interface HeatRun extends Run {
  readonly count: number
}

export interface Heat {
  /** Ascending, disjoint, inside the commit's N. */
  readonly runs: readonly HeatRun[]
  /** Every run begins and ends at a multiple; 1, 4, 16, ..; above 1 a count is the largest of its block. */
  readonly blockTiles: number
  /** Changes from one retained commit to the next that were looked at. */
  readonly steps: number
  readonly countMax: number
}

export interface HeatQuestion {
  /** Whose HISTORY says what is retained: that of an older commit names what is gone since. */
  readonly newest: BrickView
  /** Up to this commit. */
  readonly view: BrickView
  readonly runsMax: number
}

/** Steps let others work in between. Errors: BrickDamage. */
export function* heatSteps({ newest, view, runsMax }: HeatQuestion): Generator<void, Heat> {
  const changes = new Map<number, number>()
  let steps = 0
  let before: BrickView | undefined
  const past = [...pastCommits(newest)].filter(({ generation }) => generation < view.record.generation)
  for (const commit of [...past, 'own' as const]) {
    const after = commit === 'own' ? view : viewOfPast(newest, commit)
    if (before !== undefined) {
      for (const run of changedTiles(before, after)) addRun(changes, run, view.tileCount)
      steps++
    }
    before = after
    yield
  }
  return { ...coarsened(summed(changes), runsMax), steps }
}

export function heatOf(question: HeatQuestion): Heat {
  const steps = heatSteps(question)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

function changedTiles(before: BrickView, after: BrickView): Iterable<Run> {
  const isParent = after.record.generation === before.record.generation + 1
  return isParent && isExact(after.extras) ? after.extras.dirty : diffTiles(before, after)
}

function isExact({ dirty, dirtyTiles }: CommitExtras): boolean {
  return dirty.reduce((sum, { length }) => sum + length, 0) === dirtyTiles
}

/** From a tile on, so many more (or fewer) changes than before it. */
function addRun(changes: Map<number, number>, { start, length }: Run, tilesEnd: number): void {
  const end = Math.min(start + length, tilesEnd)
  if (end <= start) return
  changes.set(start, (changes.get(start) ?? 0) + 1)
  changes.set(end, (changes.get(end) ?? 0) - 1)
}

function summed(changes: ReadonlyMap<number, number>): HeatRun[] {
  const places = [...changes].filter(([, change]) => change !== 0).sort(([a], [b]) => a - b)
  const runs: HeatRun[] = []
  let count = 0
  for (const [i, [start, change]] of places.entries()) {
    count += change
    const next = places[i + 1]
    if (count > 0 && next !== undefined) runs.push({ start, length: next[0] - start, count })
  }
  return runs
}

/** Blocks of 4^k tiles, squares of the picture, with the smallest k for which there are few enough runs. */
function coarsened(exact: readonly HeatRun[], runsMax: number): Omit<Heat, 'steps'> {
  let runs = exact
  let blockTiles = 1
  while (runs.length > runsMax) {
    blockTiles *= 4
    runs = inBlocks(runs, blockTiles)
  }
  return { runs, blockTiles, countMax: runs.reduce((max, { count }) => Math.max(max, count), 0) }
}

function inBlocks(runs: readonly HeatRun[], blockTiles: number): HeatRun[] {
  const coarse: { start: number; length: number; count: number }[] = []
  const put = (start: number, end: number, count: number): void => {
    const last = coarse.at(-1)
    if (last !== undefined && last.start + last.length > start) {
      const overlapEnd = last.start + last.length
      if (count > last.count) splitLast(coarse, { start, count, blockTiles })
      if (end > overlapEnd) put(overlapEnd, end, count)
      return
    }
    if (last !== undefined && last.start + last.length === start && last.count === count) last.length = end - last.start
    else coarse.push({ start, length: end - start, count })
  }
  for (const { start, length, count } of runs) {
    const from = Math.floor(start / blockTiles) * blockTiles
    put(from, Math.ceil((start + length) / blockTiles) * blockTiles, count)
  }
  return coarse
}

/** The last block of the last run, which begins at `start`, has a larger count than the run. */
function splitLast(
  coarse: { start: number; length: number; count: number }[],
  block: { start: number; count: number; blockTiles: number },
): void {
  const last = coarse.at(-1)
  if (last === undefined) return
  if (last.start === block.start) last.count = block.count
  else {
    last.length = block.start - last.start
    coarse.push({ start: block.start, length: block.blockTiles, count: block.count })
  }
}
