/**
 * One page of a map as bytes (spec section 8): the raw payload of a PAGES frame.
 *
 * Parsing enforces all that a page can show alone: exact prefixes, ascending keys, bounds, nothing left over, and at most
 * `itemsMax` items, so that no page makes a reader allocate more than a few MiB. Values and hashes are views of the raw bytes.
 */
import { assert } from '../base/assert.ts'
import { compareBytes } from '../base/bytes.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { keyBytesMax } from './entry-path.ts'
import { levelsMax, type PageShape, standardShape } from './page-shape.ts'
import { headBytes, type Pointer } from './pointer.ts'

/** A longer record has a frame of its own. Bytes. */
export const inlineBytesMax = 2_048

/** Which of the four maps, and how its pages are made. */
export interface MapKind {
  readonly number: 1 | 2 | 3 | 4
  readonly shape: PageShape
  /** Index items carry the tree hash and the meta hash of what is beneath. */
  readonly treeHashes: boolean
}

export const maps = {
  entries: { number: 1, shape: standardShape, treeHashes: true },
  slots: { number: 2, shape: standardShape, treeHashes: false },
  regions: { number: 3, shape: standardShape, treeHashes: false },
  history: { number: 4, shape: standardShape, treeHashes: false },
} as const satisfies Record<string, MapKind>

export type MapName = keyof typeof maps

/** A map by its name; tests pass kinds with smaller shapes. */
export function mapKind(map: MapName | MapKind): MapKind {
  return typeof map === 'string' ? maps[map] : map
}

export interface InlineItem {
  readonly kind: 'inline'
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A record in a frame of its own. */
export interface OverflowItem {
  readonly kind: 'overflow'
  readonly key: Uint8Array
  readonly pointer: Pointer
  /** SHA-256 of the record. */
  readonly hash: Uint8Array
}

export type LeafItem = InlineItem | OverflowItem

/** A page of the level below. */
export interface IndexItem {
  readonly kind: 'page'
  /** The last key beneath. */
  readonly key: Uint8Array
  readonly pointer: Pointer
  /** Records beneath. */
  readonly count: number
  /** Generation of the commit that wrote the page. */
  readonly birth: number
  /** SHA-256 of the page. */
  readonly hash: Uint8Array
  /** Both empty where the map has none. */
  readonly treeHash: Uint8Array
  readonly metaHash: Uint8Array
}

export type Item = LeafItem | IndexItem

export type Page =
  | { readonly kind: 'leaf'; readonly level: 0; readonly items: readonly LeafItem[] }
  | { readonly kind: 'index'; readonly level: number; readonly items: readonly IndexItem[] }

/** Keys ascend strictly, there is at least one item. */
export function encodePage(map: MapKind, page: Page): Uint8Array {
  assert(page.items.length > 0 && page.items.length <= map.shape.itemsMax, `a page had ${page.items.length} items`)
  const writer = new ByteWriter(16_384)
  writer.u8(map.number)
  writer.u8(page.level)
  writer.varint(page.items.length)
  let before: Uint8Array | undefined
  for (const item of page.items) {
    writeKey(writer, item.key, before)
    before = item.key
    if (item.kind === 'page') writeIndexItem(writer, map, item)
    else writeLeafItem(writer, item)
  }
  return writer.take()
}

export interface PagePlace {
  readonly map: MapKind
  /** Of the frame, for messages. */
  readonly offset: number
}

/** BrickDamage `page` or `varint`. */
export function parsePage(raw: Uint8Array, { map, offset }: PagePlace): Page {
  const reader = new ByteReader(raw, 'page', offset)
  const number = reader.u8()
  if (number !== map.number) reader.fail(`a page of map ${number} stands in map ${map.number}`)
  const level = reader.u8()
  if (level >= levelsMax) reader.fail(`a page has level ${level}`)
  const count = reader.varint()
  if (count === 0) reader.fail('a page is empty')
  if (count > map.shape.itemsMax) reader.fail(`a page has ${count} items, at most ${map.shape.itemsMax} are allowed`)
  return level === 0
    ? { kind: 'leaf', level, items: readItems({ reader, count, read: readLeafItem }) }
    : { kind: 'index', level, items: readItems({ reader, count, read: indexItemReader(map) }) }
}

function writeKey(writer: ByteWriter, key: Uint8Array, before: Uint8Array | undefined): void {
  assert(key.length <= keyBytesMax, `a key had ${key.length} bytes`)
  assert(before === undefined || compareBytes(before, key) < 0, 'the keys of a page did not ascend')
  const prefix = before === undefined ? 0 : sharedPrefix(before, key)
  writer.varint(prefix)
  writer.varint(key.length - prefix)
  writer.bytes(prefix === 0 ? key : key.subarray(prefix))
}

function writeLeafItem(writer: ByteWriter, item: LeafItem): void {
  if (item.kind === 'inline') {
    assert(item.value.length <= inlineBytesMax, `an inline record had ${item.value.length} bytes`)
    writer.varint(2 * item.value.length)
    writer.bytes(item.value)
  } else {
    writer.varint(1)
    writePlace(writer, item.pointer)
    writer.bytes(item.hash)
  }
}

function writeIndexItem(writer: ByteWriter, map: MapKind, item: IndexItem): void {
  writePlace(writer, item.pointer)
  writer.varint(item.count)
  writer.varint(item.birth)
  writer.bytes(item.hash)
  if (!map.treeHashes) return
  writer.bytes(item.treeHash)
  writer.bytes(item.metaHash)
}

/** A pointer as maps write it: {varint offset / 16, varint storedLen}. */
export function writePlace(writer: ByteWriter, pointer: Pointer): void {
  assert(pointer.offset % 16 === 0 && pointer.offset >= headBytes, `a frame lay at ${pointer.offset}`)
  writer.varint(pointer.offset / 16)
  writer.varint(pointer.storedLength)
}

/** Whether a frame can lie there is for those who know the file's end. */
export function readPlace(reader: ByteReader): Pointer {
  const offset = 16 * reader.varint()
  const storedLength = reader.varint()
  if (offset < headBytes || offset > Number.MAX_SAFE_INTEGER) reader.fail(`a pointer names the offset ${offset}`)
  if (storedLength >= 2 ** 32) reader.fail(`a pointer names ${storedLength} bytes`)
  return { offset, storedLength }
}

function readItems<T>(page: {
  reader: ByteReader
  count: number
  read: (reader: ByteReader, key: Uint8Array) => T
}): T[] {
  const { reader, count, read } = page
  const items: T[] = []
  let before: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    before = readKey(reader, before)
    items.push(read(reader, before))
  }
  reader.end()
  return items
}

