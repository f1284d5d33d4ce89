/** The first half of spec/examples.md: `one-file.brick` from its first byte to its last. Long because it is one text. */
import { utf8Text } from '../../../src/base/bytes.ts'
import { decodeFrame, FrameType, parseFrameHeader } from '../../../src/brick/frame.ts'
import { frameBytes, headBytes } from '../../../src/brick/pointer.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import { annotated, hexDump, type Part, table } from './annotate.ts'
import { slotBytes } from './edit-slot.ts'

export interface ExampleFrame {
  readonly name: string
  readonly type: number
  readonly codec: number
  readonly offset: number
  readonly storedLength: number
  readonly payload: Uint8Array
}

export const typeNames = ['', 'DATA', 'OVERVIEW', 'NODE', 'HASHES', 'PAGES', 'META', 'COMMIT', 'PAD', 'IDENT']
const codecNames = ['raw', 'zstd', 'deflate-raw']
const recordAt = 48
const commitRecordBytes = 616

/** All frames of a brick of one epoch. */
export function framesOf(brick: Uint8Array): readonly ExampleFrame[] {
  const slot = brick.subarray(slotBytes, headBytes).some((byte) => byte !== 0) ? slotBytes : 0
  const epoch = brick.subarray(slot + recordAt + 16, slot + recordAt + 24)
  const frames: ExampleFrame[] = []
  for (let offset = headBytes; offset < brick.length; ) {
    const place = { offset, epoch, tools: nodeTools }
    const { type, storedLength } = parseFrameHeader(brick.subarray(offset), place)
    const bytes = brick.subarray(offset, offset + frameBytes(storedLength))
    const { header, payload } = decodeFrame(bytes, { ...place, expectType: type })
    frames.push({ name: typeNames[type] as string, type, codec: header.codec, offset, storedLength, payload })
    offset += bytes.length
  }
  return frames
}

export function frameOf(frames: readonly ExampleFrame[], type: number, nth = 0): ExampleFrame {
  const found = frames.filter((frame) => frame.type === type)[nth]
  if (found === undefined) throw new Error(`there is no frame ${nth} of type ${type}`)
  return found
}

export function brickExamples(brick: Uint8Array): string[] {
  const frames = framesOf(brick)
  const entries = frameOf(frames, FrameType.pages, 0)
  const slots = frameOf(frames, FrameType.pages, 1)
  const commit = frameOf(frames, FrameType.commit)
  return [
    '## 2. A whole brick: `one-file.brick`',
    `One file \`hello.txt\` of 13 bytes, \`Hello, brick!\`. Slot A (0 .. 8191) is zeros, because generation 1 belongs to slot B.`,
    '### 2.1 Slot B',
    hexDump(brick.subarray(slotBytes, slotBytes + 64), slotBytes),
    slotTable(brick.subarray(slotBytes, headBytes)),
    '### 2.2 Frames',
    frameList(frames),
    'The IDENT frame, header and payload:',
    frameTable(brick, frameOf(frames, FrameType.ident), [
      [16, 'uuid', 'as in the record'],
      [8, 'epoch', 'as in the record'],
    ]),
    'The DATA frame of tile 0. The payload ends where the tile has nothing but zeros any more:',
    frameTable(brick, frameOf(frames, FrameType.data), [[13, 'payload', '`Hello, brick!`']]),
    '### 2.3 NODE',
    'The payload of the root NODE, a leaf node:',
    nodeTable(frameOf(frames, FrameType.node).payload, frames),
    '### 2.4 PAGES: ENTRIES',
    `The payload of the root page, which is a leaf (stored as ${codecNames[entries.codec]}):`,
    entriesTable(entries.payload),
    '### 2.5 PAGES: SLOTS',
    slotsTable(slots.payload),
    '### 2.6 META',
    `\`\`\`json\n${utf8Text(frameOf(frames, FrameType.meta).payload)}\n\`\`\``,
    '### 2.7 COMMIT',
    'The payload: the commit record, which is also at byte 48 of the slot, and the extras.',
    recordTable(commit.payload.subarray(0, commitRecordBytes)),
    `\`\`\`json\n${utf8Text(commit.payload.subarray(commitRecordBytes))}\n\`\`\``,
  ]
}

