/**
 * Changing a map: the same pages as building the result anew, by touching only the runs that a change lies in.
 *
 * Level by level from the leaves: the changes of a level choose runs of old pages, the items of a run are merged with the
 * changes and cut again, and what became of its pages is the list of changes of the level above. Pages whose items stayed
 * the same are kept where they are. A run begins and ends at natural cuts that no change removes, so no cut outside moves.
 */
import { assert } from '../base/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { MapRoot } from './commit-record.ts'
import { type IndexItem, type Item, type LeafItem, type MapKind, type MapName, mapKind } from './page.ts'
import {
  type BuiltRoot,
  buildMap,
  leafItem,
  MapBuilder,
  pageOf,
  rootOf,
  treeHashesOf,
  writePage,
} from './page-build.ts'
import { PageCursor, type PagePath } from './page-cursor.ts'
import { type Edit, editsOf, endOfEdits, isSame, type MergedRun, mergeItems } from './page-edit.ts'
import { divideRun, isNaturalCut, keyHash } from './page-shape.ts'
import { openRoot, type PageStore } from './page-store.ts'
import type { Pointer } from './pointer.ts'

/** null removes the key; a missing key may be removed. */
export interface MapChange {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export interface MapUpdate {
  readonly root: BuiltRoot
  /** Frames of the old map that the new one does not use. */
  readonly replaced: readonly Pointer[]
}

/** Keys ascend strictly. The same hashes and the same shape as buildMap of the result. BrickDamage in the old map. */
export function updateMap(
  store: PageStore,
  name: MapName | MapKind,
  root: MapRoot,
  changes: readonly MapChange[],
): MapUpdate {
  const map = mapKind(name)
  assert(
    changes.every(({ key }, i) => i === 0 || compareBytes((changes[i - 1] as MapChange).key, key) < 0),
    'changes did not ascend',
  )
  const page = openRoot({ store, map }, root)
  if (page === undefined) {
    const added = changes.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]))
    return { root: buildMap(store, map, added), replaced: [] }
  }
  const top = new MapEdit(store, map, root).apply(changes)
  if (top === 'unchanged') return { root: { ...root, ...treeHashesOf({ store, map }, page) }, replaced: [] }
  return { root: rootOf({ store, map }, top.page), replaced: top.replaced }
}

/** What became of the old pages of the runs that the edits of a level lay in. */
interface LevelOutcome {
  /** In order of keys: kept and new pages. */
  readonly pages: IndexItem[]
  /** For the level above. */
  readonly edits: Edit[]
  /** Offsets of all old pages that were read. */
  readonly visited: Set<number>
  /** Old pages right before and after the runs; a later run may have visited them. */
  readonly beside: Set<IndexItem>
}

/** One update under way. */
class MapEdit {
  readonly #store: PageStore
  readonly #map: MapKind
  readonly #cursor: PageCursor
  readonly #replaced: Pointer[] = []

  constructor(store: PageStore, map: MapKind, root: MapRoot) {
    this.#store = store
    this.#map = map
    this.#cursor = new PageCursor({ store, map }, root)
  }

