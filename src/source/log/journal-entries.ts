/**
 * The export format of the systemd journal, as it comes: bytes in any pieces go in, whole entries come out, with what
 * stands in the fields that people look for.
 *
 * An entry is fields, one after the other, and an empty line. A field is `NAME=value` and a newline, or, where the value
 * may hold anything, `NAME`, a newline, its length as u64 little-endian, the value, a newline.
 */
import { concatBytes } from '../../base/bytes.ts'

export interface JournalEntry {
  /** As they came, the empty line included; of one that is larger than `entryBytesMax` nothing. */
  readonly bytes: Uint8Array
  readonly sizeBytes: number
  /** Empty where it says none. */
  readonly cursor: string
  /** Of the fields in `wantedFields`, as far as `valueBytesMax`. */
  readonly fields: ReadonlyMap<string, Uint8Array>
}

/** Larger ones (core dumps) are read over. */
export const entryBytesMax = 16 * 2 ** 20
const valueBytesMax = 1_024
const nameBytesMax = 256
const wantedFields = new Set([
  '__REALTIME_TIMESTAMP',
  'PRIORITY',
  'MESSAGE',
  'SYSLOG_IDENTIFIER',
  '_COMM',
  '_SYSTEMD_UNIT',
])
const cursorField = '__CURSOR'
const newline = 0x0a
const equalsSign = 0x3d

/** What is being read: a line, the length of a value, a value, or the newline after it. */
type Place =
  | { readonly kind: 'line' }
  | { readonly kind: 'length'; readonly name: string }
  | { kind: 'value'; readonly name: string; leftBytes: number }

export class JournalReader {
  #parts: Uint8Array[] = []
  #sizeBytes = 0
  #place: Place = { kind: 'line' }
  /** Of the line, the length or the value that is being read; cut at what is looked at. */
  #text: number[] = []
  #cursor = ''
  #fields = new Map<string, Uint8Array>()

  /** Whether all that went in has come out as entries. */
  get isBetween(): boolean {
    return this.#sizeBytes === 0
  }

  *read(piece: Uint8Array): Generator<JournalEntry> {
    let from = 0
    for (let at = 0; at < piece.length; ) {
      const next = this.#step(piece, at)
      this.#sizeBytes += next.at - at
      at = next.at
      if (!next.endsEntry) continue
      this.#keep(piece.subarray(from, at))
      from = at
      yield this.#take()
    }
    this.#keep(piece.subarray(from))
  }

  #step(piece: Uint8Array, at: number): { readonly at: number; readonly endsEntry: boolean } {
    const place = this.#place
    if (place.kind === 'line') return this.#line(piece, at)
    if (place.kind === 'length') return this.#length(piece, { at, name: place.name })
    // The newline after the value counts as its last byte.
    const count = Math.min(place.leftBytes, piece.length - at)
    this.#look(piece.subarray(at, at + count), valueBytesMax)
    place.leftBytes -= count
    if (place.leftBytes === 0) {
      this.#note(place.name, this.#text.at(-1) === newline ? this.#text.slice(0, -1) : this.#text)
      this.#begin({ kind: 'line' })
    }
    return { at: at + count, endsEntry: false }
  }

  #line(piece: Uint8Array, at: number): { at: number; endsEntry: boolean } {
    const end = piece.indexOf(newline, at)
    this.#look(piece.subarray(at, end < 0 ? piece.length : end), nameBytesMax + valueBytesMax)
    if (end < 0) return { at: piece.length, endsEntry: false }
    const line = this.#text
    const equals = line.indexOf(equalsSign)
    const isEmpty = line.length === 0
    if (isEmpty) this.#begin({ kind: 'line' })
    else if (equals >= 0) {
      this.#note(nameOf(line.slice(0, equals)), line.slice(equals + 1))
      this.#begin({ kind: 'line' })
    } else this.#begin({ kind: 'length', name: nameOf(line) })
    return { at: end + 1, endsEntry: isEmpty }
  }

  #length(piece: Uint8Array, { at, name }: { at: number; name: string }): { at: number; endsEntry: boolean } {
    const count = Math.min(lengthBytes - this.#text.length, piece.length - at)
    this.#look(piece.subarray(at, at + count), lengthBytes)
    if (this.#text.length === lengthBytes) {
      const leftBytes = Number(Buffer.from(this.#text).readBigUInt64LE()) + 1
      this.#begin({ kind: 'value', name, leftBytes })
    }
    return { at: at + count, endsEntry: false }
  }

  #begin(place: Place): void {
    this.#place = place
    this.#text = []
  }

  #look(bytes: Uint8Array, max: number): void {
    const left = max - this.#text.length
    for (const byte of left > 0 ? bytes.subarray(0, left) : []) this.#text.push(byte)
  }

  #note(name: string, value: readonly number[]): void {
    if (name === cursorField) this.#cursor = nameOf(value)
    if (wantedFields.has(name) && !this.#fields.has(name)) this.#fields.set(name, Uint8Array.from(value))
  }

  #keep(bytes: Uint8Array): void {
    if (this.#sizeBytes > entryBytesMax) this.#parts = []
    else if (bytes.length > 0) this.#parts.push(bytes.slice())
  }

  #take(): JournalEntry {
    const isTooLarge = this.#sizeBytes > entryBytesMax
    const entry = {
      bytes: isTooLarge ? new Uint8Array(0) : concatBytes(this.#parts),
      sizeBytes: this.#sizeBytes,
      cursor: this.#cursor,
      fields: this.#fields,
    }
    this.#parts = []
    this.#sizeBytes = 0
    this.#cursor = ''
    this.#fields = new Map()
    return entry
  }
}

const lengthBytes = 8

function nameOf(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('latin1')
}
