/**
 * The commit record: 616 bytes that name one state of a brick (spec 7), in a COMMIT frame and in a slot.
 *
 * Whoever holds a parsed record may follow its pointers without asking again whether they lie inside the file. Must not
 * read what they point to.
 */
import { assert } from '../base/assert.ts'
import type { Timestamp } from '../base/entry.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { BrickDamage, type DamageRule } from './damage.ts'
import { epochBytes, FrameType } from './frame.ts'
import { uuidBytes } from './ident.ts'
import { hashBytes, heightFor, lengthMax } from './merkle.ts'
import { headBytes, type NodePointer, type Pointer } from './pointer.ts'
import { checkPointer, readPointer, writePointer } from './pointer-io.ts'
import type { Tools } from './tools.ts'

export const commitRecordBytes = 616

export interface MapRoot {
  /** None where the map is empty. */
  readonly pointer: Pointer
  /** Items in its leaf pages. */
  readonly count: number
  /** Page hash of the root page; zeros where the map is empty. */
  readonly hash: Uint8Array
}

/** Byte arrays: uuid and random 16, epoch 8, the others 32. */
export interface CommitRecord {
  readonly uuid: Uint8Array
  readonly epoch: Uint8Array
  /** 1 for the first commit. */
  readonly generation: number
  readonly time: Timestamp
  readonly height: number
  /** N, the length of the byte space. */
  readonly length: number
  /** Where this commit's frames end, a multiple of 4,096. */
  readonly fileEnd: number
  readonly liveBytes: number
  readonly root: NodePointer
  /** None where nothing is owned. */
  readonly topOverview: Pointer
  readonly entries: MapRoot
  readonly slots: MapRoot
  readonly regions: MapRoot
  readonly history: MapRoot
  readonly meta: { readonly pointer: Pointer; readonly hash: Uint8Array }
  readonly contentRoot: Uint8Array
  readonly treeHash: Uint8Array
  readonly metaHash: Uint8Array
  /** None for the first commit, and where the parent is not retained. */
  readonly parent: Pointer
  /** Zeros for the first commit. */
  readonly parentId: Uint8Array
  readonly id: Uint8Array
  readonly random: Uint8Array
  readonly extrasHash: Uint8Array
}

export function encodeCommitRecord(record: CommitRecord): Uint8Array {
  const writer = new ByteWriter(commitRecordBytes)
  writeFixed(writer, record.uuid, uuidBytes)
  writeFixed(writer, record.epoch, epochBytes)
  writer.u64(record.generation)
  writer.i64(record.time.seconds)
  writer.u32(record.time.nanoseconds)
  writer.u32(record.height)
  writer.u64(record.length)
  writer.u64(record.fileEnd)
  writer.u64(record.liveBytes)
  writePointer(writer, record.root.node)
  writePointer(writer, record.root.hashes)
  writePointer(writer, record.topOverview)
  for (const map of [record.entries, record.slots, record.regions, record.history]) {
    writePointer(writer, map.pointer)
    writer.u64(map.count)
    writeFixed(writer, map.hash, hashBytes)
  }
  writePointer(writer, record.meta.pointer)
  writeFixed(writer, record.meta.hash, hashBytes)
  writeFixed(writer, record.contentRoot, hashBytes)
  writeFixed(writer, record.treeHash, hashBytes)
  writeFixed(writer, record.metaHash, hashBytes)
  writePointer(writer, record.parent)
  writeFixed(writer, record.parentId, hashBytes)
  writeFixed(writer, record.id, hashBytes)
  writeFixed(writer, record.random, uuidBytes)
  writeFixed(writer, record.extrasHash, hashBytes)
  assert(writer.length === commitRecordBytes, `the record had ${writer.length} bytes`)
  return writer.take()
}

export interface RecordPlace {
  /** Blamed where a field is wrong; a pointer outside the file is `pointer`. */
  readonly rule: DamageRule
  /** File offset of the slot or frame that holds the record. */
  readonly offset: number
  readonly fileSize: number
}

/** `bytes` are exactly the record, and are not kept. Its id is not compared with its content: see commitId. */
export function parseCommitRecord(bytes: Uint8Array, place: RecordPlace): CommitRecord {
  const record = readRecord(new ByteReader(new Uint8Array(bytes), place.rule, place.offset))
  checkNumbers(record, place)
  checkPointers(record, place.offset)
  return record
}