  apply(changes: readonly MapChange[]): 'unchanged' | { page: IndexItem | undefined; replaced: readonly Pointer[] } {
    const { rootLevel } = this.#cursor
    let edits = changes.map((change) => this.#recordEdit(change))
    for (let level = 0; ; level++) {
      const outcome = this.#editLevel(level, edits)
      if (outcome.edits.length === 0) return 'unchanged'
      if (level === rootLevel) return { page: this.#stack(outcome.pages, level), replaced: this.#replaced }
      const left = this.#firstTwoPages(level, outcome)
      if (left.length < 2) {
        this.#dropLevelsAbove(level)
        return { page: left[0], replaced: this.#replaced }
      }
      edits = outcome.edits
    }
  }

  /** Writes a long record only where it is new; counts the frame of an old one as replaced. */
  #recordEdit({ key, value }: MapChange): Edit {
    const next = (old: Item | undefined): Item | undefined => {
      if (old !== undefined && value !== null && this.#isRecord(old as LeafItem, value)) return old
      if (old?.kind === 'overflow') this.#replaced.push(old.pointer)
      return value === null ? undefined : leafItem({ store: this.#store, map: this.#map }, { key, value })
    }
    return { key, next }
  }

  #isRecord(item: LeafItem, value: Uint8Array): boolean {
    if (item.kind === 'inline') return equalBytes(item.value, value)
    return equalBytes(item.hash, this.#store.tools.sha256(value))
  }

  #editLevel(level: number, edits: readonly Edit[]): LevelOutcome {
    const outcome: LevelOutcome = { pages: [], edits: [], visited: new Set(), beside: new Set() }
    for (let done = 0; done < edits.length; ) {
      const { run, editsUsed, beside } = this.#mergeRun(level, edits, done)
      done += editsUsed
      for (const path of beside) if (path !== undefined) outcome.beside.add(this.#cursor.item(path))
      for (const { item } of run.old) outcome.visited.add(item.pointer.offset)
      if (run.changed) this.#cutRun(level, run, outcome)
      else for (const { item } of run.old) outcome.pages.push(item)
    }
    return outcome
  }

  /** Reads from the natural cut before the first edit to the first natural cut that stays. */
  #mergeRun(
    level: number,
    edits: readonly Edit[],
    first: number,
  ): { run: MergedRun; editsUsed: number; beside: (PagePath | undefined)[] } {
    const run: MergedRun = { old: [], items: [], candidates: new Set(), changed: false }
    const start = this.#runStart(level, (edits[first] as Edit).key)
    let path: PagePath | undefined = start
    let following: PagePath | undefined
    let at = first
    while (path !== undefined) {
      const item = this.#cursor.item(path)
      following = this.#cursor.next(path)
      const end = following === undefined ? edits.length : endOfEdits(edits, at, item.key)
      const { items } = this.#cursor.page(path)
      run.old.push({ item, items })
      mergeItems(run, items, edits.slice(at, end))
      at = end
      const last = run.items.at(-1)
      const endStays = last !== undefined && equalBytes(last.key, item.key)
      path = endStays && this.#isCut(level, item.key) ? undefined : following
    }
    return { run, editsUsed: at - first, beside: [this.#cursor.previous(start), following] }
  }

  #runStart(level: number, key: Uint8Array): PagePath {
    let path = this.#cursor.seek(level, key)
    for (;;) {
      const before = this.#cursor.previous(path)
      if (before === undefined || this.#isCut(level, this.#cursor.item(before).key)) return path
      path = before
    }
  }

  /**
   * Cuts the merged items, writes the pages that are new, and says so to the level above. The old root page is written
   * again where it becomes one page of several: no item says when it was born.
   */
  #cutRun(level: number, run: MergedRun, outcome: LevelOutcome): void {
    const oldByFirst = new Map(run.old.map((old) => [old.items[0], old]))
    const kept = new Set<IndexItem>()
    const written: IndexItem[] = []
    let start = 0
    for (const end of this.#ends(level, run)) {
      const old = oldByFirst.get(run.items[start])
      if (old !== undefined && level < this.#cursor.rootLevel && isSame(old.items, run.items, { start, end })) {
        kept.add(old.item)
        outcome.pages.push(old.item)
      } else {
        const page = writePage(this.#store, this.#map, pageOf(level, run.items.slice(start, end)))
        written.push(page)
        outcome.pages.push(page)
      }
      start = end
    }
    const dropped = run.old.flatMap(({ item }) => (kept.has(item) ? [] : [item]))
    for (const { pointer } of dropped) this.#replaced.push(pointer)
    for (const edit of editsOf(dropped, written)) outcome.edits.push(edit)
  }

  /** Ends of the pages of a merged run, which natural cuts may divide. */
  #ends(level: number, { items, candidates }: MergedRun): number[] {
    const ends: number[] = []
    let start = 0
    for (let i = 0; i < items.length; i++) {
      const last = i + 1 === items.length
      if (!last && !(candidates.has(i) && this.#isCut(level, (items[i] as Item).key))) continue
      const first = start
      const hashAt = (index: number) => keyHash(this.#store.tools, level, (items[first + index] as Item).key)
      for (const end of divideRun({ count: i + 1 - first, hashAt }, this.#map.shape)) ends.push(first + end)
      start = i + 1
    }
    return ends
  }

  #isCut(level: number, key: Uint8Array): boolean {
    return isNaturalCut(keyHash(this.#store.tools, level, key), this.#map.shape)
  }

  /** The pages that the level consists of now, at most two of them. Looks beside the runs first: the rest is far away. */
  #firstTwoPages(level: number, { pages, visited, beside }: LevelOutcome): IndexItem[] {
    const near = [...pages, ...[...beside].filter((page) => !visited.has(page.pointer.offset))]
    if (near.length >= 2) return near.slice(0, 2)
    const found = pages.slice(0, 2)
    let path: PagePath | undefined = this.#cursor.first(level)
    while (path !== undefined && found.length < 2) {
      const item = this.#cursor.item(path)
      if (!visited.has(item.pointer.offset)) found.push(item)
      path = this.#cursor.next(path)
    }
    return found
  }

  /** The level has one page at most: the root. */
  #dropLevelsAbove(level: number): void {
    for (let above = level + 1; above <= this.#cursor.rootLevel; above++) {
      for (
        let path: PagePath | undefined = this.#cursor.first(above);
        path !== undefined;
        path = this.#cursor.next(path)
      ) {
        this.#replaced.push(this.#cursor.item(path).pointer)
      }
    }
  }

  /** The levels that a root level of several pages needs above it. */
  #stack(pages: readonly IndexItem[], level: number): IndexItem | undefined {
    if (pages.length < 2) return pages[0]
    const builder = new MapBuilder(this.#store, this.#map)
    for (const page of pages) builder.add(page, level + 1)
    return builder.finish(level + 1)
  }
}
