/** Regions of the last commit, as far as a new one replaces them: read where they lie, in order of keys. */
import type { Run } from '../base/entry.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { type MapItem, type PageStore, scan } from '../brick/page-map.ts'
import { firstRegionKey, placeOfRegionKey, type RegionPlace, sizeClassCount } from '../brick/region-key.ts'
import { regionLength } from '../brick/region-record.ts'

/** Positions [start, end) of the brick's space whose regions are replaced. */
export interface Touched {
  readonly start: number
  readonly end: number
  /** What begins here stays. */
  readonly kept?: Run
  /** But not what reaches beyond. */
  readonly limit?: number
}

/** Items that reading one after another costs as much as finding one. */
const itemsPerLook = 64

export class OldRegions {
  readonly #pages: PageStore
  readonly #root: MapRoot

  constructor(pages: PageStore, root: MapRoot) {
    this.#pages = pages
    this.#root = root
  }

  get isEmpty(): boolean {
    return this.#root.count === 0
  }

  /** All that begin in the run, class by class. */
  *inRun({ start, length }: Run): Generator<{ readonly place: RegionPlace; readonly value: Uint8Array }> {
    for (let sizeClass = 0; sizeClass < sizeClassCount && !this.isEmpty; sizeClass++) {
      for (const { key, value } of this.#scan(sizeClass, start, start + length)) {
        yield { place: placeOfRegionKey(key), value }
      }
    }
  }

  /** Those of one size class that do not stay; `touched` ascends. */
  *inClass(sizeClass: number, touched: readonly Touched[]): Generator<MapItem> {
    const first = touched[0]
    if (first === undefined || this.isEmpty) return
    if (this.#root.count > itemsPerLook * touched.length) {
      for (const one of touched) yield* this.#inOne(sizeClass, one)
      return
    }
    let next = 0
    for (const item of this.#scan(sizeClass, first.start, Number.MAX_SAFE_INTEGER)) {
      const { start } = placeOfRegionKey(item.key)
      while (next < touched.length && (touched[next] as Touched).end <= start) next++
      const one = touched[next]
      if (one === undefined) return
      if (start >= one.start && !stays(one, start, item.value)) yield item
    }
  }

  *#inOne(sizeClass: number, one: Touched): Generator<MapItem> {
    const { start, end, kept, limit } = one
    if (kept === undefined || limit !== undefined) {
      for (const item of this.#scan(sizeClass, start, end)) {
        if (!stays(one, placeOfRegionKey(item.key).start, item.value)) yield item
      }
      return
    }
    yield* this.#scan(sizeClass, start, Math.min(kept.start, end))
    yield* this.#scan(sizeClass, Math.max(start, kept.start + kept.length), end)
  }

  *#scan(sizeClass: number, start: number, end: number): Generator<MapItem> {
    if (start >= end) return
    const range = { from: firstRegionKey(sizeClass, start), to: firstRegionKey(sizeClass, end) }
    yield* scan(this.#pages, 'regions', this.#root, range)
  }
}

function stays({ kept, limit }: Touched, start: number, value: Uint8Array): boolean {
  if (kept === undefined || start < kept.start || start >= kept.start + kept.length) return false
  return limit === undefined || (start < limit && start + regionLength(value) <= limit)
}
