/**
 * Folds one leaf: reads the pieces of its dirty tiles into the kernel's memory, hashes, describes and compresses them,
 * writes the frames that are new, and returns the leaf's new node.
 *
 * A tile whose hash is what it was keeps its frame. Nothing here decides what is dirty or what a failed read means for
 * an entry: the caller does. Bytes that no entry owns are zero when the tile is hashed.
 */
import { equalBytes } from '../base/bytes.ts'
import { FrameType, frameId } from '../brick/frame.ts'
import { TileKind } from '../brick/node.ts'
import { framePointer } from '../brick/node-table.ts'
import { type Kernel, tileSizeBytes } from '../kernel/kernel.ts'
import { readFrame } from './frame-in.ts'
import { runsBetween, unpackCopies } from './job-pack.ts'
import { type LeafJob, type LeafResult, TileAction } from './leaf-job.ts'
import { type ReadOutcome, readPieces } from './leaf-read.ts'
import {
  type BareKind,
  closeNode,
  type FoldContext,
  hashAt,
  fanOut as leafTiles,
  type NodeEdit,
  openNode,
  setBare,
  setFrame,
} from './node-edit.ts'
import { chunkBytes } from './summary.ts'

const emptyChunk = new Uint8Array(chunkBytes)

/** A leaf while its job runs. */
interface Leaf {
  readonly edit: NodeEdit
  readonly job: LeafJob
  readonly outcome: ReadOutcome
  readonly changed: Uint8Array
}

/** Whether a tile is owned wholly, or as the kernel's mask says. */
type Ownership = 'all' | 'mask'

export function runLeafJob(context: FoldContext, job: LeafJob): LeafResult {
  const place = { height: 1, index: job.leafIndex, generation: job.generation }
  const edit = openNode(context, place, job.previous)
  const missing = [...loadPreviousTiles(edit, job), ...copyTiles(context, job)]
  for (const { at, bytes } of job.given) context.kernel.input.set(bytes, at)
  const outcome = readPieces(context.kernel.input, job)
  const leaf: Leaf = { edit, job, outcome, changed: new Uint8Array(leafTiles) }
  for (let tile = 0; tile < leafTiles; tile++) foldTile(leaf, tile)
  const item = closeNode(edit, job.previousPage, 'child')
  return {
    leafIndex: job.leafIndex,
    item,
    changedTiles: leaf.changed,
    files: outcome.files,
    missing,
    bytesRead: outcome.bytesRead,
  }
}

/** Returns the tiles whose bytes are not in the brick. */
function loadPreviousTiles({ context, table }: NodeEdit, job: LeafJob): number[] {
  const missing: number[] = []
  for (let tile = 0; tile < leafTiles; tile++) {
    const action = job.actions[tile]
    if (action !== TileAction.build && action !== TileAction.rebuild) continue
    const bytes = tileOf(context.kernel, tile)
    const pointer = framePointer(table.a, tile)
    if (action === TileAction.rebuild && pointer.offset > 0) {
      const payload = readFrame(context.output, FrameType.data, pointer)
      bytes.set(payload)
      bytes.fill(0, payload.length)
    } else {
      bytes.fill(action === TileAction.rebuild ? (table.a.fill[tile] as number) : 0)
    }
    if (action === TileAction.rebuild && table.a.kinds[tile] === TileKind.pruned) missing.push(tile)
  }
  return missing
}

/** Bytes of contents that had another place before. Returns the tiles that wanted bytes that are not in the brick. */
function copyTiles({ kernel, output }: FoldContext, job: LeafJob): number[] {
  const missing: number[] = []
  let atHand: { readonly offset: number; readonly payload: Uint8Array } | undefined
  for (const { at, length, from, tile } of unpackCopies(job.copies)) {
    const target = kernel.input.subarray(at, at + length)
    if (tile.kind === TileKind.pruned) missing.push(Math.floor(at / tileSizeBytes))
    if (tile.frame.offset === 0) {
      target.fill(tile.fill)
      continue
    }
    if (atHand?.offset !== tile.frame.offset) {
      atHand = { offset: tile.frame.offset, payload: readFrame(output, FrameType.data, tile.frame) }
    }
    const payload = atHand.payload.subarray(from, from + length)
    target.set(payload)
    target.fill(0, payload.length)
  }
  return missing
}

function tileOf({ input }: Kernel, tile: number): Uint8Array {
  return input.subarray(tile * tileSizeBytes, (tile + 1) * tileSizeBytes)
}

