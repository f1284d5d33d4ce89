/** Reading a map: one key, or keys in order. Reads the pages on the way and no others; every page is checked. */
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { MapRoot } from './commit-record.ts'
import { type MapKind, type MapName, mapKind, type Page } from './page.ts'
import { keyBefore, type MapTree, openChild, openRoot, type PageSource, recordOf } from './page-store.ts'

export interface MapItem {
  readonly key: Uint8Array
  /** May be a view of a page: never change it, copy what must live long. */
  readonly value: Uint8Array
}

/** The record under a key, or undefined. BrickDamage. */
export function lookup(
  store: PageSource,
  map: MapName | MapKind,
  root: MapRoot,
  key: Uint8Array,
): Uint8Array | undefined {
  const tree: MapTree = { store, map: mapKind(map) }
  let page = openRoot(tree, root)
  let after: Uint8Array | undefined
  while (page?.kind === 'index') {
    const index = firstAtOrAfter(page, key)
    const child = page.items[index]
    if (child === undefined) return undefined
    after = keyBefore(page, index, after)
    page = openChild(tree, child, { parentLevel: page.level, after })
  }
  if (page === undefined) return undefined
  const item = page.items[firstAtOrAfter(page, key)]
  return item && equalBytes(item.key, key) ? recordOf(tree, item) : undefined
}

/** Half-open interval of keys [from, to); all where both are missing. */
export interface KeyRange {
  readonly from?: Uint8Array
  readonly to?: Uint8Array
}

/** Items in ascending order of keys, page by page as they are asked for. BrickDamage. */
export function* scan(
  store: PageSource,
  map: MapName | MapKind,
  root: MapRoot,
  range: KeyRange = {},
): Generator<MapItem> {
  const tree: MapTree = { store, map: mapKind(map) }
  const page = openRoot(tree, root)
  if (page !== undefined) yield* scanPage(tree, page, { range, after: undefined })
}

/** Index of the first item whose key is not below `key`; items.length where all are. */
export function firstAtOrAfter(page: Page, key: Uint8Array): number {
  let low = 0
  let high = page.items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes((page.items[middle] as { key: Uint8Array }).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** False where the end of the range was reached. */
function* scanPage(
  tree: MapTree,
  page: Page,
  place: { readonly range: KeyRange; readonly after: Uint8Array | undefined },
): Generator<MapItem, boolean> {
  const { from, to } = place.range
  for (let index = from ? firstAtOrAfter(page, from) : 0; index < page.items.length; index++) {
    if (page.kind === 'leaf') {
      const item = page.items[index]
      if (item === undefined || (to && compareBytes(item.key, to) >= 0)) return false
      yield { key: item.key, value: recordOf(tree, item) }
      continue
    }
    const after = keyBefore(page, index, place.after)
    if (after && to && compareBytes(after, to) >= 0) return false
    const child = page.items[index]
    if (child === undefined) return false
    const opened = openChild(tree, child, { parentLevel: page.level, after })
    if (!(yield* scanPage(tree, opened, { range: place.range, after }))) return false
  }
  return true
}
