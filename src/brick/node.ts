/**
 * NODE and HASHES payloads (spec section 4).
 *
 * There is exactly one encoding of a table: encodeNode(parseNode(bytes)) is bytes. Every locator of a parsed table lies
 * inside the file and has a length that its frame type allows, and no birth is later than the commit. Must not follow them.
 */
import { assert } from '../base/assert.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { BrickDamage } from './damage.ts'
import { FrameType } from './frame.ts'
import { fanOut, hashBytes, heightMax, tileBytes, tilesAt } from './merkle.ts'
import { createNode, type NodeTable, type Section } from './node-table.ts'
import { frameBytes, headBytes } from './pointer.ts'
import { checkPointer } from './pointer-io.ts'
import { hasFrame, TileKind } from './tile-kind.ts'

export * from './node-table.ts'
export { hasFrame, TileKind } from './tile-kind.ts'

export function encodeNode(table: NodeTable): Uint8Array {
  const writer = new ByteWriter(4096)
  writer.u8(table.height)
  for (const { section, kindMax } of sectionsOf(table)) {
    writeKinds(writer, section, kindMax)
    writeBirths(writer, section)
    writeLocators(writer, section)
  }
  return writer.take()
}

export interface NodePlace {
  /** The parent's minus 1, or the record's. */
  readonly height: number
  /** Of the commit that is read, or is being written: no frame was born later. */
  readonly generation: number
  readonly fileEnd: number
  /** File offset of the NODE frame. */
  readonly offset: number
}

/** BrickDamage: `node`, `pointer`, `varint`. */
export function parseNode(payload: Uint8Array, place: NodePlace): NodeTable {
  assert(place.height >= 1 && place.height <= heightMax, `a node's height was ${place.height}`)
  const reader = new ByteReader(payload, 'node', place.offset)
  const height = reader.u8()
  if (height !== place.height) reader.fail(`its height is ${height} where ${place.height} belongs`)
  const table = createNode(height)
  for (const { section, kindMax, frameType } of sectionsOf(table)) {
    readKinds(reader, section, kindMax)
    readBirths(reader, section, place.generation)
    readLocators(reader, section, { ...place, frameType })
  }
  reader.end()
  return table
}

/** 8,192 bytes, the hashes of section A's items. */
export function parseHashes(payload: Uint8Array, offset: number): Uint8Array {
  const expected = fanOut * hashBytes
  if (payload.length !== expected) throw new BrickDamage('node', `HASHES has ${payload.length} bytes`, offset)
  return payload
}

export interface NodeExtent {
  /** First tile that the node covers. */
  readonly firstTile: number
  /** N. */
  readonly length: number
  /** File offset of the NODE frame. */
  readonly offset: number
}

/** BrickDamage `node` unless exactly the items of A that begin at or beyond N are ABSENT. */
export function checkNodeExtent(table: NodeTable, extent: NodeExtent): void {
  const itemTiles = tilesAt(table.height - 1)
  for (let i = 0; i < fanOut; i++) {
    const isBeyond = (extent.firstTile + i * itemTiles) * tileBytes >= extent.length
    const isAbsent = table.a.kinds[i] === TileKind.absent
    if (isBeyond !== isAbsent) {
      const detail = isAbsent ? `item ${i} is ABSENT inside the length` : `item ${i} is beyond the length, not ABSENT`
      throw new BrickDamage('node', detail, extent.offset)
    }
  }
}

interface SectionRule {
  readonly section: Section
  /** Section A may have every kind, B and C only ABSENT, STORED, SHARED. */
  readonly kindMax: 'all' | 'pages'
  readonly frameType: FrameType
}

function sectionsOf(table: NodeTable): readonly SectionRule[] {
  return [
    { section: table.a, kindMax: 'all', frameType: table.height === 1 ? FrameType.data : FrameType.node },
    { section: table.b, kindMax: 'pages', frameType: FrameType.overview },
    { section: table.c, kindMax: 'pages', frameType: FrameType.overview },
  ]
}

function isAllowed(kind: number, kinds: SectionRule['kindMax']): boolean {
  return kinds === 'all' ? kind <= TileKind.shared : kind === TileKind.absent || hasFrame(kind)
}

function writeKinds(writer: ByteWriter, section: Section, kinds: SectionRule['kindMax']): void {
  const count = section.kinds.length
  for (let start = 0; start < count; ) {
    const kind = section.kinds[start] as number
    const fill = section.fill[start] as number
    assert(isAllowed(kind, kinds), `kind ${kind} is not allowed in this section`)
    assert(fill === 0 || kind === TileKind.fill, `an item of kind ${kind} has the fill byte ${fill}`)
    let end = start + 1
    while (end < count && section.kinds[end] === kind && section.fill[end] === fill) end++
    writer.u8(kind)
    if (kind === TileKind.fill) writer.u8(fill)
    writer.varint(end - start)
    start = end
  }
}

