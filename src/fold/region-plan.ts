/**
 * What a commit's REGIONS become (spec 8.3): what the artifact says of its entries replaces what the brick had of them,
 * what analyzers say replaces what they said, and regions go where their entries go.
 *
 * A region lies inside the content of its entry, so it is kept by the position of the entry's slot: an entry that moves
 * takes its regions along, one that goes takes them away, and with another content it loses what analyzers said of the one
 * before. Reads only the parts of the map that may differ. Long because one plan holds all that decides about a row.
 */
import { assert } from '../base/assert.ts'
import { bytesKey, compareBytes, equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { Region } from '../base/region.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { MapChange, MapItem } from '../brick/page-map.ts'
import { sizeClassCount, sizeClassOf } from '../brick/region-key.ts'
import { decodeRegion, encodeRegion, regionLength } from '../brick/region-record.ts'
import type { EntryRegions } from '../source/artifact.ts'
import type { Before } from './maps.ts'
import type { BrickModel, PathKey } from './model.ts'
import { RegionCounts } from './region-counts.ts'
import { RegionRows } from './region-rows.ts'
import { isModel, type OldRegions, type Speaker, type Touched } from './regions-before.ts'

/** Of an entry as it is in the last commit. What is left out stays as it was. */
export interface SaidOfEntry {
  readonly path: Uint8Array
  /** By analyzers that are no model; each with its detector. */
  readonly regions?: readonly Region[]
  /** By a model; the detector begins with `model/`. */
  readonly described?: readonly Region[]
}

export class RegionPlan {
  readonly #model: BrickModel
  readonly #old: OldRegions
  readonly #before: Before
  readonly #rows = new RegionRows()
  /** By the start of the slot. */
  readonly #touched = new Map<number, Touched>()
  readonly #named = new Set<PathKey>()
  /** How many more there are than before. */
  readonly counts = new RegionCounts()
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
    const isHere = there !== undefined && isSameThing(there, entry)
    const origin = isHere ? there : former
    const areLabelsTrue = origin !== undefined && hasSameContent(origin, entry)
    if (kept === undefined) this.#touch(range)
    else if (isHere) {
      const labels = this.#labelsOf(areLabelsTrue)
      this.#touch({ ...range, kept: placed(kept, slot), ...shrunk(there, entry), ...labels })
    } else {
      this.#touch(range)
      if (former?.slot !== undefined) this.#copy(former.slot, entry, { run: kept, speaker: 'source' })
    }
    for (const region of regions) this.#add(region, { start: slot.start, size })
    if (!areLabelsTrue || origin?.slot === undefined || !this.#old.hasLabels) return
    // What lies in `kept` stays where it is; the rest is numbered anew behind what the artifact says.
    const runs = isHere && kept !== undefined ? outside(kept, origin.slot) : [{ start: 0, length: origin.slot.length }]
    for (const run of runs) this.#copy(origin.slot, entry, { run, speaker: 'labels' })
  }

  /** What analyzers say of an entry; what the source said stays, and is not said again. */
  label({ path, regions, described }: SaidOfEntry): void {
    const key = bytesKey(path)
    assert(!this.#named.has(key), 'analyzers gave the regions of an entry twice')
    this.#named.add(key)
    const entry = this.#model.entries.get(key)
    if (entry?.slot === undefined) return
    const { slot, size } = entry
    this.#touch({ start: slot.start, end: slot.start + slot.length })
    const whole = { start: 0, length: slot.length }
    /** Sections and symbols of a module, say, are there already: they need no second word. */
    const known = new Set<string>()
    this.#copy(slot, entry, { run: whole, speaker: 'source', copied: (value, at) => known.add(thingOf(value, at)) })
    for (const [said, speaker] of [
      [regions, 'analyzers'],
      [described, 'model'],
    ] as const) {
      if (said === undefined) this.#copy(slot, entry, { run: whole, speaker })
      for (const region of said ?? []) {
        assert(
          isModel(region.detector ?? '') === (speaker === 'model'),
          `${speaker} gave a region of ${region.detector}`,
        )
        assert(region.detector !== undefined, 'a label had no detector')
        if (region.finding === undefined && known.has(nameOfThing(region))) continue
        this.#add(region, { start: slot.start, size })
      }
    }
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
    for (let index = 0; index < this.#rows.count; index++) {
      const row = this.#rows.row(index)
      this.counts.add(row.value, 1)
      yield row
    }
  }

  /** What is different, ascending. */
  changes(): MapChange[] {
    const changes: MapChange[] = []
    const touched = disjoint(this.#touched.values())
    let next = 0
    for (let sizeClass = 0; sizeClass < sizeClassCount; sizeClass++) {
      const end = this.#rows.firstAtOrAfter({ sizeClass: sizeClass + 1, start: 0 })
      for (const { key, value } of this.#old.inClass(sizeClass, touched)) {
        while (next < end && compareBytes(this.#rows.key(next), key) < 0) changes.push(this.#coming(next++))
        const isAgain = next < end && equalBytes(this.#rows.key(next), key)
        if (isAgain && equalBytes(this.#rows.value(next), value)) {
          next++
          continue
        }
        this.counts.add(value, -1)
        changes.push(isAgain ? this.#coming(next++) : { key, value: null })
      }
      while (next < end) changes.push(this.#coming(next++))
    }
    return changes
  }

  #coming(index: number): MapItem {
    const row = this.#rows.row(index)
    this.counts.add(row.value, 1)
    return row
  }

  #labelsOf(areTrue: boolean): { labels?: 'go' } {
    return areTrue || !this.#old.hasLabels ? {} : { labels: 'go' }
  }

  #followOne(key: PathKey, old: EntryRecord, owners: ReadonlyMap<number, PathKey>): void {
    const slot = old.slot as Run
    const range = { start: slot.start, end: slot.start + slot.length }
    const owner = owners.get(slot.start)
    const heir = owner === undefined ? undefined : this.#model.entries.get(owner)
    const isNamed = owner !== undefined && this.#named.has(owner)
    if (heir !== undefined && isSameThing(old, heir)) {
      const changed = { ...shrunk(old, heir), ...this.#labelsOf(hasSameContent(old, heir)) }
      if (!isNamed && Object.keys(changed).length > 0) this.#touch({ ...range, kept: slot, ...changed })
      return
    }
    if (!isNamed) this.#touch(range)
    const now = this.#model.entries.get(key)
    if (now?.slot === undefined || this.#named.has(key)) return
    this.#touch({ start: now.slot.start, end: now.slot.start + now.slot.length })
    const speaker = hasSameContent(old, now) ? 'all' : 'source'
    this.#copy(slot, now, { run: { start: 0, length: slot.length }, speaker })
  }

  /** What that speaker said and begins in that run of the old slot, at the entry's new place; not what lies beyond its content. */
  #copy(from: Run, { slot, size }: EntryRecord, { run, speaker, copied }: Copying): void {
    const to = slot as Run
    const length = Math.min(run.length, from.length - run.start)
    for (const { place, value } of this.#old.inRun(placed({ start: run.start, length }, from), speaker)) {
      const offset = place.start - from.start
      if (offset >= size || offset + regionLength(value) > size) continue
      this.#rows.add({ ...place, start: to.start + offset }, value)
      copied?.(value, offset)
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

interface Copying {
  readonly run: Run
  readonly speaker: Speaker
  /** Told of each, with its offset in the content. */
  readonly copied?: (value: Uint8Array, offset: number) => void
}

function thingOf(value: Uint8Array, offset: number): string {
  const { class: kind, length, name } = decodeRegion(value)
  return nameOfThing({ class: kind, offset, length, name })
}

/** Two regions of the same name are of the same thing, whatever their layers and attributes are. */
function nameOfThing({
  class: kind,
  offset,
  length,
  name,
}: Pick<Region, 'class' | 'offset' | 'length' | 'name'>): string {
  return [kind, offset, length, name].join('\0')
}

function placed({ start, length }: Run, slot: Run): Run {
  return { start: slot.start + start, length }
}

/** Under another name it has to hold the same: an inode may be a new file's by now, with the old one's slot. */
function isSameThing(old: EntryRecord, now: EntryRecord): boolean {
  return equalBytes(old.path, now.path) || hasSameContent(old, now)
}

/** What analyzers said of the one is true of the other. */
function hasSameContent(old: EntryRecord, now: EntryRecord): boolean {
  return old.contentId !== undefined && now.contentId !== undefined && equalBytes(old.contentId, now.contentId)
}

/** Of [0, slot.length), what is not in `run`. */
function outside(run: Run, slot: Run): Run[] {
  const end = Math.min(run.start + run.length, slot.length)
  return [
    { start: 0, length: Math.min(run.start, slot.length) },
    { start: end, length: slot.length - end },
  ].filter(({ length }) => length > 0)
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
