/**
 * What differs between two states of a map: pages with equal hashes are passed over unread.
 *
 * Because the shape depends on the keys alone, two states that share most keys share most pages, so the cost follows the
 * difference.
 */
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { MapRoot } from './commit-record.ts'
import { type IndexItem, type Item, type LeafItem, type MapKind, type MapName, mapKind, type Page } from './page.ts'
import { keyBefore, type MapTree, openChild, openRoot, type PageSource, recordOf } from './page-store.ts'

/** One key with different records; a record is missing where the key is. Views of pages, never to be changed. */
export interface MapDifference {
  readonly key: Uint8Array
  readonly before?: Uint8Array
  readonly after?: Uint8Array
}

/** Differing keys, ascending. BrickDamage. */
export function* diffMaps(
  store: PageSource,
  map: MapName | MapKind,
  before: MapRoot,
  after: MapRoot,
): Generator<MapDifference> {
  if (equalBytes(before.hash, after.hash)) return
  const tree: MapTree = { store, map: mapKind(map) }
  const a = new Unfolding(tree, before)
  const b = new Unfolding(tree, after)
  for (;;) {
    const [left, right] = [a.item(), b.item()]
    if (left === undefined && right === undefined) return
    if (left?.kind === 'page' || right?.kind === 'page') {
      passOrOpen(a, b)
      continue
    }
    const order = left === undefined ? 1 : right === undefined ? -1 : compareBytes(left.key, right.key)
    if (order <= 0) a.pass()
    if (order >= 0) b.pass()
    if (order === 0 && left && right && isSameRecord(left, right)) continue
    yield {
      key: ((order <= 0 ? left : right) as LeafItem).key,
      ...(order <= 0 && left && { before: recordOf(tree, left) }),
      ...(order >= 0 && right && { after: recordOf(tree, right) }),
    }
  }
}

/** At least one of the two stands at a page: both pass it where it is the same, else the higher one opens it. */
function passOrOpen(a: Unfolding, b: Unfolding): void {
  const [left, right] = [a.item(), b.item()]
  if (left?.kind === 'page' && right?.kind === 'page' && equalBytes(left.hash, right.hash)) {
    a.pass()
    b.pass()
    return
  }
  const [leftLevel, rightLevel] = [a.pageLevel, b.pageLevel]
  if (left?.kind === 'page' && leftLevel >= rightLevel) a.open(left)
  if (right?.kind === 'page' && rightLevel >= leftLevel) b.open(right)
}

function isSameRecord(a: LeafItem, b: LeafItem): boolean {
  if (a.kind === 'inline') return b.kind === 'inline' && equalBytes(a.value, b.value)
  return b.kind === 'overflow' && equalBytes(a.hash, b.hash)
}

/** A walk in order of keys that stands before an item, which it passes as a whole or opens. */
class Unfolding {
  readonly #tree: MapTree
  readonly #open: { readonly page: Page; readonly after: Uint8Array | undefined; index: number }[] = []

  constructor(tree: MapTree, root: MapRoot) {
    this.#tree = tree
    const page = openRoot(tree, root)
    if (page !== undefined) this.#open.push({ page, after: undefined, index: 0 })
  }

  /** Undefined at the end. */
  item(): Item | undefined {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      const item = top.page.items[top.index]
      if (item !== undefined) return item
      this.#open.pop()
      const parent = this.#open.at(-1)
      if (parent !== undefined) parent.index++
    }
    return undefined
  }

  /** Level of the page that the item points to; -1 where it is a record, or the end. Call item() before. */
  get pageLevel(): number {
    const top = this.#open.at(-1)
    return top === undefined ? -1 : top.page.level - 1
  }

  pass(): void {
    const top = this.#open.at(-1)
    if (top !== undefined) top.index++
  }

  /** `item` is the one it stands before. */
  open(item: IndexItem): void {
    const top = this.#open.at(-1)
    if (top === undefined) return
    const after = keyBefore(top.page, top.index, top.after)
    const page = openChild(this.#tree, item, { parentLevel: top.page.level, after })
    this.#open.push({ page, after, index: 0 })
  }
}