function slotTable(slot: Uint8Array): string {
  const inlineLength = dataView(slot).getUint32(664, true)
  const rest = 8_160 - 668 - inlineLength
  return annotated(
    slot,
    [
      [8, 'magic', '`.SBRK` and the line ends that show a file mangled as text'],
      [2, 'major', u16(slot, 8)],
      [2, 'minor', u16(slot, 10)],
      [4, 'incompat mask', u32(slot, 12)],
      [4, 'ro_compat mask', u32(slot, 16)],
      [4, 'compat mask', u32(slot, 20)],
      [8, 'geometry', 'the only one there is'],
      [16, 'pointer of the COMMIT frame', pointer(slot, 32)],
      [616, 'commit record', '2.7'],
      [4, 'inlineLength', u32(slot, 664)],
      [inlineLength, 'copy of the root NODE frame', '32 bytes of header, then 2.3'],
      [rest, 'zeros', ''],
      [32, 'SHA-256 of the 8,160 bytes before', ''],
    ],
    slotBytes,
  )
}

function frameList(frames: readonly ExampleFrame[]): string {
  const rows = frames.map(({ name, codec, offset, storedLength, payload }) => [
    String(offset),
    name,
    codecNames[codec] as string,
    String(storedLength),
    String(payload.length),
    String(offset + frameBytes(storedLength)),
  ])
  return table(['offset', 'type', 'codec', 'storedLen', 'rawLen', 'next'], rows)
}

function frameTable(
  brick: Uint8Array,
  { offset, storedLength, codec, name }: ExampleFrame,
  payload: readonly Part[],
): string {
  const size = frameBytes(storedLength)
  const bytes = brick.subarray(offset, offset + size)
  const id = dataView(bytes).getBigUint64(16, true)
  return annotated(
    bytes,
    [
      [4, '"BLK1"', ''],
      [1, 'type', name],
      [1, 'codec', codecNames[codec] as string],
      [2, 'flags', '0'],
      [4, 'storedLen', u32(bytes, 8)],
      [4, 'rawLen', u32(bytes, 12)],
      [8, 'id', `level ${id >> 56n}, index ${id & 0xff_ffff_ffff_ffffn}`],
      [4, 'crc of the payload', ''],
      [4, 'crc of the 28 bytes before and the epoch', ''],
      ...payload,
      [size - 32 - storedLength, 'padding', 'zeros up to a multiple of 16'],
    ],
    offset,
  )
}

/** The node of a brick whose only tile is 0, STORED. */
function nodeTable(payload: Uint8Array, frames: readonly ExampleFrame[]): string {
  const data = frameOf(frames, FrameType.data)
  const level2 = frameOf(frames, FrameType.overview, 0)
  const level4 = frameOf(frames, FrameType.overview, 1)
  const jump = (frame: ExampleFrame) => (frame.offset - headBytes) / 16
  return annotated(payload, [
    [1, 'height', '1'],
    [2, 'A, kinds: STORED, count', '1 item'],
    [3, 'ABSENT, count', '255 items beyond N'],
    [2, 'A, births: generation, count', 'generation 1, 1 item'],
    [1, 'A, lengths', `storedLen ${data.storedLength}`],
    [1, 'A, offsets', `zigzag of (${data.offset} - 16384) / 16 = ${jump(data)}`],
    [2, 'B, kinds: STORED, count', '1 level-2 page'],
    [3, 'ABSENT, count', '255 items'],
    [2, 'B, births', 'generation 1, 1 item'],
    [varintBytes(level2.storedLength), 'B, lengths', `storedLen ${level2.storedLength}`],
    [1, 'B, offsets', `zigzag of (${level2.offset} - 16384) / 16 = ${jump(level2)}`],
    [2, 'C, kinds: STORED, count', '1 level-4 page'],
    [2, 'ABSENT, count', '15 items'],
    [2, 'C, births', 'generation 1, 1 item'],
    [varintBytes(level4.storedLength), 'C, lengths', `storedLen ${level4.storedLength}`],
    [1, 'C, offsets', `zigzag of (${level4.offset} - 16384) / 16 = ${jump(level4)}`],
  ])
}

function entriesTable(payload: Uint8Array): string {
  return annotated(payload, [
    [1, 'map', '1, ENTRIES'],
    [1, 'level', '0, a leaf'],
    [1, 'item count', '1'],
    [1, 'length of the shared prefix', '0: there is no key before'],
    [1, 'length of the rest', '10'],
    [10, 'key', '00 and `hello.txt`: a dirname of no bytes'],
    [2, '2 * length of the record', `varint ${varint(payload, 15)}: ${varint(payload, 15) / 2} bytes follow`],
    ...recordParts(payload.subarray(17)),
  ])
}

