/**
 * Matching a pattern in bytes at hand. Matches do not overlap: the next is looked for behind the last.
 *
 * A match of a regular expression has at most `matchBytesMax` bytes and looks at no more on either side: so what is found
 * does not depend on how much was at hand. Where it would be longer, the longest that fits is taken.
 */
import { type Find, finderOf, Hay } from './search-find.ts'
import { bytesNeedle, type HitEncoding, type Needle, type SearchPattern } from './search-pattern.ts'
import type { ByteRegex } from './search-regex.ts'

/** Bytes of a match of a regular expression, and how far it sees before and behind itself. */
export const matchBytesMax = 4_096

/** Bytes in which matches may lie; all positions count from the beginning of `bytes`. */
export interface Sight {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** In the content, of `bytes[0]`; may be negative: a multiple of 2 does. */
  readonly offset: number
}

export interface Found {
  readonly at: number
  readonly length: number
  readonly encoding: HitEncoding
  /** The match would have gone on. */
  readonly isCut: boolean
}

export interface Matcher {
  /** Bytes that have to be in sight before and behind where matches may begin. */
  readonly before: number
  readonly behind: number
  /** Whether it can match in zeros without anything else in sight. */
  matchesZeros(): boolean
  /** Matches that begin in [from, until), ascending; gives where it stopped: all that begin before were told. */
  matches(sight: Sight, starts: Starts, pace: Pace): Generator<Found, number>
}

/** How the work is cut into slices. */
export interface Pace {
  /** Called all the time, but not within one piece that takes long. */
  beat(): void
  /** Monotonic milliseconds. */
  nowMs(): number
  /** By `nowMs`: from then on it stops as soon as it can, though never where it began. */
  readonly untilMs: number
}

/** Where matches may begin. */
export interface Starts {
  readonly from: number
  readonly until: number
}

export function createMatcher(pattern: SearchPattern): Matcher {
  return pattern.kind === 'regex' ? new RegexMatcher(pattern) : new NeedleMatcher(pattern.needles)
}

/** A text made of bytes is small enough here to come from memory that is used again. */
const needleChunkBytes = 256 * 1_024

class NeedleMatcher implements Matcher {
  readonly before = 0
  readonly behind: number
  readonly #needles: readonly Sought[]

  constructor(needles: readonly Needle[]) {
    // One more than a match needs: of two readings of UTF-16 the later one may be meant.
    this.behind = Math.max(...needles.map(({ bytes }) => bytes.length))
    this.#needles = needles.map((needle) => ({ needle, find: finderOf(needle) }))
  }

  matchesZeros(): boolean {
    return this.#needles.some(({ needle }) => needle.bytes.every((byte) => byte === 0))
  }

  *matches(sight: Sight, { from, until }: Starts, pace: Pace): Generator<Found, number> {
    let next = from
    for (let chunk = from; chunk < until; chunk += needleChunkBytes) {
      if (chunk > from && pace.nowMs() >= pace.untilMs) return Math.max(chunk, next)
      const end = Math.min(until, chunk + needleChunkBytes)
      for (const found of this.#inChunk(sight, { from: Math.max(next, chunk), until: end })) {
        yield found
        next = found.at + found.length
      }
      pace.beat()
    }
    return until
  }

  *#inChunk(sight: Sight, { from, until }: Starts): Generator<Found> {
    const hay = new Hay(sight.bytes, { start: from, end: Math.min(sight.end, until + this.behind) })
    const next = this.#needles.map(() => -1)
    for (let at = from; at < until; ) {
      for (let i = 0; i < next.length; i++) {
        if ((next[i] as number) < at) next[i] = (this.#needles[i] as Sought).find(hay, at)
      }
      const best = this.#earliest(next, sight.offset)
      const start = next[best] as number
      if (start >= until) return
      const { encoding, bytes } = (this.#needles[best] as Sought).needle
      yield { at: start, length: bytes.length, encoding, isCut: false }
      at = start + bytes.length
    }
  }

  /**
   * The text `ab` in UTF-16LE behind another letter (x0a0b0) reads as UTF-16BE one byte earlier (0a0b), and the other way
   * round: of two such neighbours that is meant which stands at an even place.
   */
  #earliest(next: readonly number[], offset: number): number {
    let best = 0
    for (let i = 1; i < next.length; i++) if ((next[i] as number) < (next[best] as number)) best = i
    const { encoding } = (this.#needles[best] as Sought).needle
    if (encoding !== 'utf-16le' && encoding !== 'utf-16be') return best
    const start = next[best] as number
    const other = this.#needles.findIndex(
      ({ needle }, i) => needle.encoding.startsWith('utf-16') && next[i] === start + 1,
    )
    return other >= 0 && (start + offset) % 2 !== 0 ? other : best
  }
}

interface Sought {
  readonly needle: Needle
  readonly find: Find
}

/**
 * Starts that are tried at once: an expression that goes to the end of what it sees does so for each of them. First few, one
 * by one; more, and by one call, where they take next to no time.
 */
