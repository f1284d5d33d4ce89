/**
 * Finds any of many short words in bytes in one pass: what makes scanning with many patterns cheap.
 *
 * ASCII letters are the same in both cases. A table over three-byte beginnings says for each position whether a word may
 * begin there; only then words are compared. Allocates nothing per position. Not for words of fewer than three bytes.
 */
import { assert } from '../../base/assert.ts'
import { utf8 } from '../../base/bytes.ts'

export interface KeywordHit {
  /** Where the word begins. */
  readonly at: number
  /** Index of the word as given. */
  readonly keyword: number
}

export class KeywordScan {
  /** By the hash of three folded bytes: 1 where a word begins so. */
  readonly #maybe = new Uint8Array(hashCount)
  readonly #byHash: (readonly number[] | undefined)[] = []
  readonly #words: readonly Uint8Array[]

  constructor(keywords: readonly string[]) {
    this.#words = keywords.map((word) => utf8(word).map(folded))
    for (const [index, word] of this.#words.entries()) {
      assert(word.length >= prefixBytes, `the keyword '${keywords[index]}' is too short`)
      const hash = hashOf(word[0] as number, word[1] as number, word[2] as number)
      this.#maybe[hash] = 1
      this.#byHash[hash] = [...(this.#byHash[hash] ?? []), index]
    }
  }

  /** Calls `found` for every word at every place, ascending by place, until it answers `stop`. */
  scan(bytes: Uint8Array, found: (hit: KeywordHit) => 'stop' | undefined): void {
    const maybe = this.#maybe
    const end = bytes.length - prefixBytes
    let a = (bytes[0] as number) | 0x20
    let b = (bytes[1] as number) | 0x20
    for (let at = 0; at <= end; at++) {
      // Beyond ASCII letters folding joins a few more bytes; the comparison below tells them apart.
      const c = (bytes[at + 2] as number) | 0x20
      const hash = (a ^ (b << 5) ^ (c << 9)) & (hashCount - 1)
      a = b
      b = c
      if (maybe[hash] === 0) continue
      for (const keyword of this.#byHash[hash] as readonly number[]) {
        if (this.#isAt(bytes, at, keyword) && found({ at, keyword }) === 'stop') return
      }
    }
  }

  #isAt(bytes: Uint8Array, at: number, keyword: number): boolean {
    const word = this.#words[keyword] as Uint8Array
    if (at + word.length > bytes.length) return false
    for (let i = 0; i < word.length; i++) if (folded(bytes[at + i] as number) !== word[i]) return false
    return true
  }
}

const prefixBytes = 3
const hashCount = 65_536

/** The same hash as in the loop, which sets bit 5 of every byte. */
function hashOf(a: number, b: number, c: number): number {
  return ((a | 0x20) ^ ((b | 0x20) << 5) ^ ((c | 0x20) << 9)) & (hashCount - 1)
}

function folded(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
