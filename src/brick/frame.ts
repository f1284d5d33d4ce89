/**
 * Frames: the unit in which a brick's file is written (spec 3.2). A 32-byte header, the stored payload, zeros to the next
 * multiple of 16.
 *
 * Every length is checked before anything is allocated. The epoch is part of the header's crc, so bytes at a stale offset
 * never pass for a frame. Must not know what payloads mean.
 */
import { assert } from '../base/assert.ts'
import { BrickDamage } from './damage.ts'
import { frameBytes, frameHeaderBytes } from './pointer.ts'
import type { Tools } from './tools.ts'
import { checkZstdFrame } from './zstd-frame.ts'

export const FrameType = {
  data: 1,
  overview: 2,
  node: 3,
  hashes: 4,
  pages: 5,
  meta: 6,
  commit: 7,
  pad: 8,
  ident: 9,
} as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

export const Codec = { raw: 0, zstd: 1, deflateRaw: 2 } as const
export type Codec = (typeof Codec)[keyof typeof Codec]

export const epochBytes = 8
/** A stored payload is at most this much longer than its decoded one. */
export const storedSlackMax = 64

/** Largest decoded payload of a frame type, bytes. */
export function rawLengthMax(type: FrameType): number {
  if (type === FrameType.data) return 65_536
  if (type === FrameType.overview) return 32_768
  if (type === FrameType.pages) return 4_194_304
  return 1_048_576
}

/** The id of a frame header: where the frame was first written, a hint for repair. */
export function frameId(level: number, index: number): bigint {
  assert(Number.isInteger(level) && level >= 0 && level <= 255, `level was ${level}`)
  assert(Number.isSafeInteger(index) && index >= 0, `index was ${index}`)
  return (BigInt(level) << 56n) | BigInt(index)
}

export interface FrameInput {
  readonly type: FrameType
  /** From frameId. */
  readonly id: bigint
  readonly payload: Uint8Array
  /** 8 bytes. */
  readonly epoch: Uint8Array
  readonly tools: Tools
  /** `auto` (the default): zstd where it saves at least 3 %. */
  readonly codec?: 'auto' | 'raw'
}

/** The frame's bytes, padding included. */
export function encodeFrame(input: FrameInput): { bytes: Uint8Array; storedLength: number } {
  const stored = encodedPayload(input)
  const bytes = new Uint8Array(frameBytes(stored.length))
  fillFrame(bytes, input, stored)
  return { bytes, storedLength: stored.length }
}

/**
 * Writes the frame with its padding to `target` at `at` and gives storedLength; it takes frameBytes(storedLength), at most
 * frameBytes(payload.length). The target may hold anything before.
 */
export function encodeFrameInto(target: Uint8Array, at: number, input: FrameInput): number {
  const { payload, tools } = input
  checkInput(input)
  const place = target.subarray(
    at + frameHeaderBytes,
    at + frameHeaderBytes + Math.floor(payload.length * keptShareMax),
  )
  const written = isCompressible(input) ? tools.zstdCompressInto(payload, place) : 0
  const stored = written > 0 ? place.subarray(0, written) : payload
  const end = at + frameBytes(stored.length)
  assert(at >= 0 && end <= target.length, `the frame ends at ${end} of ${target.length} bytes`)
  fillFrame(target.subarray(at, end), input, stored)
  return stored.length
}

export interface FrameHeader {
  readonly type: FrameType
  readonly codec: Codec
  readonly storedLength: number
  readonly rawLength: number
  readonly id: bigint
  readonly payloadCrc: number
}

export interface FramePlace {
  /** Of the frame in the file, for messages and for the check against fileEnd. */
  readonly offset: number
  readonly epoch: Uint8Array
  readonly tools: Tools
  /** The whole frame with its padding must end at or before it. */
  readonly fileEnd?: number
}

/** Reads the first 32 of `bytes`. BrickDamage: `frame`, `frame-crc` or `frame-limit`. */
export function parseFrameHeader(bytes: Uint8Array, place: FramePlace): FrameHeader {
  const { offset, epoch, tools } = place
  const fail = (rule: 'frame' | 'frame-crc' | 'frame-limit', detail: string): never => {
    throw new BrickDamage(rule, detail, offset)
  }
  if (bytes.length < frameHeaderBytes) fail('frame', `only ${bytes.length} bytes of its header are there`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, frameHeaderBytes)
  if (view.getUint32(0, false) !== magic) fail('frame', 'there is no frame here')
  const crc = tools.crc32(epoch, tools.crc32(bytes.subarray(0, crcAt)))
  if (view.getUint32(crcAt, true) !== crc) fail('frame-crc', 'its header is damaged or of another epoch')
  const type = view.getUint8(4)
  const codec = view.getUint8(5)
  if (type < FrameType.data || type > FrameType.ident) fail('frame', `its type ${type} is unknown`)
  if (codec > Codec.deflateRaw) fail('frame', `its codec ${codec} is unknown`)
  if (view.getUint16(6, true) !== 0) fail('frame', 'its flags are not 0')
  const storedLength = view.getUint32(8, true)
  const rawLength = view.getUint32(12, true)
  if (rawLength > rawLengthMax(type as FrameType)) fail('frame-limit', `it decodes to ${rawLength} bytes`)
  if (storedLength > rawLength + storedSlackMax) fail('frame-limit', `it stores ${storedLength} for ${rawLength} bytes`)
  if (codec === Codec.raw && storedLength !== rawLength) {
    fail('frame', `it stores ${rawLength} raw bytes as ${storedLength}`)
  }
  if (place.fileEnd !== undefined && offset + frameBytes(storedLength) > place.fileEnd) {
    fail('frame-limit', `it reaches beyond the end of the commit's frames, ${place.fileEnd}`)
  }
  return {
    type: type as FrameType,
    codec: codec as Codec,
    storedLength,
    rawLength,
    id: view.getBigUint64(16, true),
    payloadCrc: view.getUint32(24, true),
  }
}

