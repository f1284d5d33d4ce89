/**
 * Gives every mapping its key: the address of content byte 0, by which its entry is known from look to look.
 *
 * A mapping that was there keeps its key as long as it can: grown up or down into its room, shrunk at either end, or split
 * (the part that has more of it keeps the key). The key of one that grew down beyond its room moves down, with new
 * room below, so that this becomes rare. Keys are unique, whole pages, never above their mapping. Pure.
 */
import type { MapsLine } from './maps.ts'

/** A mapping as it was at the last look. */
export interface KeyedMapping {
  readonly key: number
  readonly start: number
  readonly end: number
  readonly thing: string
}

export interface Match<T> {
  readonly key: number
  /** What was there before and is this now, if anything. */
  readonly former: T | undefined
  /** The former's content does not begin at this key: nothing of it can be taken over. */
  readonly isMoved: boolean
}

export type MatchedLine = Pick<MapsLine, 'start' | 'end' | 'fileOffset' | 'dev' | 'ino' | 'name'> & {
  /** VmFlags say that it grows down, as stacks do. */
  readonly growsDown: boolean
}

/** One match for each line; both lists ascending by start. `stackBytesMax`: how large a stack may become. */
export function matchMappings<T extends KeyedMapping>(
  formers: readonly T[],
  lines: readonly MatchedLine[],
  { stackBytesMax }: { readonly stackBytesMax: number },
): Match<T>[] {
  const heirs = heirsOf(formers, lines)
  const matches = lines.map((line, at): Match<T> => {
    const former = heirs.get(at)
    const first = line.growsDown ? roomOfStack(line, stackBytesMax) : line.start
    if (former === undefined) return { key: first, former, isMoved: false }
    if (former.key <= line.start) return { key: former.key, former, isMoved: false }
    return { key: Math.min(first, roomBelow(line)), former, isMoved: true }
  })
  return withUniqueKeys(matches)
}

/** What is mapped: files differ by inode and by which of their bytes lies where; all anonymous memory is alike. */
export function thingOf({ start, fileOffset, dev, ino }: Omit<MatchedLine, 'name' | 'growsDown' | 'end'>): string {
  return ino === 0n && dev === 0n ? '' : `${dev} ${ino} ${fileOffset - BigInt(start)}`
}

const pageBytes = 4_096
const roomBytesMin = 2 ** 20
const roomBytesMax = 2 ** 30
const stackRoomBytesMax = 64 * 2 ** 20

/**
 * By index of the line; a former and a line have one partner at most. Those whose key can stay come first, then those that
 * share most.
 */
function heirsOf<T extends KeyedMapping>(formers: readonly T[], lines: readonly MatchedLine[]): Map<number, T> {
  const pairs: { readonly former: T; readonly at: number; readonly shared: number; readonly moves: number }[] = []
  let first = 0
  for (const [at, line] of lines.entries()) {
    const thing = thingOf(line)
    while (first < formers.length && (formers[first] as T).end <= line.start) first++
    for (let i = first; i < formers.length; i++) {
      const former = formers[i] as T
      if (former.start >= line.end) break
      const shared = Math.min(former.end, line.end) - Math.max(former.start, line.start)
      if (shared > 0 && former.thing === thing)
        pairs.push({ former, at, shared, moves: former.key > line.start ? 1 : 0 })
    }
  }
  pairs.sort((a, b) => a.moves - b.moves || b.shared - a.shared || a.at - b.at || a.former.start - b.former.start)
  const heirs = new Map<number, T>()
  const taken = new Set<T>()
  for (const { former, at } of pairs) {
    if (heirs.has(at) || taken.has(former)) continue
    heirs.set(at, former)
    taken.add(former)
  }
  return heirs
}

function roomOfStack({ start, end }: MatchedLine, stackBytesMax: number): number {
  const bytes = Math.min(stackBytesMax, stackRoomBytesMax)
  return Math.max(0, Math.min(start, end - Math.ceil(bytes / pageBytes) * pageBytes))
}

/** As much again as there is. */
function roomBelow({ start, end }: MatchedLine): number {
  return Math.max(0, start - Math.min(Math.max(end - start, roomBytesMin), roomBytesMax))
}

/** Two parts of one mapping may want the same: those that had a key keep it, others go some pages down. */
function withUniqueKeys<T>(matches: readonly Match<T>[]): Match<T>[] {
  const taken = new Set(matches.flatMap(({ key, former, isMoved }) => (former !== undefined && !isMoved ? [key] : [])))
  return matches.map((match) => {
    if (match.former !== undefined && !match.isMoved) return match
    let { key } = match
    while (taken.has(key) && key >= pageBytes) key -= pageBytes
    while (taken.has(key)) key += pageBytes
    taken.add(key)
    return { ...match, key }
  })
}
