/**
 * REGIONS of a commit (spec 8.3): what the artifact says of its entries replaces what the brick had of them, and regions
 * go where their entries go.
 *
 * A region lies inside the content of its entry, so it is kept by the position of the entry's slot: an entry that moves
 * takes its regions along, one that goes takes them away. Reads and writes only the parts of the map that differ.
 */
import { assert } from '../base/assert.ts'
import { bytesKey, compareBytes, equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { Region } from '../base/region.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { buildMap, emptyMap, type MapChange, type MapItem, updateMap } from '../brick/page-map.ts'
import { frameBytes } from '../brick/pointer.ts'
import { sizeClassCount, sizeClassOf } from '../brick/region-key.ts'
import { encodeRegion, regionLength } from '../brick/region-record.ts'
import type { EntryRegions } from '../source/artifact.ts'
import type { BrickWriter } from '../store/brick-writer.ts'
import type { Before } from './maps.ts'
import type { BrickModel, PathKey } from './model.ts'
import { RegionRows } from './region-rows.ts'
import { OldRegions, type Touched } from './regions-before.ts'

export interface RegionChanges {
  /** What the last commit says of every entry that may differ. */
  readonly before: Before
  /** What the artifact says now; entries that it does not name keep what they have, and take it along where they move. */
  readonly changes: Iterable<EntryRegions>
}

export interface WrittenRegions {
  readonly root: MapRoot
  readonly replacedBytes: number
}

/**
 * To be called for every commit, also where the artifact says nothing. Give `root` to the commit. What lies beyond the
 * content of its entry is cut off; of entries that own no bytes there are none. Errors: BrickDamage in the old map, DISK_*.
 */
export function writeRegions(writer: BrickWriter, model: BrickModel, update: RegionChanges): WrittenRegions {
  const root = writer.head?.record.regions ?? emptyMap
  const plan = new RegionPlan(model, new OldRegions(writer.pages, root), update.before)
  for (const change of update.changes) plan.replace(change)
  plan.follow()
  if (root.count === 0) return { root: buildMap(writer.pages, 'regions', plan.items()), replacedBytes: 0 }
  const changes = plan.changes()
  if (changes.length === 0) return { root, replacedBytes: 0 }
  const { root: now, replaced } = updateMap(writer.pages, 'regions', root, changes)
  return { root: now, replacedBytes: replaced.reduce((sum, { storedLength }) => sum + frameBytes(storedLength), 0) }
}

class RegionPlan {
  readonly #model: BrickModel
  readonly #old: OldRegions
  readonly #before: Before
  readonly #rows = new RegionRows()
  /** By the start of the slot. */
  readonly #touched = new Map<number, Touched>()
  readonly #named = new Set<PathKey>()
  #lazyOldOwners: Map<number, EntryRecord> | undefined

  constructor(model: BrickModel, old: OldRegions, before: Before) {
    this.#model = model
    this.#old = old
    this.#before = before
  }

  /** What the artifact says of an entry. */
  replace({ path, regions, kept }: EntryRegions): void {
    const key = bytesKey(path)
    assert(!this.#named.has(key), 'an artifact gave the regions of an entry twice')
    this.#named.add(key)
    const entry = this.#model.entries.get(key)
    if (entry?.slot === undefined) return
    const { slot, size } = entry
    const former = this.#before.has(key) ? this.#before.get(key) : entry
    const owner = this.#oldOwners.get(slot.start) ?? former
    const there = owner?.slot?.start === slot.start ? owner : undefined
    const range = { start: slot.start, end: slot.start + Math.max(slot.length, there?.slot?.length ?? 0) }
    if (kept === undefined) this.#touch(range)
    else if (there !== undefined && isSameThing(there, entry)) {
      this.#touch({ ...range, kept: placed(kept, slot), ...shrunk(there, entry) })
    } else {
      this.#touch(range)
      if (former?.slot !== undefined) this.#copy(former.slot, entry, kept)
    }
    for (const region of regions) this.#add(region, { start: slot.start, size })
  }

  /** By the start of the slot, of the last commit; of entries that may differ. */
  get #oldOwners(): ReadonlyMap<number, EntryRecord> {
    if (this.#lazyOldOwners === undefined) {
      this.#lazyOldOwners = new Map()
      if (this.#old.isEmpty) return this.#lazyOldOwners
      for (const old of this.#before.values()) if (old?.slot !== undefined) this.#lazyOldOwners.set(old.slot.start, old)
    }
    return this.#lazyOldOwners
  }

  /** Entries that moved, shrank or went since the last commit. */
  follow(): void {
    if (this.#old.isEmpty) return
    const owners = new Map<number, PathKey>()
    for (const key of this.#before.keys()) {
      const start = this.#model.entries.get(key)?.slot?.start
      if (start !== undefined) owners.set(start, key)
    }
    for (const [key, old] of this.#before) if (old?.slot !== undefined) this.#followOne(key, old, owners)
  }

  /** Everything, for a map that was empty. */
  *items(): Generator<MapItem> {
    for (let index = 0; index < this.#rows.count; index++) yield this.#rows.row(index)
  }

  /** What is different, ascending. */
  changes(): MapChange[] {
    const changes: MapChange[] = []
    const touched = disjoint(this.#touched.values())
    let next = 0
    for (let sizeClass = 0; sizeClass < sizeClassCount; sizeClass++) {
      const end = this.#rows.firstAtOrAfter({ sizeClass: sizeClass + 1, start: 0 })
      for (const { key, value } of this.#old.inClass(sizeClass, touched)) {
        while (next < end && compareBytes(this.#rows.key(next), key) < 0) changes.push(this.#rows.row(next++))
        const isAgain = next < end && equalBytes(this.#rows.key(next), key)
        if (!isAgain) changes.push({ key, value: null })
        else if (!equalBytes(this.#rows.value(next++), value)) changes.push(this.#rows.row(next - 1))
      }
      while (next < end) changes.push(this.#rows.row(next++))
    }
    return changes
  }

  #followOne(key: PathKey, old: EntryRecord, owners: ReadonlyMap<number, PathKey>): void {
    const slot = old.slot as Run
    const range = { start: slot.start, end: slot.start + slot.length }
    const owner = owners.get(slot.start)
    const heir = owner === undefined ? undefined : this.#model.entries.get(owner)
    const isNamed = owner !== undefined && this.#named.has(owner)
    if (heir !== undefined && isSameThing(old, heir)) {
      if (!isNamed && heir.size < old.size) this.#touch({ ...range, kept: slot, ...shrunk(old, heir) })
      return
    }
    if (!isNamed) this.#touch(range)
    const now = this.#model.entries.get(key)
    if (now?.slot === undefined || this.#named.has(key)) return
    this.#touch({ start: now.slot.start, end: now.slot.start + now.slot.length })
    this.#copy(slot, now, { start: 0, length: slot.length })
  }

  /** What begins in that run of the old slot, at the entry's new place; not what lies beyond its content. */
  #copy(from: Run, { slot, size }: EntryRecord, run: Run): void {
    const to = slot as Run
    const length = Math.min(run.length, from.length - run.start)
    for (const { place, value } of this.#old.inRun(placed({ start: run.start, length }, from))) {
      const offset = place.start - from.start
      if (offset >= size || offset + regionLength(value) > size) continue
      this.#rows.add({ ...place, start: to.start + offset }, value)
    }
  }

  #add(region: Region, content: { readonly start: number; readonly size: number }): void {
    const { offset, layer } = region
    const isPlace = Number.isSafeInteger(offset) && offset >= 0 && layer >= 0 && layer <= 0xff
    assert(isPlace, `a region had the offset ${offset}, the layer ${layer}`)
    if (offset >= content.size) return
    const length = Math.min(region.length, content.size - offset)
    const start = content.start + offset
    this.#rows.add({ sizeClass: sizeClassOf(length), start, layer }, encodeRegion({ ...region, length }))
  }

  #touch(touched: Touched): void {
    this.#touched.set(touched.start, touched)
  }
}

function placed({ start, length }: Run, slot: Run): Run {
  return { start: slot.start + start, length }
}

/** Under another name it has to hold the same: an inode may be a new file's by now, with the old one's slot. */
function isSameThing(old: EntryRecord, now: EntryRecord): boolean {
  if (equalBytes(old.path, now.path)) return true
  return old.contentId !== undefined && now.contentId !== undefined && equalBytes(old.contentId, now.contentId)
}

/** Where what is kept has to end now; nothing where the content is as long as it was. */
function shrunk(old: EntryRecord, now: EntryRecord): { limit?: number } {
  return now.size < old.size && now.slot !== undefined ? { limit: now.slot.start + now.size } : {}
}

/** Ascending; of two that overlap, which only a damaged brick has, the first ends where the second begins. */
function disjoint(touched: Iterable<Touched>): Touched[] {
  const sorted = [...touched].sort((a, b) => a.start - b.start)
  return sorted.map((one, i) => ({ ...one, end: Math.min(one.end, sorted[i + 1]?.start ?? one.end) }))
}
