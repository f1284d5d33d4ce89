/** Bricks that no fold would make: every frame and hash is right for itself, what they say together is not. */
import { randomBytes } from 'node:crypto'
import { equalBytes, utf8 } from '../../src/base/bytes.ts'
import { type EntryRecord, encodeEntry, keyOfPath } from '../../src/brick/entry-record.ts'
import { FrameType } from '../../src/brick/frame.ts'
import { encodeSlotRecord, slotKey } from '../../src/brick/map-records.ts'
import { fanOut, hashBytes, heightFor, tileCount, tilesAt } from '../../src/brick/merkle.ts'
import { createNode, encodeNode, type NodeTable, setFrame, setKind, TileKind } from '../../src/brick/node.ts'
import { buildMap, type MapItem } from '../../src/brick/page-map.ts'
import { type NodePointer, noPointer } from '../../src/brick/pointer.ts'
import { merkle } from '../../src/store/brick-view.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'

export interface ForgedNode {
  readonly pointer: NodePointer
  readonly hash: Uint8Array
}

export interface Forgery {
  /** N. */
  readonly length: number
  readonly root: ForgedNode
  /** Bytewise keys are made of the paths as they are. */
  readonly entries: readonly EntryRecord[]
}

export const random = { bytes: (count: number) => Uint8Array.from(randomBytes(count)) }

/** Writes a brick of one commit with these parts. */
export function forge(path: string, make: (writer: BrickWriter) => Forgery): void {
  const writer = BrickWriter.create(utf8(path), random)
  try {
    const { length, root, entries } = make(writer)
    const records = entries.map((entry) => ({ key: keyOfPath(entry.path), value: encodeEntry(entry) }))
    const entryMap = buildMap(writer.pages, 'entries', sorted(records))
    const slots = entries.flatMap(({ path: owner, slot }) =>
      slot === undefined
        ? []
        : [{ key: slotKey(slot.start), value: encodeSlotRecord({ length: slot.length, entryKey: keyOfPath(owner) }) }],
    )
    writer.commit({
      time: { seconds: 0, nanoseconds: 0 },
      length,
      height: heightFor(length),
      root: root.pointer,
      topOverview: noPointer,
      entries: entryMap,
      slots: buildMap(writer.pages, 'slots', sorted(slots)),
      contentRoot: merkle.contentRoot(length, root.hash),
      treeHash: entryMap.treeHash,
      metaHash: entryMap.metaHash,
      meta: {
        kind: 'tree',
        source: utf8('/forged'),
        name: 'forged \x1b[31m\x9b',
        district: { x: 0, y: 0 },
        worldReadable: false,
        exclude: [],
        tool: 'forge',
        unknown: {},
      },
      replacedBytes: 0,
      extras: {
        reason: '\x1b]0;x\x07',
        dirty: [],
        dirtyTiles: 0,
        counts: { entries: entries.length, bytes: 0, unreadable: 0, torn: 0 },
      },
    })
  } finally {
    writer.close()
  }
}

/** A node whose items inside `length` are all the one child (of a leaf node: a DATA frame). */
export function repeatedNode(
  writer: BrickWriter,
  { height, child, length }: { height: number; child: ForgedNode; length: number },
): ForgedNode {
  const table = createNode(height)
  const hashes = new Uint8Array(fanOut * hashBytes)
  const count = Math.min(fanOut, Math.ceil(tileCount(length) / tilesAt(height - 1)))
  for (let item = 0; item < fanOut; item++) {
    if (item < count) {
      const frames =
        height === 1 ? { frame: child.pointer.node } : { frame: child.pointer.node, hashes: child.pointer.hashes }
      setFrame(table.a, item, { kind: TileKind.shared, birth: 1, ...frames })
    } else setKind(table.a, item, { kind: TileKind.absent })
    hashes.set(item < count ? child.hash : merkle.zero(height - 1), item * hashBytes)
  }
  return writeNode(writer, table, hashes)
}

export function writeNode(writer: BrickWriter, table: NodeTable, hashes: Uint8Array): ForgedNode {
  const node = writer.append(FrameType.node, 0n, encodeNode(table))
  const pointer = { node, hashes: writer.append(FrameType.hashes, 0n, hashes) }
  return { pointer, hash: merkle.node(table.height, hashes) }
}

/** A DATA frame. */
export function writeTile(writer: BrickWriter, bytes: Uint8Array): ForgedNode {
  const node = writer.append(FrameType.data, 0n, bytes)
  return { pointer: { node, hashes: noPointer }, hash: merkle.leaf(bytes) }
}

/** Nothing but holes. */
export function emptyRoot(writer: BrickWriter, length: number): ForgedNode {
  const table = createNode(heightFor(length))
  const hashes = new Uint8Array(fanOut * hashBytes)
  const itemTiles = tilesAt(table.height - 1)
  for (let item = 0; item < fanOut; item++) {
    const isInside = item * itemTiles < tileCount(length)
    setKind(table.a, item, { kind: isInside ? TileKind.hole : TileKind.absent })
    hashes.set(merkle.zero(table.height - 1), item * hashBytes)
  }
  return writeNode(writer, table, hashes)
}

export function entryOf(path: string, more: Partial<EntryRecord> = {}): EntryRecord {
  const zeroTime = { seconds: 0, nanoseconds: 0 }
  return {
    path: utf8(path),
    kind: 'dir',
    mode: 0o755,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: 0,
    mtime: zeroTime,
    ctime: zeroTime,
    ino: 0n,
    dev: 0n,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
    flags: { torn: false, racy: false, special: false },
    grown: 0,
    unknown: [],
    ...more,
  }
}

function sorted(items: readonly MapItem[]): readonly MapItem[] {
  const ascending = [...items].sort((a, b) => Buffer.compare(a.key, b.key))
  return ascending.filter(({ key }, i) => i === 0 || !equalBytes(key, (ascending[i - 1] as MapItem).key))
}
