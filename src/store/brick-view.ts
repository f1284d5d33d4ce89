/**
 * One commit of a brick, for reading: tiles, overview pages, entries. Node tables are kept, bounded.
 *
 * A view never changes; a newer commit is another view of the same file.
 */
import type { Run } from '../base/entry.ts'
import type { CommitExtras } from '../brick/commit-extras.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { decodeEntry, type EntryRecord, keyOfPath, pathOfKey } from '../brick/entry-record.ts'
import { FrameType } from '../brick/frame.ts'
import { decodeSlotRecord, slotKey, slotStart } from '../brick/map-records.ts'
import { createMerkle } from '../brick/merkle.ts'
import { type BrickMeta, parseMeta } from '../brick/meta.ts'
import { type NodeTable, parseHashes, parseNode, type Section, TileKind } from '../brick/node.ts'
import { framePointer, hashesPointer } from '../brick/node-table.ts'
import { lookup, type PageStore, scan } from '../brick/page-map.ts'
import { type NodePointer, noPointer, type Pointer } from '../brick/pointer.ts'
import { type PlacedRegion, type RegionRange, scanRegions } from '../brick/region-scan.ts'
import type { BrickFile, Head } from './brick-file.ts'
import { nodeTools } from './node-tools.ts'
import { readOnlyPages } from './page-store.ts'

const fanOut = 256
const tileSizeBytes = 65_536
const cachedNodesMax = 256
export const merkle = createMerkle(nodeTools)

/** Where an item of the tree is. `pointer.offset` is 0 where the kind has no frame. */
export interface Located {
  readonly kind: number
  readonly fill: number
  readonly pointer: Pointer
}

interface OpenNode {
  readonly table: NodeTable
  readonly pointer: NodePointer
}

export class BrickView {
  readonly file: BrickFile
  readonly record: CommitRecord
  readonly pages: PageStore
  readonly #nodes = new Map<number, NodeTable>()
  #meta: BrickMeta | undefined
  readonly #commit: Pointer
  #extras: CommitExtras | undefined

  constructor(file: BrickFile, { record, commit }: Pick<Head, 'record' | 'commit'>) {
    this.file = file
    this.record = record
    this.#commit = commit
    this.pages = readOnlyPages(file, record)
  }

  get meta(): BrickMeta {
    const { pointer } = this.record.meta
    this.#meta ??= parseMeta(this.file.frame(FrameType.meta, pointer, this.record), pointer.offset)
    return this.#meta
  }

  /** Why this commit was made, what it changed, what it counts. */
  get extras(): CommitExtras {
    this.#extras ??= this.file.commit(this.#commit, this.record).extras
    return this.#extras
  }

  /** Tiles that N covers. */
  get tileCount(): number {
    return Math.ceil(this.record.length / tileSizeBytes)
  }

  locateTile(tile: number): Located {
    const found = this.#descend(tile, 1)
    if ('kind' in found) return { ...found, pointer: noPointer }
    return itemOf(found.node.table.a, found.item)
  }

  /** Page `index` of `level` 2, 4, .. 4 * height + 2. */
  locatePage(level: number, index: number): Located {
    const { height, topOverview } = this.record
    const absent: Located = { kind: TileKind.absent, fill: 0, pointer: noPointer }
    if (level === 4 * height + 2) {
      if (index !== 0 || topOverview.offset === 0) return absent
      return { kind: TileKind.stored, fill: 0, pointer: topOverview }
    }
    const nodeHeight = Math.ceil(level / 4)
    const isB = level % 4 === 2
    const found = this.#descend(isB ? index : index * 16, nodeHeight)
    if ('kind' in found) return absent
    return isB ? itemOf(found.node.table.b, found.item) : itemOf(found.node.table.c, Math.floor(found.item / 16))
  }

  /** Exactly 65,536 bytes, zeros where nothing is stored. */
  tile(tile: number): Uint8Array {
    const { kind, fill, pointer } = this.locateTile(tile)
    if (pointer.offset > 0) {
      const payload = this.file.frame(FrameType.data, pointer, this.record)
      if (payload.length === tileSizeBytes) return payload
      const padded = new Uint8Array(tileSizeBytes)
      padded.set(payload)
      return padded
    }
    return new Uint8Array(tileSizeBytes).fill(kind === TileKind.fill ? fill : 0)
  }

  /** 32 bytes, as recorded. */
  tileHash(tile: number): Uint8Array {
    const found = this.#descend(tile, 1)
    if ('kind' in found) return merkle.subtree({ kind: bareKind(found.kind), height: 0 })
    const hashes = this.#hashes(found.node.pointer.hashes)
    return hashes.slice(found.item * 32, found.item * 32 + 32)
  }

  /** HASHES payload of the root node. */
  rootHashes(): Uint8Array {
    return this.#hashes(this.record.root.hashes)
  }

