/**
 * Where on the curve the content of each directory lies: the runs of all slots beneath it, neighbours merged.
 *
 * Two slots are neighbours where no other slot lies between them and the room between, which nobody owns, is no longer
 * than the longer of the two: alignment leaves many such gaps, and a shape with a thousand pinholes says nothing.
 *
 * Exact, in time that grows with slots times depth: slots are taken in ascending order and added to every directory
 * above. What is kept of a directory is the sum and the largest `runsMax` runs; a run that is closed never grows, so
 * the smaller ones can be let go on the way.
 */
import type { Run } from '../base/entry.ts'
import type { Steps } from './index-build.ts'
import type { PathIndex } from './path-index.ts'

export const runsMax = 64
/** Closed runs held before they are cut to runsMax. */
const heldRunsMax = 4 * runsMax
/** Additions in a slice: some milliseconds. */
const sliceAdditions = 50_000

export interface DirectoryRuns {
  /** Entry number in the index. */
  readonly entry: number
  /** 0 for the root. */
  readonly depth: number
  /** Ascending [start, length, ..] of at most runsMax runs, the largest. */
  readonly runs: readonly number[]
  /** Sum of all runs, also of those left out. */
  readonly slotBytes: number
  /** Everything lies in [first, end). */
  readonly first: number
  readonly end: number
}

/** Directories with at least one slot beneath, in the order of their entries. */
export function* directoryRuns(index: PathIndex): Steps<readonly DirectoryRuns[]> {
  const { slotStarts, slotLengths } = index.columns
  const parents = index.parents()
  yield
  const open = new Map<number, OpenDirectory>()
  let additions = 0
  let before = { start: 0, length: 0 }
  for (const owner of index.bySlot) {
    const slot = { start: slotStarts[owner] as number, length: slotLengths[owner] as number }
    const end = before.start + before.length
    /** A run that ends here goes on with this slot. */
    const joinEnd = slot.start - end <= Math.max(slot.length, before.length) ? end : Number.NaN
    before = slot
    for (let entry = parents[owner] as number; entry >= 0; entry = parents[entry] as number) {
      let directory = open.get(entry)
      if (directory === undefined) {
        directory = { runs: [], slotBytes: 0, first: slot.start, end: Number.NEGATIVE_INFINITY }
        open.set(entry, directory)
      }
      add(directory, slot, joinEnd)
      if (++additions % sliceAdditions === 0) yield
    }
  }
  const directories: DirectoryRuns[] = []
  for (const [entry, directory] of open) {
    keepLargest(directory.runs, runsMax)
    directories.push({ ...directory, entry, depth: depthOf(index.path(entry)) })
  }
  return directories.sort((a, b) => a.entry - b.entry)
}

/** The last run is open: the next slot may lengthen it. */
interface OpenDirectory {
  readonly runs: number[]
  slotBytes: number
  readonly first: number
  end: number
}

function add(directory: OpenDirectory, { start, length }: Run, joinEnd: number): void {
  const { runs } = directory
  if (directory.end === joinEnd) {
    const grown = start + length - directory.end
    runs[runs.length - 1] = (runs[runs.length - 1] as number) + grown
    directory.slotBytes += grown
  } else {
    if (runs.length >= 2 * heldRunsMax) keepLargest(runs, runsMax)
    runs.push(start, length)
    directory.slotBytes += length
  }
  directory.end = start + length
}

/** Leaves the `count` largest, of equal ones the first, in their order. */
function keepLargest(runs: number[], count: number): void {
  if (runs.length <= 2 * count) return
  const lengths = Float64Array.from({ length: runs.length / 2 }, (_, i) => runs[2 * i + 1] as number).sort()
  const smallest = lengths[lengths.length - count] as number
  let equal = count - lengths.reduce((larger, length) => larger + (length > smallest ? 1 : 0), 0)
  let kept = 0
  for (let i = 0; i < runs.length; i += 2) {
    const [start, length] = [runs[i] as number, runs[i + 1] as number]
    if (length < smallest || (length === smallest && equal-- <= 0)) continue
    runs[kept++] = start
    runs[kept++] = length
  }
  runs.length = kept
}

function depthOf(path: Uint8Array): number {
  return path.length === 0 ? 0 : path.reduce((count, byte) => count + (byte === 0x2f ? 1 : 0), 1)
}
