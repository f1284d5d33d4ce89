/**
 * Bricks made from a plan, byte for byte the same anywhere: no clock, no chance, no file system, no library's compressor.
 *
 * Built from the codecs of src/brick, not by the fold: a plan says where every content lies. `changes` make the last
 * commit wrong in one place; everything that is computed from that place is computed from the wrong value, so that
 * exactly one rule fails.
 */
import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import type { Timestamp } from '../../../src/base/entry.ts'
import type { Region } from '../../../src/base/region.ts'
import { encodeCommitPayload, encodeExtras } from '../../../src/brick/commit.ts'
import { type CommitRecord, commitId, commitRecordBytes, type MapRoot } from '../../../src/brick/commit-record.ts'
import { type EntryRecord, encodeEntry, keyOfPath } from '../../../src/brick/entry-record.ts'
import { FrameType, frameId } from '../../../src/brick/frame.ts'
import { encodeHistory, encodeSlotRecord, historyKey, slotKey } from '../../../src/brick/map-records.ts'
import { heightFor } from '../../../src/brick/merkle.ts'
import { type BrickMeta, encodeMeta, type MetaKind } from '../../../src/brick/meta.ts'
import { padBytesAfter } from '../../../src/brick/pad.ts'
import { type BuiltRoot, buildMap, type MapItem, type MapName, type PageStore } from '../../../src/brick/page-map.ts'
import { frameBytes, headBytes, noPointer, type Pointer } from '../../../src/brick/pointer.ts'
import { regionKey, sizeClassOf } from '../../../src/brick/region-key.ts'
import { encodeRegion } from '../../../src/brick/region-record.ts'
import { encodeSlot, inlineBytesMax } from '../../../src/brick/slot.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import { type DirectoryChanges, writeDirectory } from './directory.ts'
import { type FrameChange, FrameLog } from './frame-log.ts'
import { isUnreadable, type PlannedEntry, PlannedSpace } from './space.ts'

export interface CommitPlan {
  readonly reason: string
  /** N. */
  readonly length: number
  readonly entries: readonly PlannedEntry[]
  /** Tiles that are not just STORED: TileKind by index. */
  readonly kinds?: { readonly [tile: number]: number }
  /** `shared`: equal tiles have one frame. */
  readonly tiles?: 'single' | 'shared'
  readonly regions?: readonly PlannedRegion[]
  /** What META of this commit says differently. */
  readonly meta?: Partial<BrickMeta>
}

/** `start` is a position in the brick's space. Ordinals follow from the order. */
export type PlannedRegion = Omit<Region, 'offset'> & { readonly start: number }

export interface BrickPlan {
  /** Of the fixture, without `.brick`; uuid, epoch and random bytes follow from it. */
  readonly name: string
  readonly kind: MetaKind
  readonly commits: readonly CommitPlan[]
}

export interface Changes extends DirectoryChanges {
  readonly frame?: FrameChange
  /** Keys and encoded records, ascending. */
  readonly items?: (map: MapName, items: readonly MapItem[]) => readonly MapItem[]
  /** Undefined: built as it should be. */
  readonly map?: (map: MapName, items: readonly MapItem[], store: PageStore) => BuiltRoot | undefined
  readonly meta?: (payload: Uint8Array) => Uint8Array
  readonly extras?: (payload: Uint8Array) => Uint8Array
  /** Before the commit id is computed. */
  readonly record?: (record: CommitRecord) => CommitRecord
}

/** The whole file. */
export function makeBrick(plan: BrickPlan, changes: Changes = {}): Uint8Array {
  return new BrickMaker(plan, changes).make()
}

const commitSeconds = 1_700_000_000

interface Committed {
  readonly record: CommitRecord
  readonly pointer: Pointer
}

class BrickMaker {
  readonly #plan: BrickPlan
  readonly #changes: Changes
  readonly #log: FrameLog
  readonly #uuid: Uint8Array
  readonly #epoch: Uint8Array
  readonly #commits: Committed[] = []
  readonly #head = new Uint8Array(headBytes)