const fieldNames = new Map([
  [1, 'kind'],
  [2, 'size'],
  [3, 'content id'],
  [7, 'mode'],
  [8, 'uid'],
  [9, 'gid'],
  [10, 'user name'],
  [11, 'group name'],
  [12, 'mtime'],
  [16, 'ctime'],
  [17, 'ino'],
  [18, 'dev'],
  [19, 'nlink'],
  [20, 'slot'],
])

/** A row a field; tags and lengths of one byte. */
function recordParts(record: Uint8Array): Part[] {
  const parts: Part[] = []
  for (let at = 0; at < record.length; ) {
    const tag = record[at] as number
    const length = record[at + 1] as number
    const value = record.subarray(at + 2, at + 2 + length)
    parts.push([2 + length, `tag ${tag}, ${fieldNames.get(tag)}`, `length ${length}: ${fieldText(tag, value)}`])
    at += 2 + length
  }
  return parts
}

function fieldText(tag: number, value: Uint8Array): string {
  if (tag === 1) return '1, a file'
  if (tag === 3) return 'SHA-256 of the 13 bytes'
  if (tag === 7) return `0${varint(value, 0).toString(8)}`
  if (tag === 10 || tag === 11) return `\`${utf8Text(value)}\``
  if (tag === 12 || tag === 16) {
    const seconds = varint(value, 0) / 2
    return `zigzag ${seconds} seconds, ${varint(value, varintBytes(2 * seconds))} nanoseconds`
  }
  if (tag === 17 || tag === 18) return String(dataView(value).getBigUint64(0, true))
  if (tag === 20) return `start ${varint(value, 0)}, length ${varint(value, 1)}`
  return String(varint(value, 0))
}

function slotsTable(payload: Uint8Array): string {
  return annotated(payload, [
    [1, 'map', '2, SLOTS'],
    [1, 'level', '0, a leaf'],
    [1, 'item count', '1'],
    [2, 'shared prefix, rest', '0, 8'],
    [8, 'key', 'start 0, big-endian'],
    [1, '2 * length of the record', `${varint(payload, 13)}: ${varint(payload, 13) / 2} bytes follow`],
    [1, 'length of the slot', String(varint(payload, 14))],
    [10, 'key of the entry', '00 and `hello.txt`'],
  ])
}

export function recordTable(record: Uint8Array): string {
  const nodes = `NODE ${pointer(record, 72)}; HASHES ${pointer(record, 88)}`
  const map = (at: number) =>
    u64(record, at) === '0' ? 'empty' : `${pointer(record, at)}; ${u64(record, at + 16)} items; page hash`
  return annotated(record, [
    [16, 'uuid', ''],
    [8, 'epoch', ''],
    [8, 'generation', u64(record, 24)],
    [12, 'time', `${dataView(record).getBigInt64(32, true)} seconds, ${u32(record, 40)} nanoseconds`],
    [4, 'height', u32(record, 44)],
    [8, 'N', u64(record, 48)],
    [8, 'fileEnd', u64(record, 56)],
    [8, 'liveBytes', u64(record, 64)],
    [32, 'node pointer of the root', nodes],
    [16, 'top overview', pointer(record, 104)],
    [56, 'ENTRIES', map(120)],
    [56, 'SLOTS', map(176)],
    [56, 'REGIONS', map(232)],
    [56, 'HISTORY', map(288)],
    [48, 'META', `${pointer(record, 344)}; SHA-256`],
    [32, 'content root', '4.2'],
    [32, 'tree hash', '4.3'],
    [32, 'meta hash', '4.3'],
    [16, 'parent', 'none'],
    [32, 'commit id of the parent', 'zeros'],
    [32, 'commit id', '4.4'],
    [16, 'random', ''],
    [32, 'SHA-256 of the extras', ''],
  ])
}

export function varint(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = 0; ; i++) {
    const byte = bytes[at + i] as number
    value += (byte & 127) * 128 ** i
    if (byte < 128) return value
  }
}

export function varintBytes(value: number): number {
  return value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128))
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function u16(bytes: Uint8Array, at: number): string {
  return String(dataView(bytes).getUint16(at, true))
}

function u32(bytes: Uint8Array, at: number): string {
  return String(dataView(bytes).getUint32(at, true))
}

function u64(bytes: Uint8Array, at: number): string {
  return String(dataView(bytes).getBigUint64(at, true))
}

function pointer(bytes: Uint8Array, at: number): string {
  return `offset ${u64(bytes, at)}, storedLen ${u32(bytes, at + 8)}`
}
