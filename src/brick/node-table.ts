/**
 * A NODE in memory: three sections of parallel columns (spec section 4).
 *
 * Columns of items without a frame are 0, `fill` of all but FILL items too; encodeNode asserts it. Tables are changed in
 * place by the writer that owns them: copyNode before.
 */
import { assert } from '../base/assert.ts'
import { fanOut, heightMax } from './merkle.ts'
import { noPointer, type Pointer } from './pointer.ts'
import { hasFrame, TileKind } from './tile-kind.ts'

/** Items of section C. */
export const pageGroups = 16

/** Columns of equal length: 256 items in A and B, 16 in C. */
export interface Section {
  /** TileKind values. */
  readonly kinds: Uint8Array
  /** The byte of a FILL item. */
  readonly fill: Uint8Array
  /** Generation of the commit that wrote the frame. */
  readonly births: Float64Array
  /** File offsets. */
  readonly offsets: Float64Array
  /** Stored lengths. */
  readonly lengths: Uint32Array
  /** Of the HASHES frames: only in section A of height >= 2. */
  readonly hashOffsets?: Float64Array
  readonly hashLengths?: Uint32Array
}

export interface NodeTable {
  /** 1: section A is tiles. */
  readonly height: number
  /** Tiles or children. */
  readonly a: Section
  /** Level-2 page of each tile, level-(4k-2) page of each child. */
  readonly b: Section
  /** Level-4k pages, each of 16 items of A. */
  readonly c: Section
}

export function createNode(height: number): NodeTable {
  assert(height >= 1 && height <= heightMax, `a node's height was ${height}`)
  const a = createSection(fanOut)
  const children = { hashOffsets: new Float64Array(fanOut), hashLengths: new Uint32Array(fanOut) }
  return {
    height,
    a: height === 1 ? a : { ...a, ...children },
    b: createSection(fanOut),
    c: createSection(pageGroups),
  }
}

/** Every item of A of one kind without a frame (not FILL), B and C ABSENT. */
export function emptyNode(height: number, kind: 0 | 3 | 4 | 5): NodeTable {
  const table = createNode(height)
  table.a.kinds.fill(kind)
  return table
}

/** Shares nothing with the original. */
export function copyNode(table: NodeTable): NodeTable {
  return { height: table.height, a: copySection(table.a), b: copySection(table.b), c: copySection(table.c) }
}

/** noPointer where the item has no frame. */
export function framePointer(section: Section, index: number): Pointer {
  if (!hasFrame(section.kinds[index] as number)) return noPointer
  return { offset: section.offsets[index] as number, storedLength: section.lengths[index] as number }
}

/** Of section A, height >= 2: the HASHES frame of a child; noPointer where it has none. */
export function hashesPointer(section: Section, index: number): Pointer {
  if (!hasFrame(section.kinds[index] as number)) return noPointer
  assert(section.hashOffsets !== undefined && section.hashLengths !== undefined, 'the section is not of child nodes')
  return { offset: section.hashOffsets[index] as number, storedLength: section.hashLengths[index] as number }
}

export interface FramePlacement {
  readonly kind: 1 | 6
  readonly birth: number
  readonly frame: Pointer
  /** Of child nodes only. */
  readonly hashes?: Pointer
}

export function setFrame(section: Section, index: number, placement: FramePlacement): void {
  section.kinds[index] = placement.kind
  section.fill[index] = 0
  section.births[index] = placement.birth
  section.offsets[index] = placement.frame.offset
  section.lengths[index] = placement.frame.storedLength
  assert((section.hashOffsets !== undefined) === (placement.hashes !== undefined), 'child nodes alone have HASHES')
  if (section.hashOffsets !== undefined) section.hashOffsets[index] = placement.hashes?.offset ?? 0
  if (section.hashLengths !== undefined) section.hashLengths[index] = placement.hashes?.storedLength ?? 0
}

/** Makes an item one without a frame. */
export function setKind(section: Section, index: number, item: { kind: 0 | 2 | 3 | 4 | 5; fillByte?: number }): void {
  assert(item.fillByte === undefined || item.kind === TileKind.fill, 'a fill byte without FILL')
  section.kinds[index] = item.kind
  section.fill[index] = item.fillByte ?? 0
  section.births[index] = 0
  section.offsets[index] = 0
  section.lengths[index] = 0
  if (section.hashOffsets !== undefined) section.hashOffsets[index] = 0
  if (section.hashLengths !== undefined) section.hashLengths[index] = 0
}

function createSection(count: number): Section {
  return {
    kinds: new Uint8Array(count),
    fill: new Uint8Array(count),
    births: new Float64Array(count),
    offsets: new Float64Array(count),
    lengths: new Uint32Array(count),
  }
}

function copySection(section: Section): Section {
  const copy = {
    kinds: section.kinds.slice(),
    fill: section.fill.slice(),
    births: section.births.slice(),
    offsets: section.offsets.slice(),
    lengths: section.lengths.slice(),
  }
  if (section.hashOffsets === undefined || section.hashLengths === undefined) return copy
  return { ...copy, hashOffsets: section.hashOffsets.slice(), hashLengths: section.hashLengths.slice() }
}
