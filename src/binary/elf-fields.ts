/**
 * Numbers, tables and names of an ELF file, read in its own width and byte order and never beyond its end.
 *
 * Sizes and offsets are numbers: one that does not fit 2^53 is as good as the largest that does, and a problem. Addresses
 * are bigints. One problem of a kind is told once: a table of a million damaged entries makes one line.
 */
import type { ElfProblem } from './elf.ts'

/** Something with bytes at offsets: a file, an unpacked module, a process's memory. */
export interface ElfSource {
  readonly size: number
  /** Bytes from `offset`; fewer than `length` where there are no more. The caller does not keep or change them. */
  read(offset: number, length: number): Uint8Array
}

export interface ElfLayout {
  readonly bits: 32 | 64
  readonly byteOrder: 'little' | 'big'
}

/** Of one file: more of them are not told. */
const problemsMax = 64
const detailCharactersMax = 200

export class ElfReading {
  readonly problems: ElfProblem[] = []
  readonly source: ElfSource
  #layout: ElfLayout = { bits: 64, byteOrder: 'little' }

  constructor(source: ElfSource) {
    this.source = source
  }

  begin(layout: ElfLayout): void {
    this.#layout = layout
  }

  get bits(): 32 | 64 {
    return this.#layout.bits
  }

  problem(part: ElfProblem['part'], text: string): void {
    if (this.problems.length >= problemsMax) return
    // Names of the file are in it.
    const detail = text.slice(0, detailCharactersMax)
    if (this.problems.some((known) => known.part === part && known.detail === detail)) return
    this.problems.push({ part, detail })
  }

  fields(bytes: Uint8Array, part: ElfProblem['part']): ElfFields {
    return new ElfFields(bytes, this.#layout, () => this.problem(part, 'a number of 64 bits does not fit into 2^53'))
  }

  /** Bytes [at, at + length) as far as they lie in the file and below `lengthMax`; what is missing is a problem. */
  bytes(run: { readonly at: number; readonly length: number; readonly lengthMax: number }, what: Asked): Uint8Array {
    const { at, length, lengthMax } = run
    const inside = Math.max(0, Math.min(length, this.source.size - at))
    const wanted = Math.min(inside, lengthMax)
    if (wanted < inside) this.problem(what.part, `${what.name}: read up to ${lengthMax} of its ${length} bytes`)
    // A copy: several tables are looked at together, and a source may lend the same memory twice.
    const bytes = wanted === 0 ? nothing : new Uint8Array(this.source.read(at, wanted))
    if (bytes.length < Math.min(length, lengthMax)) {
      this.problem(what.part, `${what.name}: ${bytes.length} of ${length} bytes at 0x${at.toString(16)} can be read`)
    }
    return bytes
  }

  /** Entries of a table, each as its fields; as many as are there whole and `countMax` allows. */
  *table(table: TableAsked, what: Asked): Generator<{ readonly fields: ElfFields; readonly at: number }> {
    const { at, count, entryBytes, entryBytesMin, countMax } = table
    if (count === 0) return
    if (entryBytes < entryBytesMin) {
      this.problem(what.part, `${what.name}: entries of ${entryBytes} bytes, of which ${entryBytesMin} are needed`)
      return
    }
    if (count > countMax) this.problem(what.part, `${what.name}: read up to ${countMax} of ${count} entries`)
    const length = Math.min(count, countMax) * entryBytes
    const bytes = this.bytes({ at, length, lengthMax: length }, what)
    const fields = this.fields(bytes, what.part)
    for (let start = 0; start + entryBytesMin <= bytes.length; start += entryBytes) yield { fields, at: start }
  }
}

export interface Asked {
  readonly part: ElfProblem['part']
  readonly name: string
}

export interface TableAsked {
  /** Offset in the file. */
  readonly at: number
  readonly count: number
  /** As the file says it. */
  readonly entryBytes: number
  readonly entryBytesMin: number
  readonly countMax: number
}

/** Numbers at offsets of some bytes. The caller sees to it that they lie inside. */
export class ElfFields {
  readonly #view: DataView
  readonly #bits: 32 | 64
  readonly isLittle: boolean
  readonly #tooLarge: () => void

  constructor(bytes: Uint8Array, layout: ElfLayout, tooLarge: () => void) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#bits = layout.bits
    this.isLittle = layout.byteOrder === 'little'
    this.#tooLarge = tooLarge
  }

  u8(at: number): number {
    return this.#view.getUint8(at)
  }

  u16(at: number): number {
    return this.#view.getUint16(at, this.isLittle)
  }

  u32(at: number): number {
    return this.#view.getUint32(at, this.isLittle)
  }

  /** An address or a set of flags: 4 or 8 bytes wide. */
  address(at: number): bigint {
    return this.#bits === 64 ? this.#view.getBigUint64(at, this.isLittle) : BigInt(this.u32(at))
  }

  /** A size or an offset: 4 or 8 bytes wide. */
  whole(at: number): number {
    if (this.#bits === 32) return this.u32(at)
    const [low, high] = this.isLittle ? [this.u32(at), this.u32(at + 4)] : [this.u32(at + 4), this.u32(at)]
    if (high < 2 ** 21) return high * 2 ** 32 + low
    this.#tooLarge()
    return Number.MAX_SAFE_INTEGER
  }
}

/**
 * Names of a string table by the offset at which they begin. What they give together is bounded: a million entries of a
 * damaged table may all name the same long text.
 */
export class NameTable {
  readonly #strings: Uint8Array
  #leftBytes: number

  constructor(strings: Uint8Array) {
    this.#strings = strings
    this.#leftBytes = 2 ** 20 + 4 * strings.length
  }

  get isEmpty(): boolean {
    return this.#strings.length === 0
  }

  /** Up to the zero byte that ends it, at most 65,536 bytes; undefined where it lies outside, or the bound is reached. */
  at(start: number): string | undefined {
    if (start >= this.#strings.length) return undefined
    const name = textAt(this.#strings, start)
    this.#leftBytes -= name.bytes
    return this.#leftBytes < 0 ? undefined : name.text
  }
}

const nameBytesMax = 65_536
/** Longer ones, and those that are not ASCII, are decoded in the slower way. */
const fastBytesMax = 1_024
const nothing = new Uint8Array(0)
const utf8 = new TextDecoder('utf-8')

function textAt(strings: Uint8Array, start: number): { text: string; bytes: number } {
  const limit = Math.min(strings.length, start + nameBytesMax)
  let end = start
  let union = 0
  for (; end < limit; end++) {
    const byte = strings[end] as number
    if (byte === 0) break
    union |= byte
  }
  const bytes = strings.subarray(start, end)
  const isFast = union < 0x80 && bytes.length <= fastBytesMax
  const text = isFast ? String.fromCharCode.apply(null, bytes as unknown as number[]) : utf8.decode(bytes)
  return { text, bytes: bytes.length }
}
