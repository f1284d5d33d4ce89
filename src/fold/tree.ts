/**
 * Rebuilds the directory above the leaves: only the nodes on the paths to what changed, and what growing or shrinking
 * asks for. Subtrees of one kind cost nothing, however large: a hole of 1 TiB is one item.
 */
import { must } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { TileKind } from '../brick/node.ts'
import { framePointer, hashesPointer } from '../brick/node-table.ts'
import { type NodePointer, noPointer, type Pointer } from '../brick/pointer.ts'
import {
  type BareKind,
  bareKind,
  closeNode,
  type FoldContext,
  fanOut,
  hashAt,
  type NodeEdit,
  type NodeItem,
  openNode,
  type PreviousNode,
  readPage,
  setBare,
  setPointer,
} from './node-edit.ts'
import { chunkBytes, reducePage } from './summary.ts'

/** The directory of a commit. */
export interface TreeRoot {
  readonly height: number
  readonly pointer: NodePointer
  readonly hash: Uint8Array
  /** The page of level 4 * height + 2, offset 0 where nothing is owned. */
  readonly top: Pointer
}

/** Leaves [start, start + count) become `kind` where no leaf job says otherwise; later patches win. */
export interface LeafRange {
  readonly start: number
  readonly count: number
  readonly kind: BareKind
}

export interface TreeChange {
  readonly generation: number
  /** Height that the new length asks for. */
  readonly height: number
  readonly leaves: ReadonlyMap<number, NodeItem>
  readonly ranges: readonly LeafRange[]
}

export interface TreeResult {
  readonly root: TreeRoot
  readonly replacedBytes: number
  /** Leaves without a job whose bytes are not what they were; ascending. */
  readonly changedRanges: readonly Pick<LeafRange, 'start' | 'count'>[]
}

interface Build {
  readonly context: FoldContext
  readonly generation: number
  readonly leafIndexes: readonly number[]
  readonly leaves: ReadonlyMap<number, NodeItem>
  readonly changedRanges: Pick<LeafRange, 'start' | 'count'>[]
  replacedBytes: number
}

const emptyChunk = new Uint8Array(chunkBytes)

export function changeTree(context: FoldContext, previous: TreeRoot | undefined, change: TreeChange): TreeResult {
  const { generation, leaves } = change
  const leafIndexes = [...leaves.keys()].sort((a, b) => a - b)
  const build: Build = { context, generation, leafIndexes, leaves, changedRanges: [], replacedBytes: 0 }
  const height = Math.min(previous?.height ?? change.height, change.height)
  let item = previous === undefined ? bareItem(context, TileKind.absent, height) : shrunken(build, previous, height)
  for (let above = height + 1; above <= change.height; above++) item = wrap(build, above, item)
  item = buildNode(build, { height: change.height, index: 0 }, { item, ranges: change.ranges, use: 'root' })
  const root = { height: change.height, pointer: item.pointer, hash: item.hash, top: item.page }
  return { root, replacedBytes: build.replacedBytes, changedRanges: build.changedRanges }
}

/** The root, or its child 0 as often as the brick became shorter than its height. */
function shrunken(build: Build, previous: TreeRoot, height: number): NodeItem {
  let root = previous
  while (root.height > height) {
    const edit = openNode(build.context, { height: root.height, index: 0, generation: build.generation }, root.pointer)
    const child = childOf(edit, 0)
    if ('kind' in child.previous) return bareItem(build.context, child.previous.kind, height)
    root = { height: root.height - 1, pointer: child.previous, hash: hashAt(edit, 0).slice(), top: child.page }
  }
  return rootItem(build.context, root)
}

function rootItem(context: FoldContext, root: TreeRoot): NodeItem {
  const chunk = reducePage(context.kernel, readPage(context, root.top))
  return { kind: TileKind.stored, pointer: root.pointer, hash: root.hash, page: root.top, chunk, replacedBytes: 0 }
}

/** A new root above an old one, which becomes its child 0. */
function wrap(build: Build, height: number, child: NodeItem): NodeItem {
  const edit = openNode(build.context, { height, index: 0, generation: build.generation }, { kind: TileKind.absent })
  setChild(edit, 0, child)
  return closeNode(edit, noPointer, 'root')
}

interface Place {
  readonly height: number
  readonly index: number
}

interface NodeTask {
  /** The node as it is. */
  readonly item: Pick<NodeItem, 'kind' | 'pointer' | 'page' | 'hash'>
  readonly ranges: readonly LeafRange[]
  readonly use: 'child' | 'root'
}