const chunks = { first: 512, next: 4 * 1_024, most: 16 * 1_024 } as const
/** Microseconds for a start that are worth asking for the time after each. */
const slowStartUs = 2
/** Milliseconds that many starts may take before they are tried one by one again. */
const slowChunkMs = 20

class RegexMatcher implements Matcher {
  readonly before = matchBytesMax
  readonly behind = 2 * matchBytesMax
  readonly #search: RegExp
  readonly #here: RegExp
  readonly #find: Find | undefined
  readonly #mayBeZeros: boolean
  #zeros: boolean | undefined
  /** How many starts come next; the first few are tried one by one. */
  #chunkBytes: number = chunks.first

  constructor({ source, flags, required }: ByteRegex) {
    this.#search = new RegExp(source, flags)
    this.#here = new RegExp(source, `${flags.replace('g', '')}y`)
    const letterCase = flags.includes('i') ? 'any' : 'exact'
    this.#find = required === undefined ? undefined : finderOf(bytesNeedle(required, letterCase))
    this.#mayBeZeros = required === undefined || /^\0*$/.test(required)
  }

  matchesZeros(): boolean {
    this.#zeros ??= this.#mayBeZeros && this.#isFoundIn('\0'.repeat(3 * matchBytesMax))
    return this.#zeros
  }

  *matches(sight: Sight, { from, until }: Starts, pace: Pace): Generator<Found, number> {
    const hay = new Hay(sight.bytes, { start: from, end: Math.min(sight.end, until + this.behind) })
    let required = from - 1
    for (let at = from; at < until; ) {
      if (at > from && pace.nowMs() >= pace.untilMs) return at
      if (this.#find !== undefined) {
        if (required < at) required = this.#find(hay, at)
        // A match holds it within its bytes: none begins long before it.
        at = Math.max(at, Math.min(until, required - matchBytesMax))
        if (at === until) break
      }
      const end = Math.min(until, at + this.#chunkBytes)
      const base = Math.max(sight.start, at - this.before)
      const text = sight.bytes.toString('latin1', base, Math.min(sight.end, end + this.behind))
      const { found, reach } = this.#inChunk(text, { from: at - base, until: end - base }, pace)
      for (const { index, length, isCut } of found) yield { at: base + index, length, encoding: 'bytes', isCut }
      at = base + reach
      pace.beat()
    }
    return until
  }

  /** `reach` may lie behind the last start: behind a match. */
  #inChunk(text: string, starts: Starts, pace: Pace): { readonly found: readonly InText[]; readonly reach: number } {
    const found: InText[] = []
    const startMs = pace.nowMs()
    const work = this.#chunkBytes === chunks.first ? this.#oneByOne(text, starts, pace) : this.#atOnce(text, starts)
    let step = work.next()
    for (; step.done !== true; step = work.next()) found.push(step.value)
    const reach = step.value
    const spentMs = pace.nowMs() - startMs
    if (this.#chunkBytes !== chunks.first) this.#chunkBytes = spentMs > slowChunkMs ? chunks.first : chunks.most
    else if (spentMs * 1_000 < slowStartUs * (reach - starts.from)) this.#chunkBytes = chunks.next
    return { found, reach }
  }

  *#atOnce(text: string, { from, until }: Starts): Generator<InText, number> {
    let at = from
    while (at < until) {
      this.#search.lastIndex = at
      const match = this.#search.exec(text)
      if (match === null || match.index >= until) return until
      const one = this.#cut(text, match)
      if (one.length > 0) yield one
      at = one.index + Math.max(1, one.length)
    }
    return at
  }

  *#oneByOne(text: string, { from, until }: Starts, pace: Pace): Generator<InText, number> {
    let at = from
    while (at < until) {
      this.#here.lastIndex = at
      const match = this.#here.exec(text)
      const one = match === null ? undefined : this.#cut(text, match)
      if (one !== undefined && one.length > 0) yield one
      at += Math.max(1, one?.length ?? 0)
      pace.beat()
      if (pace.nowMs() >= pace.untilMs) return at
    }
    return at
  }

  #cut(text: string, { index, 0: match }: RegExpExecArray): InText {
    const isLonger = match.length > matchBytesMax
    const length = isLonger ? this.#shorter(text, index) : match.length
    return { index, length, isCut: isLonger && length === matchBytesMax }
  }

  /** Length of the match there where the text ends `matchBytesMax` behind its beginning; 0 where there is none. */
  #shorter(text: string, index: number): number {
    this.#here.lastIndex = index
    return this.#here.exec(text.slice(0, index + matchBytesMax))?.[0].length ?? 0
  }

  #isFoundIn(text: string): boolean {
    this.#search.lastIndex = 0
    return (this.#search.exec(text)?.[0].length ?? 0) > 0
  }
}

/** A match; `length` 0: it is none worth telling. */
interface InText {
  readonly index: number
  readonly length: number
  readonly isCut: boolean
}
