/**
 * One node of the tree while it is being changed, at any height: its table, its hashes, the pages it locates.
 *
 * Frames are appended to the brick; what they replace is counted. A node in which nothing changed is not written
 * again. Level numbers: section B holds pages of level 4k - 2, section C of level 4k, the node's own page has level
 * 4k + 2 and lies with its parent.
 */
import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { BrickDamage } from '../brick/damage.ts'
import { FrameType, frameId } from '../brick/frame.ts'
import type { Merkle } from '../brick/merkle.ts'
import { emptyNode, encodeNode, type NodeTable, parseHashes, parseNode, type Section, TileKind } from '../brick/node.ts'
import { framePointer } from '../brick/node-table.ts'
import { frameBytes, type NodePointer, noPointer, type Pointer } from '../brick/pointer.ts'
import { type Kernel, level4PageBytes } from '../kernel/kernel.ts'
import { readFrame } from './frame-in.ts'
import { type BrickOutput, FrameOut, type FrameRequest, type PendingPointer } from './frame-out.ts'
import { isEmptyPage, patchPage, reducePage } from './summary.ts'

export const fanOut = 256
export const groupSize = 16

export interface FoldContext {
  readonly kernel: Kernel
  readonly output: BrickOutput
  readonly merkle: Merkle
}

/** A node as its parent's item tells it: its frames, or the one kind of everything beneath. */
export type PreviousNode = NodePointer | { readonly kind: BareKind }

/** Kinds that stand for everything beneath an item and hold no bytes. */
export type BareKind = typeof TileKind.absent | typeof TileKind.hole | typeof TileKind.unreadable

export function bareKind(kind: number): BareKind {
  const isBare = kind === TileKind.absent || kind === TileKind.hole || kind === TileKind.unreadable
  assert(isBare, `an item without a frame has kind ${kind}`)
  return kind
}

export interface NodeEdit {
  readonly context: FoldContext
  readonly height: number
  readonly index: number
  readonly generation: number
  readonly previous: PreviousNode
  readonly table: NodeTable
  /** 256 x 32 bytes. */
  readonly hashes: Uint8Array
  readonly out: FrameOut
  /** Texels of level 4k that children gave, 6 x 256 each. */
  readonly chunks: Map<number, Uint8Array>
  readonly placed: { section: Section; item: number; pointer: PendingPointer }[]
  touched: boolean
  replacedBytes: number
}

export interface NodePlace {
  readonly height: number
  readonly index: number
  readonly generation: number
}

export function openNode(context: FoldContext, place: NodePlace, previous: PreviousNode): NodeEdit {
  const { output, merkle } = context
  const rest = {
    context,
    ...place,
    previous,
    out: new FrameOut(output),
    chunks: new Map(),
    placed: [],
    touched: false,
    replacedBytes: 0,
  }
  if ('kind' in previous) {
    const hash = merkle.subtree({ kind: previous.kind, height: place.height - 1, fillByte: 0 })
    const hashes = new Uint8Array(fanOut * 32)
    for (let item = 0; item < fanOut; item++) hashes.set(hash, item * 32)
    return { ...rest, table: emptyNode(place.height, previous.kind), hashes }
  }
  const { node, hashes } = previous
  const fileEnd = Number(Atomics.load(output.end, 0))
  const payload = readFrame(output, FrameType.node, node)
  const { height, generation } = place
  const table = parseNode(payload, { height, generation, fileEnd, offset: node.offset })
  return { ...rest, table, hashes: parseHashes(readFrame(output, FrameType.hashes, hashes), hashes.offset).slice() }
}

export function hashAt(edit: NodeEdit, item: number): Uint8Array {
  return edit.hashes.subarray(item * 32, item * 32 + 32)
}

/** Sets an item that has no frame; its former frame is counted as replaced. */
export function setBare(edit: NodeEdit, section: Section, item: number, kind: { kind: number; fill?: number }): void {
  const fill = kind.fill ?? 0
  if (section.kinds[item] === kind.kind && section.fill[item] === fill) return
  forget(edit, section, item)
  section.kinds[item] = kind.kind
  section.fill[item] = fill
}

/** Appends a frame and makes it the item's; its place is known after `settle`. */
export function setFrame(edit: NodeEdit, section: Section, item: number, request: FrameRequest): void {
  forget(edit, section, item)
  section.kinds[item] = TileKind.stored
  section.births[item] = edit.generation
  edit.placed.push({ section, item, pointer: edit.out.append(request) })
}

/** Makes a frame that is written already the item's. */
export function setPointer(edit: NodeEdit, section: Section, item: number, pointer: Pointer): void {
  const now = framePointer(section, item)
  if (now.offset === pointer.offset) return
  forget(edit, section, item)
  if (pointer.offset === 0) return
  section.kinds[item] = TileKind.stored
  section.births[item] = edit.generation
  section.offsets[item] = pointer.offset
  section.lengths[item] = pointer.storedLength
}

