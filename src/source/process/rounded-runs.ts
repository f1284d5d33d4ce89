/** Runs as pairs of start and length, ascending, disjoint. Pages that are too scattered are told in larger pieces. Pure. */

/** What a record of an entry can hold with room to spare. */
export const runsMax = 131_072
const blockBytes = 65_536

/** The same bytes and more: whole blocks, within [from, to). */
export function roundedRuns(
  runs: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): number[] {
  const rounded: number[] = []
  for (let i = 0; i < runs.length; i += 2) {
    const start = runs[i] as number
    const end = start + (runs[i + 1] as number)
    const low = Math.max(from, start - (start % blockBytes))
    const high = Math.min(to, Math.ceil(end / blockBytes) * blockBytes)
    const last = rounded.length - 2
    if (last >= 0 && (rounded[last] as number) + (rounded[last + 1] as number) >= low) {
      rounded[last + 1] = high - (rounded[last] as number)
    } else rounded.push(low, high - low)
  }
  return rounded
}

/** Both together. */
export function joinedRuns(a: readonly number[], b: readonly number[]): number[] {
  const all: [number, number][] = []
  for (const runs of [a, b])
    for (let i = 0; i < runs.length; i += 2) all.push([runs[i] as number, runs[i + 1] as number])
  all.sort((x, y) => x[0] - y[0])
  const joined: number[] = []
  for (const [start, length] of all) {
    const last = joined.length - 2
    const end = last < 0 ? -1 : (joined[last] as number) + (joined[last + 1] as number)
    if (end < start) joined.push(start, length)
    else joined[last + 1] = Math.max(end, start + length) - (joined[last] as number)
  }
  return joined
}

/** What both have. */
export function commonRuns(a: readonly number[], b: readonly number[]): number[] {
  const common: number[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [endOfA, endOfB] = [(a[i] as number) + (a[i + 1] as number), (b[j] as number) + (b[j + 1] as number)]
    const start = Math.max(a[i] as number, b[j] as number)
    const end = Math.min(endOfA, endOfB)
    if (start < end) common.push(start, end - start)
    if (endOfA <= endOfB) i += 2
    if (endOfB <= endOfA) j += 2
  }
  return common
}

export function totalOf(runs: readonly number[]): number {
  let total = 0
  for (let i = 1; i < runs.length; i += 2) total += runs[i] as number
  return total
}
