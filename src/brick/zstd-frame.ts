/**
 * The outside of a zstd frame (RFC 8878): header and block headers, never the compressed content.
 *
 * Decoders are lenient (Node's takes two frames and trailing bytes without a word), so a stored payload is walked here
 * before a decoder sees it. Also the cheapest valid frame around bytes that are kept raw, for clients that were
 * promised zstd. Must not decode or compress.
 */
import { assert } from '../base/assert.ts'
import { BrickDamage } from './damage.ts'

/** Largest block of any zstd frame, bytes. */
export const zstdBlockBytesMax = 131_072

const magicBytes = [0x28, 0xb5, 0x2f, 0xfd] as const
/** Bytes of the magic and the frame header descriptor. */
const fixedBytes = 5
const blockHeaderBytes = 3
const checksumBytes = 4
const singleSegmentBit = 0x20
const reservedBit = 0x08
const checksumBit = 0x04
const dictionaryBits = 0x03
const blockRaw = 0
const blockRle = 1
const blockReserved = 3
/** Descriptor of wrapRawAsZstd: content size of 4 bytes, single segment. */
const wrapDescriptor = 0xa0

/**
 * BrickDamage `codec` unless `stored` is exactly one frame whose header says `rawLength` bytes of content, without a
 * dictionary, and whose blocks end where `stored` ends. `offset` is the brick frame's, for the message.
 */
export function checkZstdFrame(stored: Uint8Array, rawLength: number, offset = -1): void {
  const fail = (detail: string): never => {
    throw new BrickDamage('codec', `its zstd payload ${detail}`, offset)
  }
  if (stored.length < fixedBytes || magicBytes.some((byte, i) => stored[i] !== byte)) fail('is not a zstd frame')
  const descriptor = stored[4] as number
  if ((descriptor & reservedBit) !== 0) fail('has a reserved bit set')
  if ((descriptor & dictionaryBits) !== 0) fail('asks for a dictionary')
  const isSingleSegment = (descriptor & singleSegmentBit) !== 0
  const sizeBytes = contentSizeBytes(descriptor)
  if (sizeBytes === 0) fail('does not tell its content size')
  const sizeAt = fixedBytes + (isSingleSegment ? 0 : 1)
  if (stored.length < sizeAt + sizeBytes) fail('is cut in its header')
  // A two-byte size counts from 256.
  const contentSize = littleEndian(stored, { at: sizeAt, count: sizeBytes }) + (sizeBytes === 2 ? 256 : 0)
  if (contentSize !== rawLength) fail(`holds ${contentSize} bytes, the frame says ${rawLength}`)
  let at = walkBlocks(stored, { at: sizeAt + sizeBytes, rawLength, fail })
  if ((descriptor & checksumBit) !== 0) at += checksumBytes
  if (at > stored.length) fail('is cut')
  if (at < stored.length) fail(`is followed by ${stored.length - at} more bytes`)
}

/** A zstd frame whose blocks are `raw` itself: content size told, no checksum, 9 bytes + 3 a block longer. */
export function wrapRawAsZstd(raw: Uint8Array): Uint8Array {
  assert(raw.length < 2 ** 32, `${raw.length} bytes do not fit one frame`)
  const blockCount = Math.max(1, Math.ceil(raw.length / zstdBlockBytesMax))
  const frame = new Uint8Array(fixedBytes + 4 + blockCount * blockHeaderBytes + raw.length)
  frame.set(magicBytes)
  frame[4] = wrapDescriptor
  new DataView(frame.buffer).setUint32(fixedBytes, raw.length, true)
  let at = fixedBytes + 4
  for (let block = 0; block < blockCount; block++) {
    const part = raw.subarray(block * zstdBlockBytesMax, (block + 1) * zstdBlockBytesMax)
    const header = (part.length << 3) | (blockRaw << 1) | (block === blockCount - 1 ? 1 : 0)
    frame[at] = header & 0xff
    frame[at + 1] = (header >> 8) & 0xff
    frame[at + 2] = header >> 16
    frame.set(part, at + blockHeaderBytes)
    at += blockHeaderBytes + part.length
  }
  return frame
}

interface Walk {
  readonly at: number
  readonly rawLength: number
  readonly fail: (detail: string) => never
}

/** Where the last block ends, possibly beyond `stored`. Every step goes forward by at least a block header. */
function walkBlocks(stored: Uint8Array, walk: Walk): number {
  let at = walk.at
  let plainBytes = 0
  for (;;) {
    if (stored.length < at + blockHeaderBytes) walk.fail('is cut between its blocks')
    const header = littleEndian(stored, { at, count: blockHeaderBytes })
    const type = (header >> 1) & 3
    const size = header >> 3
    if (type === blockReserved) walk.fail('has a block of a reserved type')
    if (size > zstdBlockBytesMax) walk.fail(`has a block of ${size} bytes`)
    if (type === blockRaw || type === blockRle) plainBytes += size
    if (plainBytes > walk.rawLength) walk.fail('decodes to more than it says')
    at += blockHeaderBytes + (type === blockRle ? 1 : size)
    if ((header & 1) === 1) return at
  }
}

/** Width of the content size field; 0: there is none. */
function contentSizeBytes(descriptor: number): number {
  const flag = descriptor >> 6
  if (flag === 0) return (descriptor & singleSegmentBit) === 0 ? 0 : 1
  return 1 << flag
}

/** A number of up to 8 bytes; above 2^53 it is not exact, and equals no length. */
function littleEndian(bytes: Uint8Array, field: { at: number; count: number }): number {
  let value = 0
  for (let i = field.count - 1; i >= 0; i--) value = value * 256 + (bytes[field.at + i] as number)
  return value
}
