/**
 * Matching a pattern in bytes at hand. Matches do not overlap: the next is looked for behind the last.
 *
 * A match of a regular expression has at most `matchBytesMax` bytes and looks at no more on either side: so what is found
 * does not depend on how much was at hand. Where it would be longer, the longest that fits is taken.
 */
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
  /** Matches that begin in [from, until), ascending. `beat` is called every some thousand bytes. */
  matches(sight: Sight, starts: Starts, beat: () => void): Generator<Found>
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

  *matches(sight: Sight, { from, until }: Starts, beat: () => void): Generator<Found> {
    let next = from
    for (let chunk = from; chunk < until; chunk += needleChunkBytes) {
      const end = Math.min(until, chunk + needleChunkBytes)
      for (const found of this.#inChunk(sight, { from: Math.max(next, chunk), until: end })) {
        yield found
        next = found.at + found.length
      }
      beat()
    }
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

const nowhere = Number.POSITIVE_INFINITY

/** First match at or behind `from` that lies in `hay` whole; `nowhere` where there is none. */
type Find = (hay: Hay, from: number) => number

interface Sought {
  readonly needle: Needle
  readonly find: Find
}

/** Bytes to look in, and the same as one character a byte, made when it is asked for. */
class Hay {
  /** From the beginning of the buffer to the end of what is in sight. */
  readonly bytes: Buffer
  /** Nothing is looked for before. */
  readonly start: number
  #text: string | undefined

  constructor(bytes: Buffer, { start, end }: { readonly start: number; readonly end: number }) {
    this.bytes = bytes.subarray(0, end)
    this.start = start
  }

  /** From `start` on. */
  get text(): string {
    this.#text ??= this.bytes.toString('latin1', this.start)
    return this.#text
  }
}

/** By the longest run of whole bytes, searched natively; where there is none worth it, as a regular expression. */
function finderOf(needle: Needle): Find {
  const { mask } = needle
  let anchor = { start: 0, length: 0 }
  for (let start = 0; start < mask.length; start++) {
    let length = 0
    while (mask[start + length] === 0xff) length++
    if (length > anchor.length) anchor = { start, length }
    start += length
  }
  return anchor.length === mask.length || anchor.length > 1 ? anchored(needle, anchor) : byClasses(needle)
}

function anchored({ bytes, mask }: Needle, anchor: { readonly start: number; readonly length: number }): Find {
  const fixed = bytes.slice(anchor.start, anchor.start + anchor.length)
  const isWhole = fixed.length === bytes.length
  return ({ bytes: hay }, from) => {
    for (let at = hay.indexOf(fixed, from + anchor.start); at >= 0; at = hay.indexOf(fixed, at + 1)) {
      const start = at - anchor.start
      if (start + bytes.length > hay.length) return nowhere
      if (isWhole || isAt({ bytes, mask }, hay, start)) return start
    }
    return nowhere
  }
}

function isAt({ bytes, mask }: Pick<Needle, 'bytes' | 'mask'>, hay: Buffer, start: number): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (((hay[start + i] as number) & (mask[i] as number)) !== bytes[i]) return false
  }
  return true
}

/** Several times as fast as a loop: the engine skips by what the last of its classes can be. */
function byClasses({ bytes, mask }: Needle): Find {
  const classes = [...bytes].map((byte, i) => classOf(byte, mask[i] as number))
  const expression = new RegExp(classes.join(''), 'g')
  return (hay, from) => {
    expression.lastIndex = from - hay.start
    const match = expression.exec(hay.text)
    return match === null ? nowhere : hay.start + match.index
  }
}

function classOf(byte: number, mask: number): string {
  if (mask === 0) return '[^]'
  const all = Array.from({ length: 256 }, (_, value) => value).filter((value) => (value & mask) === byte)
  return `[${all.map((value) => `\\x${value.toString(16).padStart(2, '0')}`).join('')}]`
}

/** Starts that are tried in one text: an expression that goes to the end of what it sees does so for each of them. */
const chunkBytes = 16 * 1_024

class RegexMatcher implements Matcher {
  readonly before = matchBytesMax
  readonly behind = 2 * matchBytesMax
  readonly #search: RegExp
  readonly #here: RegExp
  readonly #find: Find | undefined
  #zeros: boolean | undefined

  constructor({ source, flags, required }: ByteRegex) {
    this.#search = new RegExp(source, flags)
    this.#here = new RegExp(source, `${flags.replace('g', '')}y`)
    const letterCase = flags.includes('i') ? 'any' : 'exact'
    this.#find = required === undefined ? undefined : finderOf(bytesNeedle(required, letterCase))
  }

  matchesZeros(): boolean {
    this.#zeros ??= this.#find === undefined && this.#isFoundIn('\0'.repeat(3 * matchBytesMax))
    return this.#zeros
  }

  *matches(sight: Sight, { from, until }: Starts, beat: () => void): Generator<Found> {
    const hay = new Hay(sight.bytes, { start: from, end: Math.min(sight.end, until + this.behind) })
    let next = from
    let required = this.#find === undefined ? nowhere : -1
    for (let chunk = from; chunk < until; chunk += chunkBytes) {
      const chunkEnd = Math.min(until, chunk + chunkBytes)
      if (this.#find !== undefined) {
        if (required < chunk) required = this.#find(hay, chunk)
        // A match that begins here would hold it within its bytes.
        if (required >= chunkEnd + matchBytesMax) continue
      }
      const base = Math.max(sight.start, chunk - this.before)
      const text = sight.bytes.toString('latin1', base, Math.min(sight.end, chunkEnd + this.behind))
      const starts = { from: Math.max(next, chunk) - base, until: chunkEnd - base }
      for (const { index, length, isCut } of this.#inText(text, starts)) {
        yield { at: base + index, length, encoding: 'bytes', isCut }
        next = base + index + length
      }
      beat()
    }
  }

  *#inText(
    text: string,
    { from, until }: Starts,
  ): Generator<{ readonly index: number; readonly length: number; readonly isCut: boolean }> {
    for (let at = from; at < until; ) {
      this.#search.lastIndex = at
      const match = this.#search.exec(text)
      if (match === null || match.index >= until) return
      const { index } = match
      const length = match[0].length > matchBytesMax ? this.#shorter(text, index) : match[0].length
      if (length > 0) yield { index, length, isCut: length === matchBytesMax && match[0].length > matchBytesMax }
      at = index + Math.max(1, length)
    }
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
