/**
 * Entries by a part of their path, over one brick or all: best first.
 *
 * ASCII letters match in either case. A query without a slash is looked for in names first, then in paths; one with a
 * slash in paths. Mappings of memory are found by what they are called and by address, too. Work is bounded: of a brick at most `matchesMax` matching entries are looked at.
 */
import { utf8 } from '../base/bytes.ts'
import type { FindAnswer } from '../wire/api.ts'
import { entryOutline } from './entry-text.ts'
import { mappingMatches } from './find-mappings.ts'
import { foldCase } from './index-build.ts'
import type { PathIndex } from './path-index.ts'

export const findLimitMax = 100
export const queryBytesMax = 4_096
const matchesMax = 20_000
const slash = 0x2f

export interface Searched {
  readonly uuid: string
  /** Absolute path of the source: a query that begins with it means the path inside. */
  readonly source: Uint8Array
  readonly index: PathIndex
}

interface Match {
  readonly entry: number
  /** 0 the best. */
  readonly rank: number
  /** Of the content, where a byte was asked for. */
  readonly offset?: number
}

/** Collects hits of several bricks. */
export class Finder {
  readonly #query: string
  readonly #limit: number
  readonly #found: { match: Match; brick: Searched }[] = []
  #more = false

  constructor(query: string, limit: number) {
    this.#query = query
    this.#limit = limit
  }

  search(brick: Searched): void {
    const byPath = matchesOf(brick.index, needleFor(this.#query, brick.source))
    const { isAll } = byPath
    const matches = onceEach([...mappingMatches(brick.index, this.#query), ...byPath.matches])
    const { starts } = brick.index.columns
    const lengthOf = ({ entry }: Match) => (starts[entry + 1] as number) - (starts[entry] as number)
    const best = matches.sort((a, b) => a.rank - b.rank || lengthOf(a) - lengthOf(b) || a.entry - b.entry)
    if (!isAll || best.length > this.#limit) this.#more = true
    for (const match of best.slice(0, this.#limit)) this.#found.push({ match, brick })
  }

  /** A brick could not be searched. */
  miss(): void {
    this.#more = true
  }

  answer(): FindAnswer {
    const best = this.#found.sort((a, b) => a.match.rank - b.match.rank).slice(0, this.#limit)
    return {
      hits: best.map(({ match: { entry, offset }, brick }) => {
        const { uuid, index } = brick
        return { ...entryOutline(index, entry), uuid, ...(offset !== undefined && { offset }) }
      }),
      truncated: this.#more || this.#found.length > best.length,
    }
  }
}

/** Entries whose path begins with these very bytes, in the order of the index. */
export function entriesWithPrefix(
  { uuid, index }: Omit<Searched, 'source'>,
  query: { prefix: string; limit: number },
): FindAnswer {
  const { text, starts, count } = index.columns
  const needle = Buffer.from(`/${query.prefix}`)
  const hits: FindAnswer['hits'][number][] = []
  let entry = 0
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, starts[entry + 1] as number)) {
    while (entry < count && (starts[entry + 1] as number) <= at) entry++
    if (at !== starts[entry]) continue
    if (hits.length === query.limit) return { hits, truncated: true }
    hits.push({ ...entryOutline(index, entry), uuid })
  }
  return { hits, truncated: false }
}

/** The first match of each entry. */
function onceEach(matches: readonly Match[]): Match[] {
  const seen = new Set<number>()
  return matches.filter(({ entry }) => !seen.has(entry) && seen.add(entry))
}

/** What to look for in `/path`; whether it must be at its beginning. */
interface Needle {
  readonly bytes: Buffer
  readonly isAnchored: boolean
}

/** /usr/bin/ls in the brick of /usr/bin is the path ls. */
function needleFor(query: string, source: Uint8Array): Needle {
  const bytes = Buffer.from(utf8(query))
  const root = source.length === 1 ? source.subarray(1) : source
  const isInside = bytes.length > root.length && bytes[root.length] === slash && bytes.indexOf(root) === 0
  if (isInside) return { bytes: foldCase(bytes.subarray(root.length)), isAnchored: true }
  return { bytes: foldCase(bytes), isAnchored: false }
}

function matchesOf(index: PathIndex, { bytes, isAnchored }: Needle): { matches: Match[]; isAll: boolean } {
  const { folded, starts, count } = index.columns
  const matches: Match[] = []
  const inPaths = bytes.includes(slash)
  let entry = 0
  for (let at = folded.indexOf(bytes); at >= 0; ) {
    while (entry < count && (starts[entry + 1] as number) <= at) entry++
    if (matches.length === matchesMax) return { matches, isAll: false }
    const match = { index, entry, at, needle: bytes }
    if (!isAnchored || at === starts[entry]) matches.push({ entry, rank: inPaths ? pathRank(match) : nameRank(match) })
    at = folded.indexOf(bytes, starts[entry + 1] as number)
  }
  return { matches, isAll: true }
}

/** `at`: where the needle stands first in the entry's `/path`. */
interface Place {
  readonly index: PathIndex
  readonly entry: number
  readonly at: number
  readonly needle: Buffer
}

/** 0 is the name, 1 begins it, 2 in it, 3 in the path above it. */
function nameRank({ index, entry, at, needle }: Place): number {
  const { folded, starts, names } = index.columns
  const name = (starts[entry] as number) + (names[entry] as number)
  const end = (starts[entry + 1] as number) - 1
  const inName = at >= name ? at : name + folded.subarray(name, end).indexOf(needle)
  if (inName < name) return 3
  if (inName > name) return 2
  return end - name === needle.length ? 0 : 1
}

/** 0 is the path, 1 begins it, 2 begins one of its parts, 3 anywhere. */
function pathRank({ index, entry, at, needle }: Place): number {
  const { folded, starts } = index.columns
  const start = (starts[entry] as number) + (needle[0] === slash ? 0 : 1)
  if (at === start) return (starts[entry + 1] as number) - 1 - start === needle.length ? 0 : 1
  return needle[0] === slash || folded[at - 1] === slash ? 2 : 3
}