function forget(edit: NodeEdit, section: Section, item: number): void {
  edit.touched = true
  if (section.kinds[item] === TileKind.stored) {
    edit.replacedBytes += frameBytes(section.lengths[item] as number)
    if (section.hashLengths !== undefined) edit.replacedBytes += frameBytes(section.hashLengths[item] as number)
  }
  section.kinds[item] = TileKind.absent
  section.fill[item] = 0
  section.births[item] = 0
  section.offsets[item] = 0
  section.lengths[item] = 0
  if (section.hashOffsets !== undefined) section.hashOffsets[item] = 0
  if (section.hashLengths !== undefined) section.hashLengths[item] = 0
}

/** What a node gives its parent. */
export interface NodeItem {
  /** STORED, or the kind of everything beneath. */
  readonly kind: typeof TileKind.stored | BareKind
  readonly pointer: NodePointer
  readonly hash: Uint8Array
  /** The node's page of level 4k + 2, offset 0 where nothing is owned. */
  readonly page: Pointer
  /** 6 x 256 texels of level 4k + 4. */
  readonly chunk: Uint8Array
  readonly replacedBytes: number
}

const noNode: NodePointer = { node: noPointer, hashes: noPointer }

/** Writes the node's pages and, where anything changed, the node. `root`: a node even where one kind would do. */
export function closeNode(edit: NodeEdit, previousPage: Pointer, use: 'child' | 'root'): NodeItem {
  const { page, chunk } = writePages(edit, previousPage)
  settle(edit)
  const { context, table, hashes, height, index, previous } = edit
  const rest = { hash: context.merkle.node(height, hashes), page, chunk }
  const kind = use === 'child' ? uniformKind(table.a) : undefined
  if (kind !== undefined) {
    if (!('kind' in previous)) edit.replacedBytes += nodeBytes(previous)
    return { ...rest, kind, pointer: noNode, replacedBytes: edit.replacedBytes }
  }
  if (!edit.touched && !('kind' in previous)) {
    return { ...rest, kind: TileKind.stored, pointer: previous, replacedBytes: edit.replacedBytes }
  }
  if (!('kind' in previous)) edit.replacedBytes += nodeBytes(previous)
  const id = frameId(height, index)
  const node = edit.out.append({ type: FrameType.node, id, payload: encodeNode(table) })
  const hashFrame = edit.out.append({ type: FrameType.hashes, id, payload: hashes })
  edit.out.flush()
  const pointer = { node: { ...node }, hashes: { ...hashFrame } }
  return { ...rest, kind: TileKind.stored, pointer, replacedBytes: edit.replacedBytes }
}

/** Everything appended gets its place, and the table learns it. */
function settle(edit: NodeEdit): void {
  edit.out.flush()
  for (const { section, item, pointer } of edit.placed) {
    section.offsets[item] = pointer.offset
    section.lengths[item] = pointer.storedLength
  }
  edit.placed.length = 0
}

function nodeBytes({ node, hashes }: NodePointer): number {
  return frameBytes(node.storedLength) + frameBytes(hashes.storedLength)
}

function writePages(edit: NodeEdit, previousPage: Pointer): { page: Pointer; chunk: Uint8Array } {
  const { context, height, index } = edit
  const own = readPage(context, previousPage)
  const before = own.slice()
  for (const [group, chunk] of writeGroups(edit)) patchPage(own, group, chunk)
  const chunk = reducePage(context.kernel, own)
  if (equalBytes(own, before)) return { page: previousPage, chunk }
  if (previousPage.offset > 0) edit.replacedBytes += frameBytes(previousPage.storedLength)
  if (isEmptyPage(own)) return { page: noPointer, chunk }
  return { page: edit.out.place({ type: FrameType.overview, id: frameId(4 * height + 2, index), payload: own }), chunk }
}

/** Patches the pages of level 4k whose children changed; what each of them reduces to. */
function writeGroups(edit: NodeEdit): Map<number, Uint8Array> {
  const { context, table, height, index } = edit
  const reduced = new Map<number, Uint8Array>()
  const groups = new Set([...edit.chunks.keys()].map((child) => Math.floor(child / groupSize)))
  for (const group of groups) {
    const page = readPage(context, framePointer(table.c, group))
    const before = page.slice()
    for (let place = 0; place < groupSize; place++) {
      const chunk = edit.chunks.get(group * groupSize + place)
      if (chunk !== undefined) patchPage(page, place, chunk)
    }
    reduced.set(group, reducePage(context.kernel, page))
    if (equalBytes(page, before)) continue
    if (isEmptyPage(page)) setBare(edit, table.c, group, { kind: TileKind.absent })
    else
      setFrame(edit, table.c, group, {
        type: FrameType.overview,
        id: frameId(4 * height, index * groupSize + group),
        payload: page,
      })
  }
  return reduced
}

/** A fresh page; zeros where there is none. */
export function readPage(context: FoldContext, pointer: Pointer): Uint8Array {
  if (pointer.offset === 0) return new Uint8Array(level4PageBytes)
  const page = readFrame(context.output, FrameType.overview, pointer)
  if (page.length === level4PageBytes) return page.slice()
  throw new BrickDamage('frame', `an overview page has ${page.length} bytes`, pointer.offset)
}

/** The kind that stands for everything beneath, where all items have it and none holds bytes. */
function uniformKind({ kinds }: Section): BareKind | undefined {
  const [first] = kinds
  const isBare = first === TileKind.absent || first === TileKind.hole || first === TileKind.unreadable
  return isBare && kinds.every((kind) => kind === first) ? first : undefined
}
