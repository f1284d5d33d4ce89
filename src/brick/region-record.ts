/**
 * The record of one region (spec 8.3): how long it is, what it is called, what is known of it, whether it is a finding.
 *
 * Regions are made from what anyone may have written (names in a file, lines of a log), so writing never fails because of
 * it: texts are cut at their bounds, attributes that are too large are replaced by a word that says so. Fields of later versions are read over.
 */
import { assert } from '../base/assert.ts'
import { utf8, utf8Text } from '../base/bytes.ts'
import { type Finding, type JsonValue, type Region, severities } from '../base/region.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { canonicalJson } from './canonical-json.ts'
import { BrickDamage } from './damage.ts'
import { parseJson } from './json.ts'
import {
  readFields,
  readText,
  recordBytesMax,
  writeBytesField,
  writeNumberField,
  writeTextField,
} from './record-fields.ts'

/** Bounds in bytes of UTF-8. */
export const regionClassBytesMax = 64
export const regionNameBytesMax = 4_096
export const regionAttributeBytesMax = 65_536
const ruleBytesMax = 256
const evidenceBytesMax = 4_096
const evidenceCountMax = 64
const detectorBytesMax = 128
const checkBytesMax = 1_024
const weaknessBytesMax = 32
/** A confidence is stored in thousandths. */
const certain = 1_000
const spaceBytesMax = 2 ** 47

const origins: readonly Finding['origin'][] = ['deterministic', 'rule', 'model', 'human']

export type RegionFields = Omit<Region, 'offset' | 'layer'>

export function encodeRegion({ length, class: kind, name, attributes, finding, detector }: RegionFields): Uint8Array {
  assert(Number.isSafeInteger(length) && length >= 0 && length <= spaceBytesMax, `a region had ${length} bytes`)
  const className = cutText(kind, regionClassBytesMax)
  assert(className !== '', 'a region had no class')
  const writer = regionWriter
  writer.clear()
  writeNumberField(writer, 1, length)
  writeTextField(writer, 2, className)
  if (name !== '') writeTextField(writer, 4, cutText(name, regionNameBytesMax))
  const json = attributes === undefined ? emptyObject : attributesText(attributes)
  if (json.length > emptyObject.length) writeBytesField(writer, 5, json)
  if (finding !== undefined) writeFinding(writer, finding)
  if (detector !== undefined) writeTextField(writer, 11, cutText(detector, detectorBytesMax))
  if (finding?.check !== undefined) writeTextField(writer, 12, cutText(finding.check, checkBytesMax))
  if (finding?.weakness !== undefined) writeTextField(writer, 13, cutText(finding.weakness, weaknessBytesMax))
  return writer.take()
}

/** BrickDamage `regions`. */
export function decodeRegion(bytes: Uint8Array): RegionFields {
  if (bytes.length > recordBytesMax) throw new BrickDamage('regions', `a record has ${bytes.length} bytes`)
  const region: { -readonly [Field in keyof RegionFields]?: RegionFields[Field] } = {}
  const finding: { -readonly [Field in keyof Finding]?: Finding[Field] } = {}
  readFields(bytes, 'regions', (tag, reader) => {
    if (tag === 1) region.length = readNumber(reader, { min: 0, max: spaceBytesMax })
    else if (tag === 2) region.class = readBounded(reader, regionClassBytesMax)
    else if (tag === 3) readNumber(reader, { min: 1, max: Number.MAX_SAFE_INTEGER })
    else if (tag === 4) region.name = readBounded(reader, regionNameBytesMax)
    else if (tag === 5) region.attributes = readAttributes(reader)
    else if (tag === 6) finding.severity = chosen(severities, reader)
    else if (tag === 7) finding.rule = readBounded(reader, ruleBytesMax)
    else if (tag === 8) finding.evidence = readEvidence(reader)
    else if (tag === 9) finding.origin = chosen(origins, reader)
    else if (tag === 10) finding.confidence = readNumber(reader, { min: 0, max: certain }) / certain
    else if (tag === 11) region.detector = readBounded(reader, detectorBytesMax)
    else if (tag === 12) finding.check = readBounded(reader, checkBytesMax)
    else if (tag === 13) finding.weakness = readBounded(reader, weaknessBytesMax)
    else reader.bytes(reader.rest)
  })
  const { length, class: kind, name = '', attributes, detector } = region
  if (length === undefined || kind === undefined) throw new BrickDamage('regions', 'a region lacks field 1 or 2')
  const found = wholeFinding(finding)
  return {
    ...{ length, class: kind, name },
    ...(attributes && { attributes }),
    ...(found && { finding: found }),
    ...(detector !== undefined && { detector }),
  }
}

/** Field 1 of a record, which comes first. BrickDamage `regions`. */
export function regionLength(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes, 'regions')
  if (reader.varint() !== 1) reader.fail('a region lacks field 1')
  const end = reader.enter(reader.varint())
  const length = readNumber(reader, { min: 0, max: spaceBytesMax })
  reader.leave(end)
  return length
}

/** Whether the record is of a finding, without reading more of it than the heads of its fields. BrickDamage `regions`. */
export function isFinding(bytes: Uint8Array): boolean {
  const reader = new ByteReader(bytes, 'regions')
  while (reader.rest > 0) {
    const tag = reader.varint()
    if (tag >= 6) return tag <= 10
    reader.bytes(reader.varint())
  }
  return false
}

/** Whether an analyzer said it, not the source; read like `isFinding`. BrickDamage `regions`. */
export function hasDetector(bytes: Uint8Array): boolean {
  return fieldOf(bytes, 11) !== undefined
}

