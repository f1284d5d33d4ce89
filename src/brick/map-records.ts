/**
 * Keys and records of SLOTS and HISTORY (spec 8.2, 8.3).
 *
 * Keys are big-endian, so that bytewise order is numeric order. Every parse function throws BrickDamage by `rule` of its map.
 */
import { assert } from '../base/assert.ts'
import type { Timestamp } from '../base/entry.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { BrickDamage, type DamageRule } from './damage.ts'
import { keyBytesMax } from './entry-path.ts'
import { readPlace, writePlace } from './page.ts'
import type { Pointer } from './pointer.ts'
import {
  readFields,
  readHash,
  readRest,
  readText,
  readTime,
  type UnknownField,
  writeBytesField,
  writeNumberField,
  writeTextField,
  writeTimeField,
  writeUnknownFields,
} from './record-fields.ts'

const spaceBytesMax = 2 ** 47

/** Key of the slot that begins at `start`. */
export function slotKey(start: number): Uint8Array {
  return bigEndian(start)
}

/** Who owns the slot at the key's start. */
export interface SlotRecord {
  /** Bytes. */
  readonly length: number
  /** Key in ENTRIES. */
  readonly entryKey: Uint8Array
}

export function encodeSlotRecord({ length, entryKey }: SlotRecord): Uint8Array {
  const writer = new ByteWriter(8 + entryKey.length)
  writer.varint(length)
  writer.bytes(entryKey)
  return writer.take()
}

export function slotStart(key: Uint8Array): number {
  return numberOfKey(key, 'slots')
}

/** Checks bounds only: shape and neighbours are for those who see the whole space. */
export function decodeSlotRecord(bytes: Uint8Array): SlotRecord {
  const reader = new ByteReader(bytes, 'slots')
  const length = reader.varint()
  if (length === 0 || length > spaceBytesMax) reader.fail(`a slot has ${length} bytes`)
  if (reader.rest > keyBytesMax) reader.fail(`the key of an entry has ${reader.rest} bytes`)
  return { length, entryKey: readRest(reader) }
}

export function historyKey(generation: number): Uint8Array {
  return bigEndian(generation)
}

export function historyGeneration(key: Uint8Array): number {
  return numberOfKey(key, 'commit')
}

/** A retained earlier commit. */
export interface HistoryRecord {
  /** Commit id, 32 bytes. */
  readonly id: Uint8Array
  /** Its COMMIT frame. */
  readonly commit: Pointer
  readonly time: Timestamp
  readonly fileEnd: number
  /** The user's name for it. */
  readonly tag?: string
  /** Fields of later versions, kept: ascending tags above the known ones. */
  readonly unknown?: readonly UnknownField[]
}

export function encodeHistory(record: HistoryRecord): Uint8Array {
  const { id, commit, time, fileEnd, tag = '', unknown = [] } = record
  assert(id.length === 32, `a commit id had ${id.length} bytes`)
  const writer = new ByteWriter(96)
  writeBytesField(writer, 1, id)
  const place = new ByteWriter(16)
  writePlace(place, commit)
  writeBytesField(writer, 2, place.take())
  writeTimeField(writer, 3, time)
  writeNumberField(writer, 4, fileEnd)
  if (tag !== '') writeTextField(writer, 5, tag)
  writeUnknownFields(writer, { fields: unknown, knownTagMax: 5 })
  return writer.take()
}

export function decodeHistory(bytes: Uint8Array): HistoryRecord {
  const draft: { -readonly [Field in keyof HistoryRecord]?: HistoryRecord[Field] } = {}
  const unknown: UnknownField[] = []
  readFields(bytes, 'commit', (tag, reader) => {
    if (tag === 1) draft.id = readHash(reader)
    else if (tag === 2) draft.commit = readPlace(reader)
    else if (tag === 3) draft.time = readTime(reader)
    else if (tag === 4) draft.fileEnd = reader.varint()
    else if (tag === 5) draft.tag = readText(reader)
    else unknown.push({ tag, bytes: readRest(reader) })
  })
  const { id, commit, time, fileEnd } = draft
  if (id === undefined || commit === undefined || time === undefined || fileEnd === undefined) {
    throw new BrickDamage('commit', 'a record of HISTORY lacks a field')
  }
  return { ...draft, id, commit, time, fileEnd, ...(unknown.length > 0 && { unknown }) }
}

function bigEndian(value: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0, `a key was ${value}`)
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(value))
  return key
}

function numberOfKey(key: Uint8Array, rule: DamageRule): number {
  if (key.length !== 8) throw new BrickDamage(rule, `a key has ${key.length} bytes instead of 8`)
  const value = Number(new DataView(key.buffer, key.byteOffset, 8).getBigUint64(0))
  if (!Number.isSafeInteger(value)) throw new BrickDamage(rule, 'a key is above 2^53 - 1')
  return value
}
