/**
 * Regions of a commit in order of place: the eleven size classes of REGIONS merged into one.
 *
 * What touches a run is found without reading what does not, but for regions of about the same size just before it.
 */
import type { Region } from '../base/region.ts'
import type { MapRoot } from './commit-record.ts'
import { BrickDamage } from './damage.ts'
import { scan } from './page-read.ts'
import type { PageSource } from './page-store.ts'
import {
  firstRegionKey,
  placeOfRegionKey,
  type RegionPlace,
  sizeClassBytes,
  sizeClassCount,
  sizeClassOf,
} from './region-key.ts'
import { decodeRegion, isFinding, regionLength } from './region-record.ts'

/** Half-open run of positions. */
export interface RegionRange {
  readonly start: number
  readonly end: number
  /** Shorter ones are left out; bytes. */
  readonly lengthMin?: number
  /** Default: all. */
  readonly which?: 'all' | 'findings'
}

/** A region of a commit; `start` is a position in the brick's space. */
export type PlacedRegion = Omit<Region, 'offset'> & { readonly start: number }

/** Of regions, those of length 0 included, that touch the run: by start, then layer, then the longer first. BrickDamage. */
export function* scanRegions(store: PageSource, root: MapRoot, range: RegionRange): Generator<PlacedRegion> {
  if (root.count === 0) return
  const heads: Head[] = []
  for (let sizeClass = 0; sizeClass < sizeClassCount; sizeClass++) {
    if (sizeClassBytes(sizeClass) < (range.lengthMin ?? 0)) continue
    const items = itemsOfClass(store, root, { ...range, sizeClass })
    const next = items.next().value
    if (next !== undefined) heads.push({ next, items })
  }
  while (heads.length > 0) {
    const first = heads.reduce((a, b) => (isBefore(b.next, a.next) ? b : a))
    const { place, value } = first.next
    yield { start: place.start, layer: place.layer, ...decodeRegion(value) }
    const next = first.items.next().value
    if (next === undefined) heads.splice(heads.indexOf(first), 1)
    else first.next = next
  }
}

/** That key and record belong together, as BrickDamage says where not. */
export function checkedRegion(key: Uint8Array, value: Uint8Array): PlacedRegion {
  const { sizeClass, start, layer } = placeOfRegionKey(key)
  const region = decodeRegion(value)
  if (sizeClassOf(region.length) !== sizeClass) {
    throw new BrickDamage('regions', `a region of ${region.length} bytes is kept in the size class ${sizeClass}`)
  }
  return { start, layer, ...region }
}

interface Item {
  readonly place: RegionPlace
  readonly value: Uint8Array
}

interface Head {
  next: Item
  readonly items: Iterator<Item, undefined>
}

function* itemsOfClass(
  store: PageSource,
  root: MapRoot,
  range: RegionRange & { readonly sizeClass: number },
): Generator<Item, undefined> {
  const { start, end, sizeClass, lengthMin = 0, which = 'all' } = range
  const from = firstRegionKey(sizeClass, Math.max(0, start - sizeClassBytes(sizeClass) + 1))
  for (const { key, value } of scan(store, 'regions', root, { from, to: firstRegionKey(sizeClass, end) })) {
    const place = placeOfRegionKey(key)
    const length = regionLength(value)
    if (length < lengthMin || (which === 'findings' && !isFinding(value))) continue
    if (place.start >= start || place.start + length > start) yield { place, value }
  }
}

function isBefore(a: Item, b: Item): boolean {
  const difference = a.place.start - b.place.start || a.place.layer - b.place.layer
  return difference < 0 || (difference === 0 && a.place.sizeClass > b.place.sizeClass)
}