function readKey(reader: ByteReader, before: Uint8Array | undefined): Uint8Array {
  const prefix = reader.varint()
  const length = reader.varint()
  if (before === undefined) {
    if (prefix !== 0) reader.fail('the first key of a page has a prefix')
    if (length > keyBytesMax) reader.fail(`a key has ${length} bytes`)
    return reader.bytes(length)
  }
  if (prefix > before.length) reader.fail('a prefix is longer than the key before')
  if (prefix + length > keyBytesMax) reader.fail(`a key has ${prefix + length} bytes`)
  const rest = reader.bytes(length)
  const next = rest[0] ?? reader.fail('a key does not come after the key before')
  const replaced = before[prefix]
  if (replaced === next) reader.fail('a prefix is not the longest possible')
  if (replaced !== undefined && replaced > next) reader.fail('a key does not come after the key before')
  const key = new Uint8Array(prefix + length)
  for (let i = 0; i < prefix; i++) key[i] = before[i] as number
  key.set(rest, prefix)
  return key
}

function readLeafItem(reader: ByteReader, key: Uint8Array): LeafItem {
  const form = reader.varint()
  if (form === 1) return { kind: 'overflow', key, pointer: readPlace(reader), hash: reader.bytes(32) }
  if (form % 2 !== 0) reader.fail(`a record has the form ${form}`)
  if (form / 2 > inlineBytesMax) reader.fail(`an inline record has ${form / 2} bytes`)
  return { kind: 'inline', key, value: reader.bytes(form / 2) }
}

function indexItemReader(map: MapKind): (reader: ByteReader, key: Uint8Array) => IndexItem {
  return (reader, key) => {
    const pointer = readPlace(reader)
    const count = reader.varint()
    const birth = reader.varint()
    if (count === 0 || birth === 0) reader.fail('a page has no records or no birth')
    const hash = reader.bytes(32)
    const treeHash = reader.bytes(map.treeHashes ? 32 : 0)
    const metaHash = reader.bytes(map.treeHashes ? 32 : 0)
    return { kind: 'page', key, pointer, count, birth, hash, treeHash, metaHash }
  }
}

function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}
