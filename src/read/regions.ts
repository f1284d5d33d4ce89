/** What the bytes of a commit mean: regions at a place, of an entry, of all of it, with the entry that each lies in. */
import type { Region } from '../base/region.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { PlacedRegion } from '../brick/region-scan.ts'
import type { BrickView } from '../store/brick-view.ts'

/**
 * What the byte at a position lies in, and points right before it; innermost first, at most `countMax`, the innermost of the
 * first 10,000. BrickDamage.
 */
export function regionsAt(view: BrickView, position: number, countMax: number): PlacedRegion[] {
  const found: PlacedRegion[] = []
  for (const region of view.regions({ start: position, end: position + 1 })) {
    found.push(region)
    // A hostile brick may lay any number of them over one byte.
    if (found.length === overlapMax) break
  }
  keepInnermost(found, countMax)
  return found
}

/** Of an entry's content, by offset; of a hard link those of the entry that holds its content. BrickDamage. */
export function* regionsOf(view: BrickView, entry: EntryRecord): Generator<Region> {
  const { slot, size } = entry.linkTo === undefined ? entry : (view.entry(entry.linkTo) ?? entry)
  if (slot === undefined) return
  for (const { start, ...region } of view.regions({ start: slot.start, end: slot.start + size })) {
    // Only in a damaged brick does one reach into the slot of another entry.
    if (start >= slot.start) yield { ...region, offset: start - slot.start }
  }
}

export interface EntryRegion {
  readonly entry: EntryRecord
  readonly region: Region
}

/** All of a commit in the order of their places, those of one entry together; what lies in none is left out. BrickDamage. */
export function* allRegions(view: BrickView): Generator<EntryRegion> {
  const { length } = view.record
  const slots = view.slots({ start: 0, length })
  let next = slots.next().value
  let entry: EntryRecord | undefined
  for (const { start, ...region } of view.regions({ start: 0, end: length })) {
    while (next && next.slot.start + next.slot.length <= start) {
      next = slots.next().value
      entry = undefined
    }
    if (!next || start < next.slot.start) continue
    entry ??= view.entry(next.path)
    if (entry !== undefined) yield { entry, region: { ...region, offset: start - next.slot.start } }
  }
}

const overlapMax = 10_000

function keepInnermost(regions: PlacedRegion[], countMax: number): void {
  regions.sort((a, b) => b.layer - a.layer || a.length - b.length || b.start - a.start)
  regions.length = Math.min(regions.length, countMax)
}