export interface FrameExpectation extends FramePlace {
  /** The type that the pointer's place asks for. */
  readonly expectType: FrameType
  /** The locator's; missing where frames are walked without one. */
  readonly expectStoredLength?: number
}

/** Header and stored payload, both crcs and all lengths checked, not decoded. `bytes` as in decodeFrame. */
export function openFrame(bytes: Uint8Array, expect: FrameExpectation): { header: FrameHeader; stored: Uint8Array } {
  const { offset } = expect
  const header = parseFrameHeader(bytes, expect)
  const { type, codec, storedLength } = header
  if (type !== expect.expectType) {
    throw new BrickDamage('frame', `its type is ${type} where ${expect.expectType} belongs`, offset)
  }
  if (expect.expectStoredLength !== undefined && storedLength !== expect.expectStoredLength) {
    const detail = `it stores ${storedLength} bytes, its locator says ${expect.expectStoredLength}`
    throw new BrickDamage('frame', detail, offset)
  }
  const end = frameHeaderBytes + storedLength
  if (bytes.length < end) throw new BrickDamage('frame', `it is cut after ${bytes.length} of ${end} bytes`, offset)
  const padding = bytes.subarray(end)
  if (bytes.length > frameBytes(storedLength)) throw new BrickDamage('frame', 'more bytes than it has', offset)
  if (padding.some((byte) => byte !== 0)) throw new BrickDamage('frame', 'its padding is not zero', offset)
  const stored = bytes.subarray(frameHeaderBytes, end)
  if (expect.tools.crc32(stored) !== header.payloadCrc) {
    throw new BrickDamage('frame-crc', 'its payload is damaged', offset)
  }
  if (codec === Codec.zstd) checkZstdFrame(stored, header.rawLength, offset)
  return { header, stored }
}

/**
 * The decoded payload; of a raw frame a view of `bytes`, not a copy. `bytes` is the header and the stored payload, with
 * all, some or nothing of the padding. BrickDamage: `frame`, `frame-crc`, `frame-limit`, `codec`.
 */
export function decodeFrame(bytes: Uint8Array, expect: FrameExpectation): { header: FrameHeader; payload: Uint8Array } {
  const { header, stored } = openFrame(bytes, expect)
  const payload = header.codec === Codec.raw ? stored : decoded(stored, header, expect)
  if (header.type === FrameType.pad && payload.some((byte) => byte !== 0)) {
    throw new BrickDamage('frame', 'its PAD payload is not zeros', expect.offset)
  }
  return { header, payload }
}

/** Makes a frame that was checked one of another epoch, in place; its payload and its id stay. */
export function setFrameEpoch(frame: Uint8Array, { epoch, tools }: Pick<FrameInput, 'epoch' | 'tools'>): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frameHeaderBytes)
  view.setUint32(crcAt, tools.crc32(epoch, tools.crc32(frame.subarray(0, crcAt))), true)
}

/** "BLK1", read big-endian. */
const magic = 0x424c4b31
const crcAt = 28
/** Below this a payload is kept raw: a zstd frame's own header eats what it could save. */
const compressBytesMin = 64
const keptShareMax = 0.97

/** What is stored; the payload itself where it is kept raw. */
function encodedPayload(input: FrameInput): Uint8Array {
  const { payload } = input
  checkInput(input)
  if (!isCompressible(input)) return payload
  const compressed = input.tools.zstdCompress(payload)
  return compressed.length <= payload.length * keptShareMax ? compressed : payload
}

function checkInput({ payload, type, epoch }: FrameInput): void {
  assert(payload.length <= rawLengthMax(type), `a payload of type ${type} had ${payload.length} bytes`)
  assert(epoch.length === epochBytes, `epoch had ${epoch.length} bytes`)
}

function isCompressible({ codec, payload }: FrameInput): boolean {
  return codec !== 'raw' && payload.length >= compressBytesMin
}

/** `target` is exactly the frame's place; `stored` may lie in it already. */
function fillFrame(target: Uint8Array, input: FrameInput, stored: Uint8Array): void {
  const { tools, payload } = input
  const view = new DataView(target.buffer, target.byteOffset, frameHeaderBytes)
  view.setUint32(0, magic, false)
  view.setUint8(4, input.type)
  view.setUint8(5, stored === payload ? Codec.raw : Codec.zstd)
  view.setUint16(6, 0, true)
  view.setUint32(8, stored.length, true)
  view.setUint32(12, payload.length, true)
  view.setBigUint64(16, input.id, true)
  view.setUint32(24, tools.crc32(stored), true)
  view.setUint32(crcAt, tools.crc32(input.epoch, tools.crc32(target.subarray(0, crcAt))), true)
  if (stored.buffer !== target.buffer || stored === payload) target.set(stored, frameHeaderBytes)
  target.fill(0, frameHeaderBytes + stored.length)
}

function decoded(stored: Uint8Array, header: FrameHeader, place: FramePlace): Uint8Array {
  const { tools, offset } = place
  const { codec, rawLength } = header
  let payload: Uint8Array
  try {
    payload = codec === Codec.zstd ? tools.zstdDecompress(stored, rawLength) : tools.inflateRaw(stored, rawLength)
  } catch (error) {
    throw new BrickDamage('codec', `its payload does not decode: ${String(error)}`, offset)
  }
  if (payload.length !== rawLength) {
    throw new BrickDamage('codec', `it decodes to ${payload.length} bytes, not ${rawLength}`, offset)
  }
  return payload
}
