/** ENTRIES and SLOTS of a commit, from what differs between the model and the last commit. */
import { equalBytes } from '../base/bytes.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { type EntryRecord, encodeEntry, keyOfPath } from '../brick/entry-record.ts'
import { encodeSlotRecord, slotKey } from '../brick/map-records.ts'
import { buildMap, type MapChange, type MapItem, updateMap } from '../brick/page-map.ts'
import { frameBytes, type Pointer } from '../brick/pointer.ts'
import type { BrickWriter } from '../store/brick-writer.ts'
import { bytesOfKey } from './entry-table.ts'
import type { BrickModel, PathKey } from './model.ts'

export interface WrittenMaps {
  readonly entries: MapRoot
  readonly slots: MapRoot
  readonly treeHash: Uint8Array
  readonly metaHash: Uint8Array
  readonly replacedBytes: number
}

/** What the last commit says of every entry that may differ. */
export type Before = ReadonlyMap<PathKey, EntryRecord | undefined>

/**
 * A change of ENTRIES; `settles` where a second look has proven what a racy record says, and nothing else. Key and value
 * are made each time they are asked for: a first commit has a change for every entry.
 */
export type EntryChange = MapChange & { readonly settles: boolean }

/** Ascending by key. */
export function entryChanges(model: BrickModel, before: Before): EntryChange[] {
  const changes: ModelChange[] = []
  for (const [key, old] of before) {
    if (old === undefined && !model.entries.has(key)) continue
    const now = model.entries.get(key)
    if (now !== undefined && old !== undefined && equalBytes(encodeEntry(now), encodeEntry(old))) continue
    changes.push(new ModelChange(model, key, isSettled(old, now)))
  }
  return changes.sort((a, b) => (a.order < b.order ? -1 : 1))
}

class ModelChange implements EntryChange {
  /** The key in ENTRIES with one character a byte: the order of these strings is that of the keys. */
  readonly order: string
  readonly settles: boolean
  readonly #model: BrickModel
  readonly #path: PathKey

  constructor(model: BrickModel, path: PathKey, settles: boolean) {
    this.order = orderOf(path)
    this.settles = settles
    this.#model = model
    this.#path = path
  }

  get key(): Uint8Array {
    return bytesOfKey(this.order)
  }

  get value(): Uint8Array | null {
    const now = this.#model.entries.get(this.#path)
    return now === undefined ? null : encodeEntry(now)
  }
}

function orderOf(path: PathKey): string {
  if (path === '') return ''
  const cut = path.lastIndexOf('/')
  return `${path.slice(0, Math.max(0, cut))}\0${path.slice(cut + 1)}`
}

export function writeMaps(
  writer: BrickWriter,
  model: BrickModel,
  { before, entryChanges }: { before: Before; entryChanges: readonly EntryChange[] },
): WrittenMaps {
  const record = writer.head?.record
  if (record === undefined) {
    const entries = buildMap(writer.pages, 'entries', present(entryChanges))
    const slots = buildMap(writer.pages, 'slots', present(changedSlots(model, before)))
    return { entries, slots, treeHash: entries.treeHash, metaHash: entries.metaHash, replacedBytes: 0 }
  }
  if (entryChanges.length === 0) {
    const { entries, slots, treeHash, metaHash } = record
    return { entries, slots, treeHash, metaHash, replacedBytes: 0 }
  }
  const entries = updateMap(writer.pages, 'entries', record.entries, entryChanges)
  const slots = updateMap(writer.pages, 'slots', record.slots, [...changedSlots(model, before)])
  return {
    entries: entries.root,
    slots: slots.root,
    treeHash: entries.root.treeHash,
    metaHash: entries.root.metaHash,
    replacedBytes: sum(entries.replaced) + sum(slots.replaced),
  }
}

/** What a new map holds. */
function* present(changes: Iterable<MapChange>): Generator<MapItem> {
  for (const { key, value } of changes) if (value !== null) yield { key, value }
}

function isSettled(old: EntryRecord | undefined, now: EntryRecord | undefined): boolean {
  if (old === undefined || now === undefined || !old.flags.racy || now.flags.racy) return false
  return equalBytes(encodeEntry({ ...now, flags: { ...now.flags, racy: true } }), encodeEntry(old))
}

/** Ascending by key. */
function* changedSlots(model: BrickModel, before: Before): Generator<MapChange> {
  /** By start: who owns the slot now, null where nobody does. */
  const owners = new Map<number, PathKey | null>()
  for (const old of before.values()) if (old?.slot !== undefined) owners.set(old.slot.start, null)
  for (const key of before.keys()) {
    const start = model.entries.get(key)?.slot?.start
    if (start !== undefined) owners.set(start, key)
  }
  for (const start of Float64Array.from(owners.keys()).sort()) {
    const owner = owners.get(start)
    const now = typeof owner === 'string' ? model.entries.get(owner) : undefined
    if (now?.slot === undefined) yield { key: slotKey(start), value: null }
    else
      yield { key: slotKey(start), value: encodeSlotRecord({ length: now.slot.length, entryKey: keyOfPath(now.path) }) }
  }
}

function sum(replaced: readonly Pointer[]): number {
  return replaced.reduce((bytes, { storedLength }) => bytes + frameBytes(storedLength), 0)
}