/** Which analyzer said it; undefined where the source did. BrickDamage `regions`. */
export function detectorOf(bytes: Uint8Array): string | undefined {
  const field = fieldOf(bytes, 11)
  return field === undefined ? undefined : utf8Text(field)
}

/** What is counted of a commit's regions: of which severity a finding is, whether it is a problem; else undefined. */
export function kindToCount(bytes: Uint8Array): Finding['severity'] | 'problem' | undefined {
  if (isFinding(bytes)) return severities[(fieldOf(bytes, 6)?.[0] ?? 0) - 1]
  const kind = fieldOf(bytes, 2)
  return kind?.length === problemClass.length && utf8Text(kind) === problemClass ? 'problem' : undefined
}

/** Class of a region that says what of its entry was not looked at, and why. */
export const problemClass = 'problem'

function fieldOf(bytes: Uint8Array, wanted: number): Uint8Array | undefined {
  const reader = new ByteReader(bytes, 'regions')
  while (reader.rest > 0) {
    const tag = reader.varint()
    const field = reader.bytes(reader.varint())
    if (tag >= wanted) return tag === wanted ? field : undefined
  }
  return undefined
}

/** At most that many bytes of UTF-8; what was cut ends in an ellipsis. */
export function cutText(text: string, bytesMax: number): string {
  const whole = text.toWellFormed()
  if (3 * whole.length <= bytesMax) return whole
  const bytes = utf8(whole)
  if (bytes.length <= bytesMax) return whole
  let end = bytesMax - ellipsisBytes
  while (((bytes[end] as number) & 0xc0) === 0x80) end--
  return `${utf8Text(bytes.subarray(0, end)) ?? ''}…`
}

const ellipsisBytes = 3
/** One for all: records are many and short. */
const regionWriter = new ByteWriter(4_096)
const emptyObject = utf8('{}')
const leftOut = utf8('{"leftOut":"too large or too deep"}')

function attributesText(attributes: { readonly [key: string]: JsonValue }): Uint8Array {
  const json = canonicalJson(attributes)
  const bytes = json === undefined ? leftOut : utf8(json)
  return bytes.length > regionAttributeBytesMax ? leftOut : bytes
}

function writeFinding(writer: ByteWriter, { severity, rule, evidence, origin, confidence }: Finding): void {
  assert(rule !== '', 'a finding named no rule')
  assert(confidence >= 0 && confidence <= 1, `a confidence was ${confidence}`)
  writeNumberField(writer, 6, severities.indexOf(severity) + 1)
  writeTextField(writer, 7, cutText(rule, ruleBytesMax))
  const shown = evidence.filter((text) => text !== '').slice(0, evidenceCountMax)
  if (shown.length > 0) {
    const field = new ByteWriter(256)
    field.varint(shown.length)
    for (const text of shown) {
      const bytes = utf8(cutText(text, evidenceBytesMax))
      field.varint(bytes.length)
      field.bytes(bytes)
    }
    writeBytesField(writer, 8, field.take())
  }
  writeNumberField(writer, 9, origins.indexOf(origin) + 1)
  writeNumberField(writer, 10, Math.round(confidence * certain))
}

function readAttributes(reader: ByteReader): { readonly [key: string]: JsonValue } {
  const value = parseJson(reader.bytes(reader.rest), { rule: 'regions', sizeMax: regionAttributeBytesMax })
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject || Object.keys(value).length === 0) reader.fail('the attributes of a region are no object, or empty')
  return value as { readonly [key: string]: JsonValue }
}

function readEvidence(reader: ByteReader): string[] {
  const count = readCount(reader)
  return Array.from({ length: count }, () => {
    const bytes = reader.bytes(reader.varint())
    if (bytes.length === 0 || bytes.length > evidenceBytesMax) reader.fail(`a text has ${bytes.length} bytes`)
    return utf8Text(bytes) ?? reader.fail('a text is not UTF-8')
  })
}

function readCount(reader: ByteReader): number {
  const count = reader.varint()
  if (count === 0 || count > evidenceCountMax) reader.fail(`a list of ${count} texts cannot be`)
  return count
}

function readNumber(reader: ByteReader, { min, max }: { min: number; max: number }): number {
  const value = reader.varint()
  if (value < min || value > max) reader.fail(`a number is ${value}; it must be from ${min} to ${max}`)
  return value
}

function readBounded(reader: ByteReader, bytesMax: number): string {
  if (reader.rest > bytesMax) reader.fail(`a text has ${reader.rest} bytes, at most ${bytesMax} are allowed`)
  return readText(reader)
}

/** The one with that number, counted from 1. */
function chosen<T>(from: readonly T[], reader: ByteReader): T {
  const number = reader.varint()
  return from[number - 1] ?? reader.fail(`a choice of ${from.length} has the number ${number}`)
}

/** Undefined where none of its fields is there. */
function wholeFinding(fields: Partial<Finding>): Finding | undefined {
  const { severity, rule, evidence, origin, confidence, check, weakness } = fields
  const parts = [severity, rule, origin, confidence, check, weakness]
  if (parts.every((part) => part === undefined) && evidence === undefined) return undefined
  if (severity === undefined || rule === undefined || origin === undefined || confidence === undefined) {
    throw new BrickDamage('regions', 'a finding lacks one of the fields 6, 7, 9, 10')
  }
  return {
    ...{ severity, rule, evidence: evidence ?? [], origin, confidence },
    ...(check !== undefined && { check }),
    ...(weakness !== undefined && { weakness }),
  }
}
