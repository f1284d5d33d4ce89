/**
 * Reads everything that a commit holds and recomputes what can be recomputed: node and tile hashes, content ids, page
 * shapes, tree hash, slots against entries. Throws BrickDamage at the first thing that is wrong.
 *
 * Written for bricks that may be hostile: a shared subtree is walked once, and what a brick merely claims costs nothing.
 */
import { createHash } from 'node:crypto'
import { bytesKey, equalBytes } from '../../src/base/bytes.ts'
import { BrickDamage } from '../../src/brick/damage.ts'
import { decodeEntry, type EntryRecord, pathOfKey } from '../../src/brick/entry-record.ts'
import { FrameType } from '../../src/brick/frame.ts'
import { decodeSlotRecord, slotStart } from '../../src/brick/map-records.ts'
import { fanOut, tileBytes, tilesAt } from '../../src/brick/merkle.ts'
import { checkNodeExtent, parseHashes, parseNode, TileKind } from '../../src/brick/node.ts'
import { framePointer, hashesPointer, type Section } from '../../src/brick/node-table.ts'
import { checkMap } from '../../src/brick/page-check.ts'
import type { NodePointer, Pointer } from '../../src/brick/pointer.ts'
import { checkedRegion } from '../../src/brick/region-scan.ts'
import { isValidSlot } from '../../src/layout/slots.ts'
import type { BrickFile, Head } from '../../src/store/brick-file.ts'
import { BrickView, merkle } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'
import { isPruned } from '../../src/store/pruned.ts'

export interface DeepRead {
  readonly entries: ReadonlyMap<string, EntryRecord>
  readonly tileCount: number
}

/** Contents up to this size are hashed again. */
const contentBytesMax = 64 * 2 ** 20

export function readDeep(file: BrickFile, head: Pick<Head, 'record' | 'commit'>): DeepRead {
  const view = new BrickView(file, head)
  const { record } = view
  if (!equalBytes(file.commit(head.commit, record).record.id, record.id))
    fail('commit', 'the frame is of another commit')
  void view.meta
  void view.extras
  const walk = new TreeWalk(view)
  const hash = walk.node(record.root, { height: record.height, firstTile: 0 })
  if (!equalBytes(merkle.contentRoot(record.length, hash), record.contentRoot))
    fail('content', 'the content root is wrong')
  if (record.topOverview.offset > 0) file.frame(FrameType.overview, record.topOverview, record)
  const entries = readEntries(view)
  readSlots(view, entries)
  for (const entry of entries.values()) checkContent(view, entry)
  for (const { commit } of pastCommits(view)) file.commit(commit, record)
  checkMap(view.pages, 'history', record.history)
  checkMap(view.pages, 'regions', record.regions, { record: (key, value) => void checkedRegion(key, value) })
  for (const region of view.regions({ start: 0, end: record.length })) void region
  return { entries, tileCount: walk.tiles }
}

interface NodePlace {
  readonly height: number
  readonly firstTile: number
}

class TreeWalk {
  tiles = 0
  readonly #view: BrickView
  /** Hash by place in the file and height: children may be shared. */
  readonly #nodes = new Map<string, Uint8Array>()
  readonly #tileHashes = new Map<number, Uint8Array>()
  readonly #pages = new Set<number>()

  constructor(view: BrickView) {
    this.#view = view
  }

  /** The node's hash, everything beneath it read. */
  node(pointer: NodePointer, place: NodePlace): Uint8Array {
    const key = `${pointer.node.offset} ${pointer.hashes.offset} ${place.height}`
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const { file, record } = this.#view
    const { offset } = pointer.node
    const payload = file.frame(FrameType.node, pointer.node, record)
    const table = parseNode(payload, {
      height: place.height,
      generation: record.generation,
      fileEnd: record.fileEnd,
      offset,
    })
    checkNodeExtent(table, { firstTile: place.firstTile, length: record.length, offset })
    const hashes = parseHashes(file.frame(FrameType.hashes, pointer.hashes, record), pointer.hashes.offset)
    const hash = merkle.node(place.height, hashes)
    this.#nodes.set(key, hash)
    for (let item = 0; item < fanOut; item++) {
      const recorded = hashes.subarray(item * 32, item * 32 + 32)
      const firstTile = place.firstTile + item * tilesAt(place.height - 1)
      const found = this.#item(table.a, item, { height: place.height - 1, firstTile })
      if (found !== undefined && !equalBytes(found, recorded)) fail('node', `the hash of item ${item} is wrong`, offset)
      this.#page(framePointer(table.b, item))
    }
    for (let group = 0; group < 16; group++) this.#page(framePointer(table.c, group))
    return hash
  }

