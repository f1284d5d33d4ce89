/** Sets of bytes as runs: ascending, apart from each other, none empty. All functions take and give such lists. */
import { must } from '../base/assert.ts'
import type { EntryMeta, Run } from '../base/entry.ts'

/** The runs of a file that hold data. */
export function dataRuns({ size, extents }: Pick<EntryMeta, 'size' | 'extents'>): readonly Run[] {
  return extents ?? wholeOf(size)
}

export function wholeOf(size: number): readonly Run[] {
  return size > 0 ? [{ start: 0, length: size }] : []
}

export function endOf({ start, length }: Run): number {
  return start + length
}

export function bytesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0)
}

/** Runs in any order, overlapping or touching, as such a list. */
export function sortedRuns(runs: readonly Run[]): Run[] {
  const merged: Run[] = []
  for (const run of runs.filter(({ length }) => length > 0).sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last === undefined || endOf(last) < run.start) merged.push({ ...run })
    else merged[merged.length - 1] = { start: last.start, length: Math.max(endOf(last), endOf(run)) - last.start }
  }
  return merged
}

export function union(a: readonly Run[], b: readonly Run[]): readonly Run[] {
  if (a.length === 0) return b
  return b.length === 0 ? a : sortedRuns([...a, ...b])
}

export function intersection(a: readonly Run[], b: readonly Run[]): Run[] {
  const common: Run[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const left = must(a[i], 'a run')
    const right = must(b[j], 'a run')
    const start = Math.max(left.start, right.start)
    const end = Math.min(endOf(left), endOf(right))
    if (start < end) common.push({ start, length: end - start })
    if (endOf(left) < endOf(right)) i++
    else j++
  }
  return common
}

/** What is in `a` and not in `b`. */
export function difference(a: readonly Run[], b: readonly Run[]): Run[] {
  const left: Run[] = []
  let next = 0
  for (const run of a) {
    let at = run.start
    while (next < b.length && endOf(must(b[next], 'a run')) <= at) next++
    for (let i = next; i < b.length; i++) {
      const taken = must(b[i], 'a run')
      if (taken.start >= endOf(run)) break
      if (taken.start > at) left.push({ start: at, length: taken.start - at })
      at = Math.max(at, endOf(taken))
    }
    if (at < endOf(run)) left.push({ start: at, length: endOf(run) - at })
  }
  return left
}

/** The parts of the runs that lie in [from, to), by binary search. */
export function* within(runs: readonly Run[], from: number, to: number): Generator<Run> {
  if (from >= to) return
  for (let i = firstEndingAfter(runs, from); i < runs.length; i++) {
    const run = must(runs[i], 'a run')
    if (run.start >= to) return
    const start = Math.max(run.start, from)
    yield { start, length: Math.min(endOf(run), to) - start }
  }
}

function firstEndingAfter(runs: readonly Run[], position: number): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (endOf(must(runs[middle], 'a run')) <= position) low = middle + 1
    else high = middle
  }
  return low
}
