/**
 * Superblock slots and the head of a file: which commit is current (spec 3, 3.1).
 *
 * A slot whose hash does not hold was torn while it was written, and leaves the other one in charge. One whose hash holds
 * but that says something newer, or what cannot be, refuses the whole brick: the other slot would then show, and a writer
 * destroy, a state that is not the newest. Must not read frames.
 */
import { assert } from '../base/assert.ts'
import { concatBytes, equalBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import {
  type CommitRecord,
  commitId,
  commitRecordBytes,
  encodeCommitRecord,
  parseCommitRecord,
} from './commit-record.ts'
import { BrickDamage } from './damage.ts'
import { foreignName } from './foreign.ts'
import { FrameType } from './frame.ts'
import { frameHeaderBytes, headBytes, type Pointer, slotBytes } from './pointer.ts'
import { checkPointer, readPointer, writePointer } from './pointer-io.ts'
import type { Tools } from './tools.ts'

export const formatMajor = 2
export const formatMinor = 0
/** Longest copy of the root NODE frame. */
export const inlineBytesMax = 7_488

export interface SlotInput {
  readonly commit: Pointer
  readonly record: CommitRecord
  /** The root NODE frame, header and stored payload; left out where longer than inlineBytesMax. */
  readonly inline?: Uint8Array
  readonly tools: Tools
}

/** 8,192 bytes for the slot `record.generation % 2`. */
export function encodeSlot(input: SlotInput): Uint8Array {
  const { commit, record, tools, inline = new Uint8Array(0) } = input
  assert(inline.length <= inlineBytesMax, `the inline copy had ${inline.length} bytes`)
  assert(inline.length === 0 || inline.length === inlineBytesOf(record), 'the inline copy was not the root NODE frame')
  const writer = new ByteWriter(slotBytes)
  writer.bytes(magic)
  writer.u16(formatMajor)
  writer.u16(formatMinor)
  writer.u32(0)
  writer.u32(0)
  writer.u32(0)
  writer.bytes(geometry)
  writePointer(writer, commit)
  writer.bytes(encodeCommitRecord(record))
  writer.u32(inline.length)
  writer.bytes(inline)
  writer.bytes(new Uint8Array(hashedBytes - writer.length))
  const slot = writer.take()
  return concatBytes([slot, tools.sha256(slot)])
}

export interface ValidSlot {
  readonly kind: 'valid'
  readonly commit: Pointer
  readonly record: CommitRecord
  /** The root NODE frame without its padding: unchecked bytes, as if read from the file. */
  readonly inline?: Uint8Array
  /** An unknown ro_compat bit: may be read, must not be written. */
  readonly readOnly: boolean
}

export type ParsedSlot = ValidSlot | { readonly kind: 'empty' | 'damaged'; readonly why: string }

export interface SlotPlace {
  readonly slotIndex: 0 | 1
  /** Asked after the slot was read. Larger than any fileEnd for those who will look for the frames themselves. */
  readonly fileSize: number
  readonly tools: Tools
  /** The file, for messages. */
  readonly name?: string
}

/** `bytes` are 8,192, fewer where the file is shorter. Of a slot whose hash holds: BRICK_VERSION_NEWER, or BrickDamage. */
export function parseSlot(bytes: Uint8Array, place: SlotPlace): ParsedSlot {
  if (bytes.every((byte) => byte === 0)) return { kind: 'empty', why: bytes.length === 0 ? 'not there' : 'all zeros' }
  if (!hasMagic(bytes)) return { kind: 'damaged', why: 'no magic' }
  if (bytes.length !== slotBytes) return { kind: 'damaged', why: `cut after ${bytes.length} bytes` }
  if (!equalBytes(place.tools.sha256(bytes.subarray(0, hashedBytes)), bytes.subarray(hashedBytes))) {
    return { kind: 'damaged', why: 'its hash is wrong' }
  }
  return readSlot(new Uint8Array(bytes), place)
}

/** The slot whose commit is current; undefined where neither is valid. */
export function chooseSlot(a: ParsedSlot, b: ParsedSlot): ValidSlot | undefined {
  if (a.kind !== 'valid') return b.kind === 'valid' ? b : undefined
  if (b.kind !== 'valid') return a
  return b.record.generation > a.record.generation ? b : a
}

export interface Head {
  readonly current: ValidSlot
  readonly slots: readonly [ParsedSlot, ParsedSlot]
}

/**
 * Both slots. Throws BRICK_FOREIGN where neither has the magic, BRICK_VERSION_NEWER, or BrickDamage where one is refused
 * (`slot`, `pointer`) or none is valid (`slot`): of a brick that is being written, a reader then reads the head again.
 */
export function parseHead(head: Uint8Array, place: Omit<SlotPlace, 'slotIndex'>): Head {
  const name = place.name ?? defaultName
  const parts = [head.subarray(0, slotBytes), head.subarray(slotBytes, headBytes)] as const
  if (!isBrickHead(head)) {
    const what = foreignName(head)
    throw new FoundryError('BRICK_FOREIGN', `${name} is not a brick${what === undefined ? '' : `: it is ${what}`}.`)
  }
  const a = parseSlot(parts[0], { ...place, slotIndex: 0 })
  const b = parseSlot(parts[1], { ...place, slotIndex: 1 })
  const current = chooseSlot(a, b)
  if (current !== undefined) return { current, slots: [a, b] }
  // Another major version may keep its hash elsewhere: its number is believed where nothing here is valid.
  for (const part of parts) if (hasMagic(part) && part.length >= versionEnd) checkMajor(majorOf(part), name)
  const why = [a, b].map((slot, i) => `slot ${'AB'[i]}: ${slot.kind === 'valid' ? '' : slot.why}`).join('; ')
  throw new BrickDamage('slot', `${name} has no valid slot (${why})`, 0)
}

/** Whether a file that begins so is a brick, of whatever version and in whatever state. */
export function isBrickHead(head: Uint8Array): boolean {
  return hasMagic(head.subarray(0, slotBytes)) || hasMagic(head.subarray(slotBytes, headBytes))
}

const magic = Uint8Array.of(0x89, 0x53, 0x42, 0x52, 0x4b, 0x0d, 0x0a, 0x1a)
const geometry = Uint8Array.of(0x10, 0x08, 0x02, 0x01, 0x01, 0x0c, 0x03, 0x00)
/** What the slot's own hash covers; the hash follows. */
const hashedBytes = 8_160
/** End of the magic and the major version. */
const versionEnd = 10
const defaultName = 'The file'

/** Of a slot whose magic and hash hold. */
function readSlot(bytes: Uint8Array, place: SlotPlace): ValidSlot {
  const { slotIndex, fileSize, tools, name = defaultName } = place
  const offset = slotIndex * slotBytes
  const reader = new ByteReader(bytes.subarray(0, hashedBytes), 'slot', offset)
  reader.bytes(magic.length)
  checkMajor(reader.u16(), name)
  const minor = reader.u16()
  const incompat = reader.u32()
  const isReadOnly = reader.u32() !== 0
  reader.u32()
  if (incompat !== 0) refuse(`${name} uses features that this build does not know (incompat mask ${incompat})`)
  if (!equalBytes(reader.bytes(geometry.length), geometry))
    refuse(`${name} has a geometry that this build does not know`)
  const commit = readPointer(reader)
  const record = parseCommitRecord(reader.bytes(commitRecordBytes), { rule: 'slot', offset, fileSize })
  checkPointer(commit, { fileEnd: record.fileEnd, type: FrameType.commit, what: 'COMMIT frame', offset })
  if (!equalBytes(record.id, commitId(record, tools))) reader.fail('its commit id is not that of its fields')
  if (record.generation % 2 !== slotIndex) reader.fail(`generation ${record.generation} is not named by this slot`)
  const inlineLength = reader.u32()
  if (inlineLength > inlineBytesMax) reader.fail(`its inline copy has ${inlineLength} bytes`)
  const inline = reader.bytes(inlineLength)
  if (inlineLength !== 0 && inlineLength !== inlineBytesOf(record)) {
    reader.fail(`its inline copy has ${inlineLength} bytes, the root node ${inlineBytesOf(record)}`)
  }
  // What a later minor version keeps there is ignored.
  if (minor === 0 && reader.bytes(reader.rest).some((byte) => byte !== 0)) reader.fail('what follows is not zero')
  const slot: ValidSlot = { kind: 'valid', commit, record, readOnly: isReadOnly }
  return inlineLength === 0 ? slot : { ...slot, inline }
}

function inlineBytesOf(record: CommitRecord): number {
  return frameHeaderBytes + record.root.node.storedLength
}

function hasMagic(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte)
}

function majorOf(bytes: Uint8Array): number {
  return (bytes[8] as number) + 256 * (bytes[9] as number)
}

function checkMajor(major: number, name: string): void {
  if (major !== formatMajor) refuse(`${name} is a brick of version ${major}, this build reads version ${formatMajor}`)
}

function refuse(what: string): never {
  throw new FoundryError('BRICK_VERSION_NEWER', `${what}. Update system-foundry.`)
}
