/** What lies in a part of a brick: entries by slot, directories by the runs of their content; the largest where there are many. */
import { type OutlinesAnswer, outlinesMax, type RunTuple } from '../wire/api.ts'
import type { DirectoryRuns } from './directory-runs.ts'
import { entryOutline, pathText } from './entry-text.ts'
import type { CommitIndex } from './index-cache.ts'
import type { PathIndex } from './path-index.ts'

export interface OutlineQuery {
  readonly from: number
  readonly to: number
  /** Bytes of space. */
  readonly min: number
}

export async function findOutlines({ index, directories }: CommitIndex, query: OutlineQuery): Promise<OutlinesAnswer> {
  const inside = (await directories()).filter((directory) => isInside(directory, query))
  const entries = entriesInside(index, query)
  const sizes = [
    ...inside.map(({ slotBytes }) => slotBytes),
    ...entries.map((entry) => index.columns.slotLengths[entry] as number),
  ]
  const isKept = largest(sizes, outlinesMax)
  return {
    directories: inside.filter((_, i) => isKept(i)).map((directory) => directoryOutline(index, directory)),
    entries: entries.filter((_, i) => isKept(inside.length + i)).map((entry) => entryOutline(index, entry)),
    truncated: sizes.length > outlinesMax,
  }
}

/** Entry numbers, by slot. */
function entriesInside(index: PathIndex, { from, to, min }: OutlineQuery): number[] {
  const { slotStarts, slotLengths } = index.columns
  const found: number[] = []
  for (let i = Math.max(0, index.firstSlotAfter(from) - 1); i < index.bySlot.length; i++) {
    const entry = index.bySlot[i] as number
    const [start, length] = [slotStarts[entry] as number, slotLengths[entry] as number]
    if (start >= to) break
    if (start + length > from && length >= min) found.push(entry)
  }
  return found
}

function isInside({ runs, slotBytes, first, end }: DirectoryRuns, { from, to, min }: OutlineQuery): boolean {
  if (slotBytes < min || first >= to || end <= from) return false
  for (let i = 0; i < runs.length; i += 2) {
    const [start, length] = [runs[i] as number, runs[i + 1] as number]
    if (start < to && start + length > from) return true
  }
  return false
}

function directoryOutline(index: PathIndex, { entry, runs, slotBytes, depth }: DirectoryRuns) {
  const tuples: RunTuple[] = []
  for (let i = 0; i < runs.length; i += 2) tuples.push([runs[i] as number, runs[i + 1] as number])
  return { ...pathText(index.path(entry)), runs: tuples, slotBytes, depth }
}

/** Says of each place in `sizes`, asked in ascending order, whether it is one of the `count` largest; of equal ones the first. */
function largest(sizes: readonly number[], count: number): (place: number) => boolean {
  if (sizes.length <= count) return () => true
  const sorted = Float64Array.from(sizes).sort()
  const smallest = sorted[sorted.length - count] as number
  let equal = count - sizes.reduce((larger, size) => larger + (size > smallest ? 1 : 0), 0)
  return (place) => {
    const size = sizes[place] as number
    return size > smallest || (size === smallest && equal-- > 0)
  }
}
