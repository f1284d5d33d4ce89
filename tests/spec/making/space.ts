/** The byte space of a planned commit: what each tile holds, who owns which byte, and the hashes that follow. */
import type { Run } from '../../../src/base/entry.ts'
import type { EntryRecord } from '../../../src/brick/entry-record.ts'
import { createMerkle, fanOut, hashBytes, heightFor, tileBytes, tilesAt } from '../../../src/brick/merkle.ts'
import { TileKind } from '../../../src/brick/tile-kind.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'

/** Bytes of a content; what no piece covers is zeros. */
export interface Piece {
  readonly at: number
  readonly bytes: Uint8Array
}

export interface PlannedEntry {
  /** Without content id and SHA-256: they are computed, where all of the content can be read. */
  readonly record: EntryRecord
  readonly pieces?: readonly Piece[]
}

export interface PlannedTile {
  readonly kind: number
  /** 65,536, zeros where the kind has none. */
  readonly bytes: Uint8Array
  readonly fillByte?: number
}

const merkle = createMerkle(nodeTools)
const zeros = new Uint8Array(tileBytes)

export class PlannedSpace {
  readonly length: number
  readonly #tiles = new Map<number, PlannedTile>()
  readonly #owned: Run[] = []
  readonly #hashes = new Map<string, Uint8Array>()

  constructor(length: number, entries: readonly PlannedEntry[], kinds: { readonly [tile: number]: number } = {}) {
    this.length = length
    const bytesOf = new Map<number, Uint8Array>()
    for (const { record, pieces = [] } of entries) {
      const { slot } = record
      if (slot === undefined) continue
      this.#owned.push(...ownedRuns(record).map((run) => ({ start: slot.start + run.start, length: run.length })))
      for (const piece of pieces) scatter(bytesOf, { at: slot.start + piece.at, bytes: piece.bytes })
    }
    for (const [tile, bytes] of bytesOf) this.#tiles.set(tile, { kind: TileKind.stored, bytes })
    for (const [tile, kind] of Object.entries(kinds)) {
      const bytes = bytesOf.get(Number(tile)) ?? zeros
      this.#tiles.set(Number(tile), { kind, bytes, ...(kind === TileKind.fill && { fillByte: bytes[0] as number }) })
    }
  }

  tile(index: number): PlannedTile {
    if (index * tileBytes >= this.length) return { kind: TileKind.absent, bytes: zeros }
    return this.#tiles.get(index) ?? { kind: TileKind.hole, bytes: zeros }
  }

  /** Is there anything but zeros that nobody stored in the `count` tiles from `first`? */
  hasTiles(first: number, count: number): boolean {
    return [...this.#tiles.keys()].some((tile) => tile >= first && tile < first + count)
  }

  /** 1 for each owned byte of a tile. */
  mask(tile: number): Uint8Array {
    const mask = new Uint8Array(tileBytes)
    for (const { start, length } of this.#owned) {
      const from = Math.max(0, start - tile * tileBytes)
      mask.fill(1, from, Math.max(from, Math.min(tileBytes, start + length - tile * tileBytes)))
    }
    return mask
  }

  hash(height: number, index: number): Uint8Array {
    const first = index * tilesAt(height)
    if (!this.hasTiles(first, tilesAt(height))) return merkle.zero(height)
    const key = `${height} ${index}`
    const hash =
      this.#hashes.get(key) ?? (height === 0 ? this.#leaf(index) : merkle.node(height, this.childHashes(height, index)))
    this.#hashes.set(key, hash)
    return hash
  }

  /** HASHES of a node. */
  childHashes(height: number, index: number): Uint8Array {
    const hashes = new Uint8Array(fanOut * hashBytes)
    for (let i = 0; i < fanOut; i++) hashes.set(this.hash(height - 1, index * fanOut + i), i * hashBytes)
    return hashes
  }

  contentRoot(height: number): Uint8Array {
    return merkle.contentRoot(this.length, this.hash(height, 0))
  }

  /** Of a content that lies in the space. */
  contentId({ size, slot }: { readonly size: number; readonly slot?: Run }): Uint8Array {
    if (slot === undefined) return nodeTools.sha256(new Uint8Array(0))
    if (size <= tileBytes) return nodeTools.sha256(this.#read(slot.start, size))
    const height = heightFor(size)
    const childBytes = tileBytes * tilesAt(height - 1)
    const hashes = new Uint8Array(fanOut * hashBytes)
    for (let i = 0; i < fanOut; i++) {
      const isInside = i * childBytes < size
      hashes.set(isInside ? this.hash(height - 1, slot.start / childBytes + i) : merkle.zero(height - 1), i * hashBytes)
    }
    return merkle.contentRoot(size, merkle.node(height, hashes))
  }

  /** Inside one tile. */
  #read(start: number, length: number): Uint8Array {
    const at = start % tileBytes
    return this.tile(Math.floor(start / tileBytes)).bytes.subarray(at, at + length)
  }

  #leaf(index: number): Uint8Array {
    const { kind, bytes } = this.tile(index)
    return kind === TileKind.unreadable ? merkle.unreadableLeaf : merkle.leaf(bytes)
  }
}

/** The content is not all here to be hashed. */
export function isUnreadable({ unreadable, unreadableRanges }: EntryRecord): boolean {
  return unreadable !== undefined || unreadableRanges !== undefined
}

function ownedRuns(record: EntryRecord): readonly Run[] {
  if (record.unreadable !== undefined && record.unreadableRanges === undefined) return []
  const runs = record.extents ?? [{ start: 0, length: record.size }]
  return (record.unreadableRanges ?? []).reduce<readonly Run[]>(
    (left, gap) => left.flatMap((run) => without(run, gap)),
    runs,
  )
}

function without(run: Run, gap: Run): Run[] {
  const runEnd = run.start + run.length
  const gapEnd = gap.start + gap.length
  if (gapEnd <= run.start || gap.start >= runEnd) return [run]
  const before = { start: run.start, length: gap.start - run.start }
  const after = { start: gapEnd, length: runEnd - gapEnd }
  return [before, after].filter(({ length }) => length > 0)
}

function scatter(tiles: Map<number, Uint8Array>, { at, bytes }: Piece): void {
  for (let done = 0; done < bytes.length; ) {
    const tile = Math.floor((at + done) / tileBytes)
    const offset = (at + done) % tileBytes
    const part = bytes.subarray(done, done + tileBytes - offset)
    const target = tiles.get(tile) ?? new Uint8Array(tileBytes)
    target.set(part, offset)
    tiles.set(tile, target)
    done += part.length
  }
}
