/**
 * Pages of a map as a reader meets them: behind a port, each checked against the item that points to it.
 *
 * Whatever is opened here has the hash, level, count and last key that its parent says, and keys inside the parent's
 * interval. So keys ascend over the whole map, no page can appear twice in a walk, and every walk ends.
 */
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { MapRoot } from './commit-record.ts'
import { BrickDamage } from './damage.ts'
import { type IndexItem, inlineBytesMax, type LeafItem, type MapKind, type Page, parsePage } from './page.ts'
import { noPointer, type Pointer } from './pointer.ts'
import { recordBytesMax } from './record-fields.ts'
import type { Tools } from './tools.ts'

/** Where pages are kept. A page that was written can be read at once, before it is committed. */
export interface PageStore {
  /**
   * Raw payload of a PAGES frame; BrickDamage where there is none. Nobody may ever change its bytes: what they mean is
   * remembered for as long as the store keeps giving out the same array.
   */
  readPage(pointer: Pointer): Uint8Array
  /** `map` is the number of the map, for the frame's id. */
  writePage(raw: Uint8Array, map: number): Pointer
  /** Of the commit that is being written: the birth of its pages. Readers need none. */
  readonly generation: number
  readonly tools: Tools
}

/** What reading needs of it. */
export type PageSource = Pick<PageStore, 'readPage' | 'tools'>

/** A map as one value: a page store, which map, its root. */
export interface MapTree {
  readonly store: PageSource
  readonly map: MapKind
}

/** The map without an item. */
export const emptyMap: MapRoot = { pointer: noPointer, count: 0, hash: new Uint8Array(32) }

/** The root page, undefined for an empty map. BrickDamage. */
export function openRoot(tree: MapTree, root: MapRoot): Page | undefined {
  const { pointer, count, hash } = root
  if (pointer.offset === 0) {
    if (count !== 0) throw new BrickDamage('page', `a map of ${count} items has no page`)
    return undefined
  }
  const page = openPage(tree, { pointer, hash, count })
  if (page.kind === 'index' && page.items.length === 1) {
    throw new BrickDamage('page-shape', 'the root of a map has a single child', pointer.offset)
  }
  return page
}

/** The page that an item of an index page of this level points to; its keys lie in (after, item.key]. BrickDamage. */
export function openChild(
  tree: MapTree,
  item: IndexItem,
  place: { readonly parentLevel: number; readonly after: Uint8Array | undefined },
): Page {
  const page = openPage(tree, item)
  const fail = (detail: string): never => {
    throw new BrickDamage('page', detail, item.pointer.offset)
  }
  if (page.level !== place.parentLevel - 1) fail(`a page of level ${page.level} lies under level ${place.parentLevel}`)
  const first = (page.items[0] as { key: Uint8Array }).key
  const last = (page.items.at(-1) as { key: Uint8Array }).key
  if (!equalBytes(last, item.key)) fail('the last key of a page is not the one its parent says')
  if (place.after && compareBytes(place.after, first) >= 0) fail('a page begins before the page before it ends')
  return page
}

/** Lower bound of the keys under item `index` of a page whose own keys lie after `after`. */
export function keyBefore(page: Page, index: number, after: Uint8Array | undefined): Uint8Array | undefined {
  return index === 0 ? after : page.items[index - 1]?.key
}

/** The record of an item, out of its own frame where it has one. BrickDamage. */
export function recordOf(tree: MapTree, item: LeafItem): Uint8Array {
  if (item.kind === 'inline') return item.value
  const record = tree.store.readPage(item.pointer)
  checkHash(tree.store.tools.sha256(record), item)
  if (record.length <= inlineBytesMax || record.length > recordBytesMax) {
    throw new BrickDamage('page', `a record of ${record.length} bytes has a frame of its own`, item.pointer.offset)
  }
  return record
}

/** An item takes 4 bytes or more, and no file has more than 2^53. */
const recordCountMax = 2 ** 51

/** An index page that was read before. */
interface Remembered {
  readonly map: MapKind
  readonly hash: Uint8Array
  readonly page: Page
}

/** By raw payload: every walk begins with the same few index pages. Leaf pages are many, and are parsed each time. */
const remembered = new WeakMap<Uint8Array, Remembered>()

function openPage(tree: MapTree, item: { pointer: Pointer; hash: Uint8Array; count: number }): Page {
  const { store, map } = tree
  const { offset } = item.pointer
  const raw = store.readPage(item.pointer)
  const known = remembered.get(raw)
  const hash = known?.hash ?? store.tools.sha256(raw)
  checkHash(hash, item)
  const page = known?.map === map ? known.page : parsePage(raw, { map, offset })
  const count = page.kind === 'leaf' ? page.items.length : page.items.reduce((sum, child) => sum + child.count, 0)
  if (count > recordCountMax) throw new BrickDamage('page', `${count} items lie under a page`, offset)
  if (count !== item.count) throw new BrickDamage('page', `${count} items lie under a count of ${item.count}`, offset)
  if (page.kind === 'index') remembered.set(raw, { map, hash, page })
  return page
}

function checkHash(hash: Uint8Array, item: { readonly pointer: Pointer; readonly hash: Uint8Array }): void {
  if (equalBytes(hash, item.hash)) return
  throw new BrickDamage('page-hash', 'a page does not have the hash that points to it', item.pointer.offset)
}