function buildNode(build: Build, place: Place, { item, ranges, use }: NodeTask): NodeItem {
  if (place.height === 1) return buildLeaf(build, place.index, { item, ranges, use })
  const previous: PreviousNode = item.kind === TileKind.stored ? item.pointer : { kind: item.kind }
  const edit = openNode(build.context, { ...place, generation: build.generation }, previous)
  const leavesPerChild = fanOut ** (place.height - 2)
  for (let child = 0; child < fanOut; child++) {
    const index = place.index * fanOut + child
    const from = index * leavesPerChild
    const span = { from, to: from + leavesPerChild }
    const touching = ranges.filter((range) => range.start < span.to && range.start + range.count > span.from)
    const hasLeaves = leavesBetween(build, span)
    if (touching.length === 0 && !hasLeaves) continue
    const whole = hasLeaves ? undefined : coveringKind(touching, span)
    if (whole !== undefined) {
      const bare = bareItem(build.context, whole, place.height - 1)
      if (!equalBytes(bare.hash, hashAt(edit, child))) build.changedRanges.push({ start: from, count: leavesPerChild })
      setChild(edit, child, bare)
      continue
    }
    const old = childOf(edit, child)
    const hash = hashAt(edit, child).slice()
    const oldItem =
      'kind' in old.previous
        ? { kind: old.previous.kind, pointer: noNode, page: noPointer, hash }
        : { kind: TileKind.stored, pointer: old.previous, page: old.page, hash }
    setChild(
      edit,
      child,
      buildNode(build, { height: place.height - 1, index }, { item: oldItem, ranges: touching, use: 'child' }),
    )
  }
  const result = closeNode(edit, item.page, use)
  build.replacedBytes += result.replacedBytes
  return result
}

const noNode: NodePointer = { node: noPointer, hashes: noPointer }

function buildLeaf(build: Build, index: number, { item, ranges, use }: NodeTask): NodeItem {
  const made = build.leaves.get(index)
  const kind = made === undefined ? coveringKind(ranges, { from: index, to: index + 1 }) : undefined
  const result = made ?? (kind === undefined ? undefined : bareItem(build.context, kind, 1))
  if (made === undefined && result !== undefined && !equalBytes(result.hash, item.hash)) {
    build.changedRanges.push({ start: index, count: 1 })
  }
  if (use === 'child') return must(result, 'a change of the leaf')
  if (result !== undefined && result.kind === TileKind.stored) return result
  if (result === undefined && item.kind === TileKind.stored) {
    const edit = openNode(build.context, { height: 1, index, generation: build.generation }, item.pointer)
    return closeNode(edit, item.page, 'root')
  }
  const edit = openNode(
    build.context,
    { height: 1, index, generation: build.generation },
    { kind: bareKind(result?.kind ?? item.kind) },
  )
  return closeNode(edit, noPointer, 'root')
}

function leavesBetween({ leafIndexes }: Build, { from, to }: { from: number; to: number }): boolean {
  let low = 0
  let high = leafIndexes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((leafIndexes[middle] as number) < from) low = middle + 1
    else high = middle
  }
  return low < leafIndexes.length && (leafIndexes[low] as number) < to
}

/** The kind of the last range, where it covers the whole span. */
function coveringKind(ranges: readonly LeafRange[], { from, to }: { from: number; to: number }): BareKind | undefined {
  const last = ranges.at(-1)
  return last !== undefined && last.start <= from && last.start + last.count >= to ? last.kind : undefined
}

function bareItem({ merkle }: FoldContext, kind: BareKind, height: number): NodeItem {
  const hash = merkle.subtree({ kind, height, fillByte: 0 })
  return { kind, pointer: noNode, hash, page: noPointer, chunk: emptyChunk, replacedBytes: 0 }
}

function childOf({ table }: NodeEdit, child: number): { previous: PreviousNode; page: Pointer } {
  const kind = table.a.kinds[child] as number
  if (kind !== TileKind.stored) return { previous: { kind: bareKind(kind) }, page: noPointer }
  const pointer = { node: framePointer(table.a, child), hashes: hashesPointer(table.a, child) }
  return { previous: pointer, page: framePointer(table.b, child) }
}

function setChild(edit: NodeEdit, child: number, item: NodeItem): void {
  const { a, b } = edit.table
  if (!equalBytes(hashAt(edit, child), item.hash)) {
    hashAt(edit, child).set(item.hash)
    edit.touched = true
  }
  if (item.kind === TileKind.stored) {
    const old = a.kinds[child] === TileKind.stored ? (a.offsets[child] as number) : -1
    if (old !== item.pointer.node.offset) {
      // The child counted its own replaced frames: take its item over without counting them again.
      edit.touched = true
      a.kinds[child] = TileKind.stored
      a.births[child] = edit.generation
      a.offsets[child] = item.pointer.node.offset
      a.lengths[child] = item.pointer.node.storedLength
      must(a.hashOffsets, 'hash offsets')[child] = item.pointer.hashes.offset
      must(a.hashLengths, 'hash lengths')[child] = item.pointer.hashes.storedLength
    }
  } else {
    setBare(edit, a, child, { kind: item.kind })
  }
  takePage(edit, child, item.page)
  edit.chunks.set(child, item.chunk)

  function takePage(into: NodeEdit, at: number, page: Pointer): void {
    const before = into.replacedBytes
    if (page.offset === 0) setBare(into, b, at, { kind: TileKind.absent })
    else setPointer(into, b, at, page)
    into.replacedBytes = before
  }
}
