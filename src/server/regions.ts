/** Regions of a commit as the wire has them. */
import { sizeClassBytes, sizeClassOf } from '../brick/region-key.ts'
import type { PlacedRegion } from '../brick/region-scan.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { RegionJson, RegionsAnswer } from '../wire/api.ts'

export interface RegionQuery {
  /** Positions in the brick's space, half-open. */
  readonly start: number
  readonly end: number
  /** Bytes. */
  readonly lengthMin: number
  readonly limit: number
  readonly which: 'all' | 'findings'
}

/** The work is done in slices. Errors: BrickDamage. */
export function* regionsAnswer(view: BrickView, query: RegionQuery): Generator<void, RegionsAnswer> {
  const { start, end, lengthMin, limit, which } = query
  const regions: RegionJson[] = []
  let seen = 0
  for (const region of view.regions({ start, end, lengthMin: shortestLike(lengthMin) })) {
    if (++seen % sliceRegions === 0) yield
    if (region.length < lengthMin || (which === 'findings' && region.finding === undefined)) continue
    if (regions.length === limit) return { regions, truncated: true }
    regions.push(regionJson(region))
  }
  return { regions, truncated: false }
}

export function regionJson({ class: kind, ...region }: PlacedRegion): RegionJson {
  const { start, length, layer, name, attributes, finding, detector } = region
  return {
    ...{ start, length, layer, class: kind, name },
    ...(attributes && { attributes }),
    ...(finding && { finding }),
    ...(detector !== undefined && { detector }),
  }
}

/** The shortest length of its size class: shorter ones are passed over unread, and those of the class seen one by one. */
function shortestLike(length: number): number {
  const sizeClass = sizeClassOf(length)
  return sizeClass === 0 ? 0 : sizeClassBytes(sizeClass - 1) + 1
}

/** Regions decoded in a slice: some milliseconds. */
const sliceRegions = 1_000
