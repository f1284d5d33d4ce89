/**
 * Writing the pages of a map bottom up, from items in ascending order of keys.
 *
 * Holds one unfinished run a level, whatever the length of the map. A page is written when it is certain to be needed:
 * a run that ended waits for the next item, because a level of one page is the root and nothing lies above it.
 */
import { assert } from '../base/assert.ts'
import { compareBytes, concatBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { ByteWriter } from './byte-io.ts'
import type { MapRoot } from './commit-record.ts'
import { metaFields, treeFields } from './entry-record.ts'
import {
  encodePage,
  type IndexItem,
  type Item,
  inlineBytesMax,
  type LeafItem,
  type MapKind,
  type MapName,
  mapKind,
  type Page,
} from './page.ts'
import type { MapItem } from './page-read.ts'
import { divideRun, isNaturalCut, keyHash, levelsMax } from './page-shape.ts'
import { emptyMap, type MapTree, type PageStore, recordOf } from './page-store.ts'
import { recordBytesMax } from './record-fields.ts'

export interface BuiltRoot extends MapRoot {
  /** Of ENTRIES; empty for the other maps. */
  readonly treeHash: Uint8Array
  readonly metaHash: Uint8Array
}

const treeLeafMark = 4
const treeIndexMark = 5
const metaLeafMark = 8
const metaIndexMark = 9
const noHash = new Uint8Array(0)

/** Keys ascend strictly. Needs no memory for what it has written. FoundryError `BRICK_LIMIT` beyond 16 levels. */
export function buildMap(store: PageStore, name: MapName | MapKind, items: Iterable<MapItem>): BuiltRoot {
  const map = mapKind(name)
  const builder = new MapBuilder(store, map)
  let before: Uint8Array | undefined
  for (const { key, value } of items) {
    assert(before === undefined || compareBytes(before, key) < 0, 'the keys of a map did not ascend')
    before = key
    builder.add(leafItem({ store, map }, { key, value }), 0)
  }
  return rootOf({ store, map }, builder.finish(0))
}

/** The item that stands for a record in a leaf page; writes its frame where it is long. */
export function leafItem({ store, map }: { store: PageStore; map: MapKind }, { key, value }: MapItem): LeafItem {
  assert(value.length <= recordBytesMax, `a record had ${value.length} bytes`)
  if (value.length <= inlineBytesMax) return { kind: 'inline', key, value }
  return { kind: 'overflow', key, pointer: store.writePage(value, map.number), hash: store.tools.sha256(value) }
}

/** Writes a page; gives the item that its parent holds. */
export function writePage(store: PageStore, map: MapKind, page: Page): IndexItem {
  const raw = encodePage(map, page)
  return {
    kind: 'page',
    key: (page.items.at(-1) as Item).key,
    pointer: store.writePage(raw, map.number),
    count: page.kind === 'leaf' ? page.items.length : page.items.reduce((sum, child) => sum + child.count, 0),
    birth: store.generation,
    hash: store.tools.sha256(raw),
    ...treeHashesOf({ store, map }, page),
  }
}

/** Tree hash and meta hash of a page (spec section 6). Reads the records that have frames of their own. */
export function treeHashesOf({ store, map }: MapTree, page: Page): { treeHash: Uint8Array; metaHash: Uint8Array } {
  if (!map.treeHashes) return { treeHash: noHash, metaHash: noHash }
  if (page.kind === 'index') {
    const level = Uint8Array.of(page.level)
    const tree = concatBytes(page.items.map((item) => item.treeHash))
    const meta = concatBytes(page.items.map((item) => item.metaHash))
    return {
      treeHash: store.tools.sha256(Uint8Array.of(treeIndexMark), level, tree),
      metaHash: store.tools.sha256(Uint8Array.of(metaIndexMark), level, meta),
    }
  }
  const tree = new ByteWriter(16_384)
  const meta = new ByteWriter(16_384)
  tree.u8(treeLeafMark)
  meta.u8(metaLeafMark)
  for (const item of page.items) {
    const record = recordOf({ store, map }, item)
    const covered = metaFields(record)
    writeCovered(meta, item.key, covered)
    writeCovered(tree, item.key, treeFields(covered))
  }
  return { treeHash: store.tools.sha256(tree.take()), metaHash: store.tools.sha256(meta.take()) }
}

/** The map whose root page an item points to. */
export function rootOf({ store, map }: MapTree, top: IndexItem | undefined): BuiltRoot {
  if (top !== undefined) {
    const { pointer, count, hash, treeHash, metaHash } = top
    return { pointer, count, hash, treeHash, metaHash }
  }
  if (!map.treeHashes) return { ...emptyMap, treeHash: noHash, metaHash: noHash }
  const { tools } = store
  const treeHash = tools.sha256(Uint8Array.of(treeLeafMark))
  return { ...emptyMap, treeHash, metaHash: tools.sha256(Uint8Array.of(metaLeafMark)) }
}

/** One level that is being built. */
interface OpenLevel {
  readonly items: Item[]
  readonly hashes: Uint8Array[]
  /** The last item of `items` ends its run. */
  ended: boolean
  pageCount: number
}

export class MapBuilder {
  readonly #store: PageStore
  readonly #map: MapKind
  readonly #levels: OpenLevel[] = []

  constructor(store: PageStore, map: MapKind) {
    this.#store = store
    this.#map = map
  }

  /** Items of one level ascend. Level i >= 1 takes pages of level i - 1. */
  add(item: Item, level: number): void {
    const open = this.#level(level)
    if (open.ended) this.#writeRun(level)
    const hash = keyHash(this.#store.tools, level, item.key)
    open.items.push(item)
    open.hashes.push(hash)
    open.ended = isNaturalCut(hash, this.#map.shape)
  }

  /** The root page, undefined for no items. `bottom` is the lowest level that was added to. */
  finish(bottom: number): IndexItem | undefined {
    for (let level = bottom; ; level++) {
      const open = this.#level(level)
      const top = this.#writeRun(level)
      if (open.pageCount <= 1) return top
    }
  }

  #level(level: number): OpenLevel {
    this.#levels[level] ??= { items: [], hashes: [], ended: false, pageCount: 0 }
    return this.#levels[level]
  }

  /** Gives the last page, undefined where nothing was open. */
  #writeRun(level: number): IndexItem | undefined {
    if (level >= levelsMax) throw new FoundryError('BRICK_LIMIT', `a map would have more than ${levelsMax} levels.`)
    const open = this.#level(level)
    const run = { count: open.items.length, hashAt: (index: number) => open.hashes[index] as Uint8Array }
    let start = 0
    let page: IndexItem | undefined
    for (const end of divideRun(run, this.#map.shape)) {
      page = writePage(this.#store, this.#map, pageOf(level, open.items.slice(start, end)))
      open.pageCount++
      this.add(page, level + 1)
      start = end
    }
    open.items.length = 0
    open.hashes.length = 0
    open.ended = false
    return page
  }
}

/** Items of a level as its page; level 0 holds records, the others pages. */
export function pageOf(level: number, items: readonly Item[]): Page {
  return level === 0
    ? { kind: 'leaf', level, items: items as readonly LeafItem[] }
    : { kind: 'index', level, items: items as readonly IndexItem[] }
}

function writeCovered(writer: ByteWriter, key: Uint8Array, fields: Uint8Array): void {
  writer.varint(key.length)
  writer.bytes(key)
  writer.varint(fields.length)
  writer.bytes(fields)
}