  /** Undefined for PRUNED. */
  #item(section: Section, item: number, place: NodePlace): Uint8Array | undefined {
    const kind = section.kinds[item] as number
    const frame = framePointer(section, item)
    if (frame.offset > 0) {
      if (place.height > 0) return this.node({ node: frame, hashes: hashesPointer(section, item) }, place)
      this.tiles++
      return this.#tile(frame)
    }
    if (kind === TileKind.pruned) return undefined
    const constant = kind as 0 | 2 | 3 | 4
    return merkle.subtree({ kind: constant, height: place.height, fillByte: section.fill[item] as number })
  }

  #tile(pointer: Pointer): Uint8Array {
    const known = this.#tileHashes.get(pointer.offset)
    if (known !== undefined) return known
    const { file, record } = this.#view
    const hash = merkle.leaf(file.frame(FrameType.data, pointer, record))
    this.#tileHashes.set(pointer.offset, hash)
    return hash
  }

  #page(pointer: Pointer): void {
    if (pointer.offset === 0 || this.#pages.has(pointer.offset)) return
    this.#pages.add(pointer.offset)
    this.#view.file.frame(FrameType.overview, pointer, this.#view.record)
  }
}

function readEntries(view: BrickView): Map<string, EntryRecord> {
  const { record } = view
  const entries = new Map<string, EntryRecord>()
  const root = checkMap(view.pages, 'entries', record.entries, {
    record: (key, value) => {
      const path = pathOfKey(key)
      entries.set(bytesKey(path), decodeEntry(path, value))
    },
  })
  if (!equalBytes(root.treeHash, record.treeHash)) fail('page-hash', 'the tree hash is wrong')
  if (!equalBytes(root.metaHash, record.metaHash)) fail('page-hash', 'the meta hash is wrong')
  for (const [key, { linkTo }] of entries) {
    const slash = key.lastIndexOf('/')
    const parent = slash < 0 ? '' : key.slice(0, slash)
    if (key !== '' && view.meta.kind === 'tree' && entries.get(parent)?.kind !== 'dir')
      fail('path', `${key} has no parent`)
    if (linkTo === undefined) continue
    const holder = entries.get(bytesKey(linkTo))
    if (holder?.kind !== 'file' || holder.linkTo !== undefined) fail('entry', `${key} is a link to nothing`)
  }
  return entries
}

function readSlots(view: BrickView, entries: ReadonlyMap<string, EntryRecord>): void {
  const { record } = view
  let end = 0
  let count = 0
  checkMap(view.pages, 'slots', record.slots, {
    record: (key, value) => {
      const slot = { start: slotStart(key), length: decodeSlotRecord(value).length }
      const owner = entries.get(bytesKey(pathOfKey(decodeSlotRecord(value).entryKey)))
      if (!isValidSlot(slot) || slot.start < end) fail('slots', `${slot.start} + ${slot.length} is no slot`)
      end = slot.start + slot.length
      if (end > record.length) fail('slots', `a slot ends at ${end}, the space at ${record.length}`)
      if (owner?.slot?.start !== slot.start || owner.slot.length !== slot.length)
        fail('slots', "a slot is not its entry's")
      count++
    },
  })
  const owners = [...entries.values()].filter(({ slot }) => slot !== undefined)
  if (owners.length !== count) fail('slots', `${owners.length} entries have slots, SLOTS has ${count}`)
}

function checkContent(view: BrickView, entry: EntryRecord): void {
  const { contentId, slot, size } = entry
  if (contentId === undefined || slot === undefined || size > contentBytesMax) return
  if (size <= tileBytes && isPruned(view, entry)) return
  const found =
    size <= tileBytes ? sha256(view.bytes({ start: slot.start, length: size })) : largeId(view, slot.start, size)
  if (!equalBytes(found, contentId)) fail('content', `the content id of ${bytesKey(entry.path)} is wrong`)
}

function largeId(view: BrickView, start: number, size: number): Uint8Array {
  const count = Math.ceil(size / tileBytes)
  const leaves = new Uint8Array(count * 32)
  for (let tile = 0; tile < count; tile++) leaves.set(view.tileHash(start / tileBytes + tile), tile * 32)
  return merkle.contentIdOf({ leaves, length: size })
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

function fail(
  rule: 'commit' | 'content' | 'node' | 'page-hash' | 'path' | 'entry' | 'slots',
  detail: string,
  offset = -1,
): never {
  throw new BrickDamage(rule, detail, offset)
}
