/**
 * Bytes that every match of a rule has in it, to look for before a scan is begun: a scan takes a memory of its own, which is
 * given back late, and most contents hold none of them.
 */
import type { Rule } from './embedded-rules.ts'

/** Of each pattern of the rules its longest run of bytes that are always the same. */
export class RuleMarks {
  readonly #marks: readonly Mark[]
  /** By two bytes that follow each other: 0, or 1 and the index in `#lists`. */
  readonly #pairs = new Uint8Array(1 << 16)
  readonly #lists: { readonly mark: Mark; readonly at: number }[][] = []

  /** Errors: a pattern without such a run is a defect. */
  constructor(rules: readonly Rule[]) {
    this.#marks = rules.flatMap(({ name, shape, patterns }) => patterns.map((one) => markOf(one, { name, shape })))
    for (const mark of this.#marks) {
      // Of every second pair of the content that is looked at, one of the two is the mark's.
      const at = rarestTriple(mark.bytes)
      this.#note(mark, at)
      this.#note(mark, at + 1)
    }
  }

  /** Whether some rule may match in it. `start`: of the piece, in its content. */
  mayMatch(piece: Uint8Array, start: number): boolean {
    const pairs = this.#pairs
    const last = piece.length - 1
    for (let i = 0; i < last; i += 2) {
      const list = pairs[(piece[i] as number) | ((piece[i + 1] as number) << 8)] as number
      if (list !== 0 && this.#isAt(piece, { start, i, list })) return true
    }
    return false
  }

  #isAt(piece: Uint8Array, { start, i, list }: { start: number; i: number; list: number }): boolean {
    return (this.#lists[list - 1] ?? []).some(({ mark: { bytes, isHead }, at }) => {
      const from = i - at
      if (from < 0 || from + bytes.length > piece.length || (isHead && start + from === 0)) return false
      for (let k = 0; k < bytes.length; k++) if (piece[from + k] !== bytes[k]) return false
      return true
    })
  }

  #note(mark: Mark, at: number): void {
    const pair = mark.bytes.readUInt16LE(at)
    const known = this.#pairs[pair] as number
    if (known === 0) this.#pairs[pair] = this.#lists.push([{ mark, at }])
    else this.#lists[known - 1]?.push({ mark, at })
  }
}

interface Mark {
  readonly bytes: Buffer
  /** It is how a file begins, and what begins with the content is the content itself: there it does not count. */
  readonly isHead: boolean
}

/** Where three bytes of it begin that programs have seldom. */
function rarestTriple(bytes: Buffer): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let at = 0; at + 3 <= bytes.length; at++) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3)
    const isRun = a === b || b === c
    const weight = frequency(a) + frequency(b) + frequency(c) + (isRun ? 4 : 0)
    if (weight < least) [best, least] = [at, weight]
  }
  return best
}

/** Of a byte in programs, roughly. */
function frequency(byte: number): number {
  if (byte === 0) return 8
  if (byte === 0xff) return 4
  return byte >= 0x20 && byte < 0x7f ? 2 : 1
}

function markOf(pattern: string, { name, shape }: Pick<Rule, 'name' | 'shape'>): Mark {
  const runs = pattern.startsWith('"') ? [textOf(pattern)] : fixedRuns(pattern)
  const { at, bytes } = runs.reduce((best, run) => (worth(run) > worth(best) ? run : best))
  if (bytes.length < markBytesMin) throw new Error(`${name}: ${pattern} has no bytes that are always there`)
  return { bytes, isHead: shape !== 'constant' && at === 'start' }
}

const markBytesMin = 3

/** Zeros are everywhere. */
function worth({ bytes }: FixedRun): number {
  return bytes.length < markBytesMin ? 0 : bytes.filter((byte) => byte !== 0).length
}

interface FixedRun {
  readonly at: 'start' | 'later'
  readonly bytes: Buffer
}

/** Text without escapes or modifiers: all that the rules have. */
function textOf(pattern: string): FixedRun {
  const text = /^"([^"\\]*)"$/.exec(pattern)?.[1]
  if (text === undefined) throw new Error(`${pattern} is no plain text`)
  return { at: 'start', bytes: Buffer.from(text, 'latin1') }
}

/** Of a pattern in hex: what stands outside of parentheses and has no question mark. */
function fixedRuns(pattern: string): FixedRun[] {
  const runs: { at: 'start' | 'later'; hex: string }[] = [{ at: 'start', hex: '' }]
  for (const token of pattern.match(/\([^)]*\)|[0-9a-f?]{2}/gi) ?? []) {
    const isFixed = /^[0-9a-f]{2}$/i.test(token)
    const last = runs.at(-1)
    if (isFixed && last !== undefined) last.hex += token
    else runs.push({ at: 'later', hex: '' })
  }
  return runs.map(({ at, hex }) => ({ at, bytes: Buffer.from(hex, 'hex') }))
}