function readKinds(reader: ByteReader, section: Section, kinds: SectionRule['kindMax']): void {
  const count = section.kinds.length
  for (let start = 0; start < count; ) {
    const kind = reader.u8()
    if (!isAllowed(kind, kinds)) reader.fail(`kind ${kind} is not allowed there`)
    const fill = kind === TileKind.fill ? reader.u8() : 0
    if (start > 0 && section.kinds[start - 1] === kind && section.fill[start - 1] === fill) {
      reader.fail('neighbouring runs of kinds are equal')
    }
    const end = start + readCount(reader, count - start)
    section.kinds.fill(kind, start, end)
    section.fill.fill(fill, start, end)
    start = end
  }
}

/** Indexes of the items with a frame, ascending. */
function framedItems(section: Section): number[] {
  const items: number[] = []
  for (let i = 0; i < section.kinds.length; i++) if (hasFrame(section.kinds[i] as number)) items.push(i)
  return items
}

function writeBirths(writer: ByteWriter, section: Section): void {
  const items = framedItems(section)
  for (let start = 0; start < items.length; ) {
    const birth = section.births[items[start] as number] as number
    assert(birth >= 1, `a frame's birth was ${birth}`)
    let end = start + 1
    while (end < items.length && section.births[items[end] as number] === birth) end++
    writer.varint(birth)
    writer.varint(end - start)
    start = end
  }
}

function readBirths(reader: ByteReader, section: Section, generation: number): void {
  const items = framedItems(section)
  let previous = 0
  for (let start = 0; start < items.length; ) {
    const birth = reader.varint()
    if (birth === 0 || birth > generation) reader.fail(`a frame was born in generation ${birth} of ${generation}`)
    if (birth === previous) reader.fail('neighbouring runs of births are equal')
    const end = start + readCount(reader, items.length - start)
    for (let i = start; i < end; i++) section.births[items[i] as number] = birth
    previous = birth
    start = end
  }
}

/** A run's count, 1 .. `left`. */
function readCount(reader: ByteReader, left: number): number {
  const count = reader.varint()
  if (count === 0 || count > left) reader.fail(`a run covers ${count} of ${left} items`)
  return count
}

/** Columns 3 and 4. */
function writeLocators(writer: ByteWriter, section: Section): void {
  const items = framedItems(section)
  for (const i of items) {
    writer.varint(section.lengths[i] as number)
    if (section.hashLengths !== undefined) writer.varint(section.hashLengths[i] as number)
  }
  let expected = headBytes
  const writeOffset = (offset: number, storedLength: number): void => {
    assert(offset >= headBytes && offset % 16 === 0, `a frame's offset was ${offset}`)
    writer.zigzag((offset - expected) / 16)
    expected = offset + frameBytes(storedLength)
  }
  for (const i of items) {
    writeOffset(section.offsets[i] as number, section.lengths[i] as number)
    if (section.hashOffsets === undefined || section.hashLengths === undefined) continue
    writeOffset(section.hashOffsets[i] as number, section.hashLengths[i] as number)
  }
}

function readLocators(reader: ByteReader, section: Section, place: NodePlace & { frameType: FrameType }): void {
  const { fileEnd, offset: nodeOffset, frameType } = place
  const items = framedItems(section)
  const readLength = (): number => {
    const length = reader.varint()
    return length < 2 ** 32 ? length : reader.fail(`a frame stores ${length} bytes`)
  }
  for (const i of items) {
    section.lengths[i] = readLength()
    if (section.hashLengths !== undefined) section.hashLengths[i] = readLength()
  }
  let expected = headBytes
  const readOffset = (storedLength: number, type: FrameType): number => {
    // Exact where the result is a valid offset; a rounded one is far outside the file.
    const offset = expected + 16 * reader.zigzag()
    checkPointer({ offset, storedLength }, { fileEnd, type, what: 'frame of an item', offset: nodeOffset })
    expected = offset + frameBytes(storedLength)
    return offset
  }
  for (const i of items) {
    section.offsets[i] = readOffset(section.lengths[i] as number, frameType)
    if (section.hashOffsets === undefined || section.hashLengths === undefined) continue
    section.hashOffsets[i] = readOffset(section.hashLengths[i] as number, FrameType.hashes)
  }
}