  /** Bytes [start, start + length) of the brick's space, zeros where nothing is stored. */
  bytes({ start, length }: Run): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = start; at < start + length; ) {
      const tile = Math.floor(at / tileSizeBytes)
      const from = at - tile * tileSizeBytes
      const count = Math.min(tileSizeBytes - from, start + length - at)
      bytes.set(this.tile(tile).subarray(from, from + count), at - start)
      at += count
    }
    return bytes
  }

  entry(path: Uint8Array): EntryRecord | undefined {
    const value = lookup(this.pages, 'entries', this.record.entries, keyOfPath(path))
    return value === undefined ? undefined : decodeEntry(path, value)
  }

  /** In key order: a directory's entries together, directories in the order of their paths. */
  *entries(): Generator<EntryRecord> {
    for (const { key, value } of scan(this.pages, 'entries', this.record.entries, {})) {
      yield decodeEntry(pathOfKey(key), value)
    }
  }

  /** The slot that holds `position`, with its entry's path. */
  slotAt(position: number): { slot: Run; path: Uint8Array } | undefined {
    for (const found of this.slots({ start: position, length: 1 })) return found
    return undefined
  }

  /** Slots that touch the run, ascending. */
  *slots(run: Run): Generator<{ slot: Run; path: Uint8Array }> {
    const end = run.start + run.length
    const before = this.#slotBefore(run.start)
    if (before !== undefined && before.slot.start + before.slot.length > run.start) yield before
    const range = { from: slotKey(run.start), to: slotKey(end) }
    for (const { key, value } of scan(this.pages, 'slots', this.record.slots, range)) {
      const { length, entryKey } = decodeSlotRecord(value)
      yield { slot: { start: slotStart(key), length }, path: pathOfKey(entryKey) }
    }
  }

  /** Regions that touch the run of the brick's space: by start, then layer, then the longer first. */
  regions(range: RegionRange): Generator<PlacedRegion> {
    return scanRegions(this.pages, this.record.regions, range)
  }

  /**
   * The slot that begins before `position` and may reach over it. A slot of length L starts at a multiple of its cell,
   * so it begins at `position` rounded down to a cell of some order, or one or two cells before that.
   */
  #slotBefore(position: number): { slot: Run; path: Uint8Array } | undefined {
    for (let cell = 64; cell <= 4 ** 23 && cell <= 4 * this.record.length; cell *= 4) {
      // No slot of cells of this size crosses a multiple of four of them.
      if (position % (4 * cell) === 0) continue
      const base = Math.floor(position / cell) * cell
      for (const start of [base, base - cell, base - 2 * cell]) {
        if (start < 0 || start >= position) continue
        const value = lookup(this.pages, 'slots', this.record.slots, slotKey(start))
        if (value === undefined) continue
        const { length, entryKey } = decodeSlotRecord(value)
        if (start + length > position) return { slot: { start, length }, path: pathOfKey(entryKey) }
      }
    }
    return undefined
  }

  /** The node of `height` above leaf-order item `index`, or the kind of the subtree that stands for it. */
  #descend(index: number, height: number): { node: OpenNode; item: number } | { kind: number; fill: number } {
    if (Math.floor(index / fanOut ** (this.record.height - height + 1)) > 0) return { kind: TileKind.absent, fill: 0 }
    let node: OpenNode = this.#openNode(this.record.root, this.record.height)
    for (let at = this.record.height; at > height; at--) {
      const item = Math.floor(index / fanOut ** (at - height)) % fanOut
      const { kind, fill, pointer } = itemOf(node.table.a, item)
      if (pointer.offset === 0) return { kind, fill }
      node = this.#openNode({ node: pointer, hashes: hashesPointer(node.table.a, item) }, at - 1)
    }
    return { node, item: index % fanOut }
  }

  #hashes(pointer: Pointer): Uint8Array {
    return parseHashes(this.file.frame(FrameType.hashes, pointer, this.record), pointer.offset)
  }

  #openNode(pointer: NodePointer, height: number): OpenNode {
    const { offset } = pointer.node
    let table = this.#nodes.get(offset)
    if (table === undefined) {
      const payload = this.file.frame(FrameType.node, pointer.node, this.record)
      const { generation, fileEnd } = this.record
      table = parseNode(payload, { height, generation, fileEnd, offset })
      if (this.#nodes.size >= cachedNodesMax) this.#nodes.delete(this.#nodes.keys().next().value as number)
      this.#nodes.set(offset, table)
    }
    return { table, pointer }
  }
}

function itemOf(section: Section, item: number): Located {
  const kind = section.kinds[item] as number
  return { kind, fill: section.fill[item] as number, pointer: framePointer(section, item) }
}

/** Kinds whose tiles have a hash of their own: what stands for a subtree, PRUNED excepted, whose hash is with its parent. */
function bareKind(kind: number): 0 | 3 | 4 {
  return kind === TileKind.absent || kind === TileKind.unreadable ? kind : TileKind.hole
}