  constructor(plan: BrickPlan, changes: Changes) {
    this.#plan = plan
    this.#changes = changes
    this.#uuid = seeded(plan.name, 'uuid').subarray(0, 16)
    this.#epoch = seeded(plan.name, 'epoch').subarray(0, 8)
    this.#log = new FrameLog(this.#epoch, changes.frame)
  }

  make(): Uint8Array {
    this.#log.append({ type: FrameType.ident, id: 0n, payload: concatBytes([this.#uuid, this.#epoch]), codec: 'raw' })
    for (const commit of this.#plan.commits) this.#commit(commit)
    return concatBytes([this.#head, this.#log.bytes()])
  }

  get #generation(): number {
    return this.#commits.length + 1
  }

  #commit(commit: CommitPlan): void {
    const changes = this.#generation === this.#plan.commits.length ? this.#changes : {}
    const space = new PlannedSpace(commit.length, commit.entries, commit.kinds)
    const log = this.#log
    const height = heightFor(commit.length)
    const { tiles = 'single' } = commit
    const directory = writeDirectory({ space, log, generation: this.#generation, height, tiles, changes })
    const entries = completed(commit.entries, space)
    const entriesRoot = this.#map('entries', entriesItems(entries), changes)
    const slotsRoot = this.#map('slots', slotsItems(entries), changes)
    const regionsRoot = this.#map('regions', regionsItems(commit.regions ?? []), changes)
    const historyRoot = this.#map('history', this.#commits.map(historyItem), changes)
    const metaBytes = this.#metaPayload(changes, commit.meta)
    const meta = {
      pointer: log.append({ type: FrameType.meta, id: 0n, payload: metaBytes }),
      hash: nodeTools.sha256(metaBytes),
    }
    const plain = encodeExtras(extrasOf(commit, entries))
    const extras = changes.extras?.(plain) ?? plain
    const end = log.end + frameBytes(commitRecordBytes + extras.length)
    const parent = this.#commits.at(-1)
    const draft: CommitRecord = {
      uuid: this.#uuid,
      epoch: this.#epoch,
      generation: this.#generation,
      time: commitTime(this.#generation),
      height,
      length: commit.length,
      fileEnd: end + padBytesAfter(end),
      liveBytes: end - headBytes,
      root: directory.root,
      topOverview: directory.top,
      entries: mapRoot(entriesRoot),
      slots: mapRoot(slotsRoot),
      regions: mapRoot(regionsRoot),
      history: mapRoot(historyRoot),
      meta,
      contentRoot: space.contentRoot(height),
      treeHash: entriesRoot.treeHash,
      metaHash: entriesRoot.metaHash,
      parent: parent?.pointer ?? noPointer,
      parentId: parent?.record.id ?? new Uint8Array(32),
      id: new Uint8Array(32),
      random: seeded(this.#plan.name, `random ${this.#generation}`).subarray(0, 16),
      extrasHash: nodeTools.sha256(extras),
    }
    this.#seal(changes.record?.(draft) ?? draft, extras)
  }

  /** COMMIT, PAD and the slot. */
  #seal(draft: CommitRecord, extras: Uint8Array): void {
    const record = { ...draft, id: commitId(draft, nodeTools) }
    const payload = encodeCommitPayload({ record, extras, tools: nodeTools })
    const id = frameId(0, record.generation)
    const pointer = this.#log.append({ type: FrameType.commit, id, payload, codec: 'raw' })
    this.#log.pad()
    const inline = this.#log.frameAt(record.root.node)
    const slot = encodeSlot({
      commit: pointer,
      record,
      tools: nodeTools,
      ...(inline.length <= inlineBytesMax && { inline }),
    })
    this.#head.set(slot, (record.generation % 2) * (headBytes / 2))
    this.#commits.push({ record, pointer })
  }

  #map(map: MapName, items: readonly MapItem[], changes: Changes): BuiltRoot {
    const log = this.#log
    const store: PageStore = {
      tools: nodeTools,
      generation: this.#generation,
      readPage: ({ offset }) => log.payloadAt(offset),
      writePage: (raw, number) => log.append({ type: FrameType.pages, id: frameId(number, 0), payload: raw }),
    }
    const changed = changes.items?.(map, items) ?? items
    return changes.map?.(map, changed, store) ?? buildMap(store, map, changed)
  }

  #metaPayload(changes: Changes, more: Partial<BrickMeta> = {}): Uint8Array {
    const { kind, name } = this.#plan
    const meta = encodeMeta({
      kind,
      source: utf8(`/fixtures/${name}`),
      name,
      district: { x: 0, y: 0 },
      worldReadable: true,
      exclude: [],
      tool: 'make-fixtures',
      unknown: {},
      ...more,
    })
    return changes.meta?.(meta) ?? meta
  }
}

/** 32 bytes that follow from two texts. */
function seeded(name: string, what: string): Uint8Array {
  return nodeTools.sha256(utf8(`${name} ${what}`))
}

function commitTime(generation: number): Timestamp {
  return { seconds: commitSeconds + 60 * generation, nanoseconds: 123_456_789 }
}

function mapRoot({ pointer, count, hash }: BuiltRoot): MapRoot {
  return { pointer, count, hash }
}

/** Content ids; those of hard links are those of what they name. */
function completed(entries: readonly PlannedEntry[], space: PlannedSpace): readonly EntryRecord[] {
  const byPath = new Map<string, EntryRecord>()
  const key = (path: Uint8Array) => Buffer.from(path).toString('hex')
  for (const { record } of entries) {
    const isRead = record.kind === 'file' && record.linkTo === undefined && !isUnreadable(record)
    byPath.set(key(record.path), isRead ? { ...record, contentId: space.contentId(record) } : record)
  }
  return [...byPath.values()].map((record) => {
    const contentId = record.linkTo && byPath.get(key(record.linkTo))?.contentId
    return contentId === undefined ? record : { ...record, contentId }
  })
}

function entriesItems(entries: readonly EntryRecord[]): readonly MapItem[] {
  return sorted(entries.map((entry) => ({ key: keyOfPath(entry.path), value: encodeEntry(entry) })))
}

function slotsItems(entries: readonly EntryRecord[]): readonly MapItem[] {
  const items = entries.flatMap(({ path, slot }) => {
    if (slot === undefined) return []
    const value = encodeSlotRecord({ length: slot.length, entryKey: keyOfPath(path) })
    return [{ key: slotKey(slot.start), value }]
  })
  return sorted(items)
}

function regionsItems(regions: readonly PlannedRegion[]): readonly MapItem[] {
  const ordinals = new Map<string, number>()
  const items = regions.map(({ start, layer, ...region }) => {
    const place = { sizeClass: sizeClassOf(region.length), start, layer }
    const alike = JSON.stringify(place)
    const ordinal = ordinals.get(alike) ?? 0
    ordinals.set(alike, ordinal + 1)
    return { key: regionKey({ ...place, ordinal }), value: encodeRegion(region) }
  })
  return sorted(items)
}

export function sorted(items: readonly MapItem[]): readonly MapItem[] {
  return items.toSorted((a, b) => Buffer.compare(a.key, b.key))
}

function historyItem({ record, pointer }: Committed): MapItem {
  const { id, time, fileEnd, generation } = record
  return { key: historyKey(generation), value: encodeHistory({ id, commit: pointer, time, fileEnd }) }
}

function extrasOf({ reason, length }: CommitPlan, entries: readonly EntryRecord[]) {
  const tiles = Math.ceil(length / 65_536)
  return {
    reason,
    dirty: tiles === 0 ? [] : [{ start: 0, length: tiles }],
    dirtyTiles: tiles,
    counts: {
      entries: entries.length,
      bytes: entries.reduce((sum, { size, linkTo }) => sum + (linkTo === undefined ? size : 0), 0),
      unreadable: entries.filter(({ unreadable }) => unreadable !== undefined).length,
      torn: entries.filter(({ flags }) => flags.torn).length,
    },
  }
}