/** SHA-256 over all that makes a commit what it is, without its pointers and without `id` itself. */
export function commitId(record: Omit<CommitRecord, 'id'>, tools: Tools): Uint8Array {
  const writer = new ByteWriter(256)
  writer.u8(commitIdPrefix)
  writeFixed(writer, record.uuid, uuidBytes)
  writeFixed(writer, record.random, uuidBytes)
  writeFixed(writer, record.parentId, hashBytes)
  writer.u64(record.generation)
  writer.i64(record.time.seconds)
  writer.u32(record.time.nanoseconds)
  writer.u64(record.length)
  writeFixed(writer, record.contentRoot, hashBytes)
  writeFixed(writer, record.treeHash, hashBytes)
  writeFixed(writer, record.metaHash, hashBytes)
  writeFixed(writer, record.extrasHash, hashBytes)
  return tools.sha256(writer.take())
}

const commitIdPrefix = 7
const nanosecondsMax = 999_999_999

function writeFixed(writer: ByteWriter, bytes: Uint8Array, length: number): void {
  assert(bytes.length === length, `a field of ${length} bytes had ${bytes.length}`)
  writer.bytes(bytes)
}

/** Fields in the order they are stored; object literals are evaluated in that order. */
function readRecord(reader: ByteReader): CommitRecord {
  const record: CommitRecord = {
    uuid: reader.bytes(uuidBytes),
    epoch: reader.bytes(epochBytes),
    generation: reader.u64(),
    time: { seconds: reader.i64(), nanoseconds: reader.u32() },
    height: reader.u32(),
    length: reader.u64(),
    fileEnd: reader.u64(),
    liveBytes: reader.u64(),
    root: { node: readPointer(reader), hashes: readPointer(reader) },
    topOverview: readPointer(reader),
    entries: readMapRoot(reader),
    slots: readMapRoot(reader),
    regions: readMapRoot(reader),
    history: readMapRoot(reader),
    meta: { pointer: readPointer(reader), hash: reader.bytes(hashBytes) },
    contentRoot: reader.bytes(hashBytes),
    treeHash: reader.bytes(hashBytes),
    metaHash: reader.bytes(hashBytes),
    parent: readPointer(reader),
    parentId: reader.bytes(hashBytes),
    id: reader.bytes(hashBytes),
    random: reader.bytes(uuidBytes),
    extrasHash: reader.bytes(hashBytes),
  }
  reader.end()
  return record
}

function readMapRoot(reader: ByteReader): MapRoot {
  return { pointer: readPointer(reader), count: reader.u64(), hash: reader.bytes(hashBytes) }
}

function checkNumbers(record: CommitRecord, place: RecordPlace): void {
  const fail = (detail: string): never => {
    throw new BrickDamage(place.rule, detail, place.offset)
  }
  const { generation, length, height, fileEnd } = record
  if (generation === 0) fail('its generation is 0')
  if (record.time.nanoseconds > nanosecondsMax) fail(`its time has ${record.time.nanoseconds} nanoseconds`)
  if (length > lengthMax) fail(`its length is ${length}`)
  if (height !== heightFor(length)) fail(`its height is ${height}, ${heightFor(length)} is the smallest for its length`)
  if (fileEnd % 4096 !== 0 || fileEnd <= headBytes) fail(`its frames end at ${fileEnd}`)
  if (fileEnd > place.fileSize) fail(`its frames end at ${fileEnd}, the file at ${place.fileSize}`)
  const isFirst = generation === 1
  if (isFirst && record.parent.offset !== 0) fail('the first commit has a parent')
  if (isFirst !== isZero(record.parentId)) fail(`generation ${generation} with the parent id of another`)
  for (const map of [record.entries, record.slots, record.regions, record.history]) {
    if (map.pointer.offset !== 0 && map.count === 0) fail('a map of no items has a page')
    if (map.pointer.offset === 0 && (map.count !== 0 || !isZero(map.hash))) fail('a map without a page is not empty')
  }
}

function checkPointers(record: CommitRecord, offset: number): void {
  const { fileEnd } = record
  const check = (what: string, pointer: Pointer, type: FrameType): void => {
    checkPointer(pointer, { fileEnd, type, what, offset })
  }
  check('root node', record.root.node, FrameType.node)
  check('root hashes', record.root.hashes, FrameType.hashes)
  check('META', record.meta.pointer, FrameType.meta)
  const optional: readonly (readonly [string, Pointer, FrameType])[] = [
    ['top overview', record.topOverview, FrameType.overview],
    ['ENTRIES root', record.entries.pointer, FrameType.pages],
    ['SLOTS root', record.slots.pointer, FrameType.pages],
    ['REGIONS root', record.regions.pointer, FrameType.pages],
    ['HISTORY root', record.history.pointer, FrameType.pages],
    ['parent', record.parent, FrameType.commit],
  ]
  for (const [what, pointer, type] of optional) if (pointer.offset !== 0) check(what, pointer, type)
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
