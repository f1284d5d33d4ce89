/** Regions of the last commit, as far as a new one replaces them: read where they lie, in order of keys. */
import type { Run } from '../base/entry.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { type MapItem, type PageStore, scan } from '../brick/page-map.ts'
import { firstRegionKey, placeOfRegionKey, type RegionPlace, sizeClassCount } from '../brick/region-key.ts'
import { detectorOf, hasDetector, regionLength } from '../brick/region-record.ts'

/** Positions [start, end) of the brick's space whose regions are replaced. */
export interface Touched {
  readonly start: number
  readonly end: number
  /** What begins here stays. */
  readonly kept?: Run
  /** But not what reaches beyond. */
  readonly limit?: number
  /** But not what analyzers said. */
  readonly labels?: 'go'
}

/** Whose regions: all, what the source said, what analyzers said, what a model said, or analyzers that are no model. */
export type Speaker = 'all' | 'source' | 'labels' | 'model' | 'analyzers'

/** Items that reading one after another costs as much as finding one. */
const itemsPerLook = 64

export class OldRegions {
  readonly #pages: PageStore
  readonly #root: MapRoot

  /** Analyzers may have said something of it. */
  readonly hasLabels: boolean

  constructor(pages: PageStore, { root, hasLabels }: { readonly root: MapRoot; readonly hasLabels: boolean }) {
    this.#pages = pages
    this.#root = root
    this.hasLabels = hasLabels && root.count > 0
  }

  get isEmpty(): boolean {
    return this.#root.count === 0
  }

  /** All of that speaker that begin in the run, class by class. */
  *inRun(
    { start, length }: Run,
    speaker: Speaker = 'all',
  ): Generator<{ readonly place: RegionPlace; readonly value: Uint8Array }> {
    for (let sizeClass = 0; sizeClass < sizeClassCount && !this.isEmpty; sizeClass++) {
      for (const { key, value } of this.#scan(sizeClass, start, start + length)) {
        if (isOf(value, speaker)) yield { place: placeOfRegionKey(key), value }
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
    const { start, end, kept, limit, labels } = one
    if (kept === undefined || limit !== undefined || labels === 'go') {
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

function stays({ kept, limit, labels }: Touched, start: number, value: Uint8Array): boolean {
  if (kept === undefined || start < kept.start || start >= kept.start + kept.length) return false
  if (labels === 'go' && hasDetector(value)) return false
  return limit === undefined || (start < limit && start + regionLength(value) <= limit)
}

function isOf(value: Uint8Array, speaker: Speaker): boolean {
  if (speaker === 'all') return true
  const detector = detectorOf(value)
  if (speaker === 'source' || speaker === 'labels') return (detector === undefined) === (speaker === 'source')
  return detector !== undefined && isModel(detector) === (speaker === 'model')
}

/** What a model said has a detector of this kind: analyzers say the rest anew without asking it again. */
export function isModel(detector: string): boolean {
  return detector.startsWith('model/')
}
