/**
 * Records as fields {varint tag, varint length, bytes} with ascending tags, and what stands inside a field (spec 8.1).
 *
 * Writers write tag and length as well; readers read inside a field that ByteReader.enter has bounded.
 */
import { assert } from '../base/assert.ts'
import { utf8, utf8Text } from '../base/bytes.ts'
import type { Run, Timestamp } from '../base/entry.ts'
import { ByteReader, ByteWriter, varintLength, zigzagCode } from './byte-io.ts'
import type { DamageRule } from './damage.ts'

/** Longest record of any map; bytes. */
export const recordBytesMax = 1_048_576
const nanosecondsMax = 999_999_999
const shortTextBytes = 32

/** A field whose meaning this version does not know. */
export interface UnknownField {
  readonly tag: number
  readonly bytes: Uint8Array
}

/** Reads the fields of a record in order; `read` must read its field to the end. BrickDamage by `rule`. */
export function readFields(bytes: Uint8Array, rule: DamageRule, read: (tag: number, reader: ByteReader) => void): void {
  const reader = new ByteReader(bytes, rule)
  let before = 0
  while (reader.rest > 0) {
    const tag = reader.varint()
    if (tag <= before) reader.fail(before === 0 ? 'a field has the tag 0' : `field ${tag} follows field ${before}`)
    before = tag
    const outerEnd = reader.enter(reader.varint())
    read(tag, reader)
    reader.leave(outerEnd)
  }
}

/** Length of the leading fields with tags <= tagMax; BrickDamage by `rule` where they are cut off. */
export function lengthThroughTag(
  bytes: Uint8Array,
  limit: { readonly tagMax: number; readonly rule: DamageRule },
): number {
  const reader = new ByteReader(bytes, limit.rule)
  while (reader.rest > 0) {
    const start = reader.position
    if (reader.varint() > limit.tagMax) return start
    reader.bytes(reader.varint())
  }
  return bytes.length
}

export function writeBytesField(writer: ByteWriter, tag: number, bytes: Uint8Array): void {
  writer.varint(tag)
  writer.varint(bytes.length)
  writer.bytes(bytes)
}

export function writeTextField(writer: ByteWriter, tag: number, text: string): void {
  if (!isShortAscii(text)) {
    writeBytesField(writer, tag, utf8(text))
    return
  }
  writer.varint(tag)
  writer.varint(text.length)
  for (let i = 0; i < text.length; i++) writer.u8(text.charCodeAt(i))
}

export function writeNumberField(writer: ByteWriter, tag: number, value: number): void {
  writer.varint(tag)
  writer.varint(varintLength(value))
  writer.varint(value)
}

/** 8 bytes, as inode and device numbers. */
export function writeWideField(writer: ByteWriter, tag: number, value: bigint): void {
  writer.varint(tag)
  writer.varint(8)
  writer.u64big(value)
}

/** Two numbers that fill the field. */
export function writePairField(writer: ByteWriter, tag: number, [first, second]: readonly [number, number]): void {
  writer.varint(tag)
  writer.varint(varintLength(first) + varintLength(second))
  writer.varint(first)
  writer.varint(second)
}

export function writeTimeField(writer: ByteWriter, tag: number, time: Timestamp): void {
  assert(time.nanoseconds <= nanosecondsMax, 'a time had a billion nanoseconds or more')
  writePairField(writer, tag, [zigzagCode(time.seconds), time.nanoseconds])
}

/** Runs ascend, do not overlap or touch, and end at or before `end`. */
export function writeRunsField(
  writer: ByteWriter,
  tag: number,
  { runs, end }: { runs: readonly Run[]; end: number },
): void {
  const field = new ByteWriter(16 + 8 * runs.length)
  field.varint(runs.length)
  let at = 0
  for (const [i, run] of runs.entries()) {
    assert(run.length >= 1, 'a run was empty')
    assert(i === 0 || run.start > at, 'a run began inside the run before or where it ends')
    field.varint(run.start - at)
    field.varint(run.length)
    at = run.start + run.length
  }
  assert(at <= end, `runs ended at ${at}, beyond ${end}`)
  writeBytesField(writer, tag, field.take())
}

/** Fields kept from another version, tags ascending and above the known ones. */
export function writeUnknownFields(
  writer: ByteWriter,
  { fields, knownTagMax }: { readonly fields: readonly UnknownField[]; readonly knownTagMax: number },
): void {
  let before = knownTagMax
  for (const { tag, bytes } of fields) {
    assert(tag > before, `unknown field ${tag} came after field ${before}`)
    before = tag
    writeBytesField(writer, tag, bytes)
  }
}

/** All that is left of the field, as a copy. */
export function readRest(reader: ByteReader): Uint8Array {
  return reader.bytes(reader.rest).slice()
}

/** A 32-byte hash, as a copy. */
export function readHash(reader: ByteReader): Uint8Array {
  return reader.bytes(32).slice()
}

/** All that is left of the field; damage where it is not UTF-8 or empty. */
export function readText(reader: ByteReader): string {
  const bytes = reader.bytes(reader.rest)
  if (bytes.length === 0) reader.fail('a text is empty instead of missing')
  return shortAscii(bytes) ?? utf8Text(bytes) ?? reader.fail('a text is not UTF-8')
}

export function readTime(reader: ByteReader): Timestamp {
  const seconds = reader.zigzag()
  const nanoseconds = reader.varint()
  if (nanoseconds > nanosecondsMax) reader.fail(`a time has ${nanoseconds} nanoseconds`)
  return { seconds, nanoseconds }
}

/** Damage where a run is empty, touches the one before or ends beyond `end`. */
export function readRuns(reader: ByteReader, end: number): Run[] {
  const count = reader.varint()
  if (count > reader.rest / 2) reader.fail(`a list of ${count} runs has only ${reader.rest} bytes`)
  const runs: Run[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const gap = reader.varint()
    const length = reader.varint()
    const start = at + gap
    if (i > 0 && gap === 0) reader.fail('a run begins where the one before ends')
    if (length === 0) reader.fail('a run is empty')
    if (start > end || length > end - start) reader.fail(`a run ends beyond ${end}`)
    runs.push({ start, length })
    at = start + length
  }
  return runs
}

/** Most names are short and ASCII; an encoder or decoder call costs more than a loop. */
function isShortAscii(text: string): boolean {
  if (text.length > shortTextBytes) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}

function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > shortTextBytes) return undefined
  let text = ''
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}
