/**
 * The whole check of a map (spec section 9): what page-store checks on every way down, and what only all pages together
 * show: the shape, the tree hashes, every record with a frame of its own. Reads each page once.
 */
import { equalBytes } from '../base/bytes.ts'
import type { MapRoot } from './commit-record.ts'
import { BrickDamage } from './damage.ts'
import { type Item, type MapKind, type MapName, mapKind, type Page } from './page.ts'
import { type BuiltRoot, rootOf, treeHashesOf } from './page-build.ts'
import { divideRun, isNaturalCut, keyHash } from './page-shape.ts'
import { keyBefore, type MapTree, openChild, openRoot, type PageSource, recordOf } from './page-store.ts'
import type { Pointer } from './pointer.ts'

export interface MapVisit {
  /** Of the commit: a page that was born later is damage. */
  readonly generation?: number
  /** Every record, in order of keys. */
  readonly record?: (key: Uint8Array, value: Uint8Array) => void
  /** Every frame of the map, long records included. */
  readonly frame?: (pointer: Pointer) => void
}

/** The root with its tree hashes, for comparison with the commit's. BrickDamage at the first thing that is wrong. */
export function checkMap(store: PageSource, map: MapName | MapKind, root: MapRoot, visit: MapVisit = {}): BuiltRoot {
  const tree: MapTree = { store, map: mapKind(map) }
  const page = openRoot(tree, root)
  if (page === undefined) {
    if (root.hash.some((byte) => byte !== 0)) throw new BrickDamage('page', 'an empty map has a hash')
    return rootOf(tree, undefined)
  }
  const check = new MapCheck(tree, visit)
  visit.frame?.(root.pointer)
  check.page(page, { after: undefined, offset: root.pointer.offset })
  check.end(page.level)
  return { ...root, ...treeHashesOf(tree, page) }
}

/** The pages of a level since its last natural cut. */
interface OpenRun {
  readonly hashes: Uint8Array[]
  readonly ends: number[]
}

interface PagePosition {
  readonly after: Uint8Array | undefined
  /** Of the page's frame. */
  readonly offset: number
}

class MapCheck {
  readonly #tree: MapTree
  readonly #visit: MapVisit
  readonly #runs: OpenRun[] = []

  constructor(tree: MapTree, visit: MapVisit) {
    this.#tree = tree
    this.#visit = visit
  }

  /** The page and all beneath it. */
  page(page: Page, position: PagePosition): void {
    this.#shape(page, position.offset)
    if (page.kind === 'leaf') {
      for (const item of page.items) {
        const record = recordOf(this.#tree, item)
        if (item.kind === 'overflow') this.#visit.frame?.(item.pointer)
        this.#visit.record?.(item.key, record)
      }
      return
    }
    for (const [index, item] of page.items.entries()) {
      const { offset } = item.pointer
      const { generation = item.birth } = this.#visit
      if (item.birth > generation) throw new BrickDamage('page', `a page was born in generation ${item.birth}`, offset)
      const after = keyBefore(page, index, position.after)
      const child = openChild(this.#tree, item, { parentLevel: page.level, after })
      this.#visit.frame?.(item.pointer)
      const { treeHash, metaHash } = treeHashesOf(this.#tree, child)
      if (!equalBytes(treeHash, item.treeHash)) throw new BrickDamage('page-hash', 'a tree hash is wrong', offset)
      if (!equalBytes(metaHash, item.metaHash)) throw new BrickDamage('page-hash', 'a meta hash is wrong', offset)
      this.page(child, { after, offset })
    }
  }

  /** All pages were seen. */
  end(rootLevel: number): void {
    for (let level = 0; level <= rootLevel; level++) this.#endRun(level, -1)
  }

  #shape(page: Page, offset: number): void {
    const { shape } = this.#tree.map
    const run = this.#run(page.level)
    const hashes = page.items.map((item: Item) => keyHash(this.#tree.store.tools, page.level, item.key))
    const cut = hashes.findIndex((hash) => isNaturalCut(hash, shape))
    if (cut >= 0 && cut + 1 < hashes.length) {
      throw new BrickDamage('page-shape', 'a page goes on after a natural cut', offset)
    }
    for (const hash of hashes) run.hashes.push(hash)
    run.ends.push(run.hashes.length)
    if (cut >= 0) this.#endRun(page.level, offset)
  }

  #endRun(level: number, offset: number): void {
    const { hashes, ends } = this.#run(level)
    const right = divideRun(
      { count: hashes.length, hashAt: (index) => hashes[index] as Uint8Array },
      this.#tree.map.shape,
    )
    if (right.length !== ends.length || right.some((end, i) => end !== ends[i])) {
      throw new BrickDamage('page-shape', `pages of level ${level} end where the rule does not end them`, offset)
    }
    hashes.length = 0
    ends.length = 0
  }

  #run(level: number): OpenRun {
    this.#runs[level] ??= { hashes: [], ends: [] }
    return this.#runs[level]
  }
}