function foldTile(leaf: Leaf, tile: number): void {
  const { job, outcome, edit } = leaf
  const action = job.actions[tile]
  if (action === TileAction.keep) return
  if (action === TileAction.hole) return setBareTile(leaf, tile, TileKind.hole)
  if (action === TileAction.absent) return setBareTile(leaf, tile, TileKind.absent)
  if (action === TileAction.prune) return pruneTile(leaf, tile)
  if (action === TileAction.unreadable || outcome.unreadableTiles[tile] === 1) {
    return setBareTile(leaf, tile, TileKind.unreadable)
  }
  const ownership = job.partlyOwned[tile] === 1 || outcome.lostTiles[tile] === 1 ? 'mask' : 'all'
  if (ownership === 'mask') {
    buildMask(leaf, tile)
    clearUnowned(edit.context.kernel, tile)
  }
  foldBytes(leaf, tile, ownership)
  foldOverview(leaf, tile, ownership)
}

/** A tile without bytes of its own. */
function setBareTile({ edit, changed }: Leaf, tile: number, kind: BareKind): void {
  const hash = edit.context.merkle.subtree({ kind, height: 0, fillByte: 0 })
  if (!equalBytes(hash, hashAt(edit, tile))) changed[tile] = 1
  hashAt(edit, tile).set(hash)
  setBare(edit, edit.table.a, tile, { kind })
  setBare(edit, edit.table.b, tile, { kind: TileKind.absent })
  edit.chunks.set(tile, emptyChunk)
}

/** The bytes go, the hash stays: its own, or the one that it had in another place. */
function pruneTile({ edit, job, changed }: Leaf, tile: number): void {
  const { a, b } = edit.table
  const hash = job.prunedHashes.get(tile)
  const isWithoutBytes = a.kinds[tile] !== TileKind.fill && framePointer(a, tile).offset === 0
  if (hash === undefined && isWithoutBytes) return
  changed[tile] = 1
  if (hash !== undefined) hashAt(edit, tile).set(hash)
  setBare(edit, a, tile, { kind: TileKind.pruned })
  setBare(edit, b, tile, { kind: TileKind.absent })
  edit.chunks.set(tile, emptyChunk)
}

function buildMask({ edit, job, outcome }: Leaf, tile: number): void {
  const { mask } = edit.context.kernel
  const tileStart = tile * tileSizeBytes
  mask.fill(job.partlyOwned[tile] === 1 ? 0 : 0xff)
  if (job.partlyOwned[tile] === 1) {
    for (const { at, length } of runsBetween(job.owned, tileStart, tileStart + tileSizeBytes)) {
      mask.fill(0xff, at - tileStart, at - tileStart + length)
    }
  }
  for (const lost of outcome.lost) {
    const from = Math.max(lost.at, tileStart) - tileStart
    const to = Math.min(lost.at + lost.length, tileStart + tileSizeBytes) - tileStart
    if (from < to) mask.fill(0, from, to)
  }
}

function isConstant(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0
}

function clearUnowned(kernel: Kernel, tile: number): void {
  const bytes = tileOf(kernel, tile)
  const { mask } = kernel
  let from = mask.indexOf(0)
  while (from >= 0) {
    const next = mask.indexOf(0xff, from)
    bytes.fill(0, from, next < 0 ? tileSizeBytes : next)
    from = next < 0 ? -1 : mask.indexOf(0, next)
  }
}

function foldBytes({ edit, job, changed }: Leaf, tile: number, ownership: Ownership): void {
  const { context, table } = edit
  const bytes = tileOf(context.kernel, tile)
  const hash = context.merkle.leaf(bytes)
  const same = equalBytes(hash, hashAt(edit, tile))
  const fill = ownership === 'all' && isConstant(bytes)
  const kind = table.a.kinds[tile]
  if (same && (fill ? kind === TileKind.fill : kind === TileKind.stored || kind === TileKind.shared)) return
  if (!same) changed[tile] = 1
  hashAt(edit, tile).set(hash)
  if (fill) setBare(edit, table.a, tile, { kind: TileKind.fill, fill: bytes[0] as number })
  else
    setFrame(edit, table.a, tile, {
      type: FrameType.data,
      id: frameId(0, job.leafIndex * leafTiles + tile),
      payload: bytes,
    })
}

function foldOverview({ edit, job, changed }: Leaf, tile: number, ownership: Ownership): void {
  const { context, table } = edit
  const { kernel } = context
  kernel.describe(tile, ownership)
  edit.chunks.set(tile, kernel.level4.slice(0, chunkBytes))
  const pointer = framePointer(table.b, tile)
  const unchanged = changed[tile] === 0 && pointer.offset > 0
  if (unchanged && equalBytes(kernel.level2, readFrame(context.output, FrameType.overview, pointer))) return
  if (ownership === 'mask' && kernel.mask.indexOf(0xff) < 0) {
    setBare(edit, table.b, tile, { kind: TileKind.absent })
    return
  }
  const id = frameId(2, job.leafIndex * leafTiles + tile)
  setFrame(edit, table.b, tile, { type: FrameType.overview, id, payload: kernel.level2.slice() })
}
