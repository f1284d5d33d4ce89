/** ENTRIES and SLOTS of a commit, from what differs between the model and the last commit. */
import { bytesKey, compareBytes, equalBytes } from '../base/bytes.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { type EntryRecord, encodeEntry, keyOfPath } from '../brick/entry-record.ts'
import { encodeSlotRecord, slotKey } from '../brick/map-records.ts'
import { emptyMap, type MapChange, updateMap } from '../brick/page-map.ts'
import { frameBytes, type Pointer } from '../brick/pointer.ts'
import type { BrickWriter } from '../store/brick-writer.ts'
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

/** A change of ENTRIES; `settles` where a second look has proven what a racy record says, and nothing else. */
export type EntryChange = MapChange & { readonly settles: boolean }

/** Ascending by key. */
export function entryChanges(model: BrickModel, before: Before): EntryChange[] {
  const changes: (EntryChange & { order: string })[] = []
  for (const [key, old] of before) {
    const now = model.entries.get(key)
    const path = (now ?? old)?.path
    if (path === undefined) continue
    const value = now === undefined ? null : encodeEntry(now)
    if (value !== null && old !== undefined && equalBytes(value, encodeEntry(old))) continue
    const mapKey = keyOfPath(path)
    changes.push({ key: mapKey, value, order: bytesKey(mapKey), settles: isSettled(old, now) })
  }
  // One character a byte: the order of the strings is that of the keys.
  return changes.sort((a, b) => (a.order < b.order ? -1 : 1))
}

export function writeMaps(
  writer: BrickWriter,
  model: BrickModel,
  { before, entryChanges }: { before: Before; entryChanges: readonly EntryChange[] },
): WrittenMaps {
  const record = writer.head?.record
  if (record !== undefined && entryChanges.length === 0) {
    const { entries, slots, treeHash, metaHash } = record
    return { entries, slots, treeHash, metaHash, replacedBytes: 0 }
  }
  const slotChanges = changedSlots(model, before)
  const entries = updateMap(writer.pages, 'entries', record?.entries ?? emptyMap, entryChanges)
  const slots = updateMap(writer.pages, 'slots', record?.slots ?? emptyMap, slotChanges)
  return {
    entries: entries.root,
    slots: slots.root,
    treeHash: entries.root.treeHash,
    metaHash: entries.root.metaHash,
    replacedBytes: sum(entries.replaced) + sum(slots.replaced),
  }
}

function isSettled(old: EntryRecord | undefined, now: EntryRecord | undefined): boolean {
  if (old === undefined || now === undefined || !old.flags.racy || now.flags.racy) return false
  return equalBytes(encodeEntry({ ...now, flags: { ...now.flags, racy: true } }), encodeEntry(old))
}

function changedSlots(model: BrickModel, before: Before): MapChange[] {
  const values = new Map<number, Uint8Array | null>()
  for (const old of before.values()) if (old?.slot !== undefined) values.set(old.slot.start, null)
  for (const key of before.keys()) {
    const now = model.entries.get(key)
    if (now?.slot === undefined) continue
    values.set(now.slot.start, encodeSlotRecord({ length: now.slot.length, entryKey: keyOfPath(now.path) }))
  }
  return [...values]
    .map(([start, value]) => ({ key: slotKey(start), value }))
    .sort((a, b) => compareBytes(a.key, b.key))
}

function sum(replaced: readonly Pointer[]): number {
  return replaced.reduce((bytes, { storedLength }) => bytes + frameBytes(storedLength), 0)
}
