/**
 * Where the content of an entry differs between two commits, position by position (nothing is shifted to match).
 *
 * Tiles of large files whose hashes are equal are passed over unread, and where the file lies in the same place whole
 * subtrees of them. What a commit does not know (unreadable, PRUNED) is
 * never compared as the zeros that stand for it.
 */
import { equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { tileBytes } from '../brick/merkle.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { type BrickView, merkle } from '../store/brick-view.ts'
import { checkedSlot, isUnread } from './content.ts'
import { diffTiles } from './diff-tiles.ts'
import { LeafHashes } from './leaf-hashes.ts'

/** In the content. `unknown`: one of the two commits does not have these bytes; they may be the same. */
export interface ByteDifference extends Run {
  readonly kind: 'differs' | 'unknown'
}

export interface ContentSide {
  readonly view: BrickView
  /** A file; of a hard link, that. */
  readonly entry: EntryRecord
}

/** Differing runs with fewer equal bytes between them are one. */
export const gapBytesMin = 16

/** Ascending, apart; beyond the end of the shorter content everything differs. Errors: BrickDamage. */
export function* diffBytes(before: ContentSide, after: ContentSide): Generator<ByteDifference> {
  let open: { start: number; length: number; kind: ByteDifference['kind'] } | undefined
  for (const { start, length, kind } of differences(new Content(before), new Content(after))) {
    const end = open === undefined ? 0 : open.start + open.length
    if (open !== undefined && open.kind === kind && start - end < (kind === 'unknown' ? 1 : gapBytesMin)) {
      open.length = start + length - open.start
      continue
    }
    if (open !== undefined) yield open
    open = { start, length, kind }
  }
  if (open !== undefined) yield open
}

/**
 * Whether at least half of the longer content is the same at the same places, and no less than `bytesMin`. Of files above
 * a tile only hashes of whole tiles are asked.
 */
export function sharesHalf(before: ContentSide, after: ContentSide, bytesMin: number): boolean {
  const [a, b] = [new Content(before), new Content(after)]
  const shared = Math.min(a.size, b.size)
  let same = 0
  for (let start = 0; start < shared; start += tileBytes) {
    const length = Math.min(tileBytes, shared - start)
    if (a.isSameTile(b, start)) same += length
    else if (shared <= tileBytes) same += equalBytesOf(a.read(start, length), b.read(start, length))
  }
  return same >= bytesMin && 2 * same >= Math.max(a.size, b.size)
}

function equalBytesOf(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return 0
  let count = 0
  for (let at = 0; at < a.length; at++) if (a[at] === b[at]) count++
  return count
}

function* differences(a: Content, b: Content): Generator<ByteDifference> {
  if (a.isSameContent(b)) return
  const shared = Math.min(a.size, b.size)
  const longest = Math.max(a.size, b.size)
  for (const start of a.isInPlaceOf(b) ? a.changedTiles(b) : a.differentTiles(b)) {
    const length = Math.min(tileBytes, shared - start)
    const [left, right] = [a.read(start, length), b.read(start, length)]
    if (left === undefined || right === undefined) yield { start, length, kind: 'unknown' }
    else yield* compared(left, right, start)
  }
  if (longest > shared) yield { start: shared, length: longest - shared, kind: 'differs' }
}

const stepBytes = 256

/** Of equal length; `start` is where they begin in the content. */
function* compared(a: Uint8Array, b: Uint8Array, start: number): Generator<ByteDifference> {
  const left = Buffer.from(a.buffer, a.byteOffset, a.length)
  for (let step = 0; step < a.length; step += stepBytes) {
    const end = Math.min(a.length, step + stepBytes)
    if (left.compare(b, step, end, step, end) === 0) continue
    for (let at = step; at < end; at++) {
      if (a[at] === b[at]) continue
      let next = at + 1
      while (next < end && a[next] !== b[next]) next++
      yield { start: start + at, length: next - at, kind: 'differs' }
      at = next
    }
  }
}

/** One entry's content in one commit, read in pieces that begin at multiples of a tile. */
class Content {
  readonly size: number
  /** Undefined where parts of it are not known. */
  readonly #id: Uint8Array | undefined
  readonly #view: BrickView
  readonly #slot: Run | undefined
  readonly #hashes: LeafHashes
  /** Ranges that could not be read: zeros stand for them. */
  readonly #lost: readonly Run[]

  constructor({ view, entry }: ContentSide) {
    const holder = entry.linkTo === undefined ? entry : (view.entry(entry.linkTo) ?? entry)
    this.size = holder.size
    this.#id = holder.contentId
    this.#view = view
    this.#slot = holder.size === 0 || isUnread(holder) ? undefined : checkedSlot(holder, view)
    this.#hashes = new LeafHashes(view)
    this.#lost = holder.unreadableRanges ?? []
  }

  isSameContent(other: Content): boolean {
    return this.#id !== undefined && other.#id !== undefined && equalBytes(this.#id, other.#id)
  }

  /** Both are known wholly, lie in tiles of their own, and begin at the same place. */
  isInPlaceOf(other: Content): boolean {
    const areKnown = this.#id !== undefined && other.#id !== undefined
    return areKnown && this.size > tileBytes && other.size > tileBytes && this.#slot?.start === other.#slot?.start
  }

  /** Where tiles begin, in the content that both have, that differ; isInPlaceOf. */
  *changedTiles(other: Content): Generator<number> {
    const first = (this.#slot as Run).start / tileBytes
    const length = Math.ceil(Math.min(this.size, other.size) / tileBytes)
    for (const run of diffTiles(this.#view, other.#view, { start: first, length })) {
      for (let tile = run.start; tile < run.start + run.length; tile++) yield (tile - first) * tileBytes
    }
  }

  /** The same, tile by tile, wherever they lie. */
  *differentTiles(other: Content): Generator<number> {
    const shared = Math.min(this.size, other.size)
    for (let start = 0; start < shared; start += tileBytes) if (!this.isSameTile(other, start)) yield start
  }

  /** True where the whole tile at `start` is proven the same by its hash. */
  isSameTile(other: Content, start: number): boolean {
    const [tile, otherTile] = [this.#tileAt(start), other.#tileAt(start)]
    if (tile === undefined || otherTile === undefined) return false
    const length = tileBytes
    if (this.#isLost({ start, length }) || other.#isLost({ start, length })) return false
    const [hash, otherHash] = [this.#hashes.of(tile), other.#hashes.of(otherTile)]
    if (hash === undefined || otherHash === undefined || hash.compare(otherHash) !== 0) return false
    return hash.compare(merkle.unreadableLeaf) !== 0
  }

  /** Inside one tile of content; undefined where the bytes are not known. */
  read(start: number, length: number): Uint8Array | undefined {
    if (this.#slot === undefined || this.#isLost({ start, length })) return undefined
    const position = this.#slot.start + start
    const kind = this.#view.locateTile(Math.floor(position / tileBytes)).kind
    if (kind === TileKind.pruned || kind === TileKind.unreadable) return undefined
    return this.#view.bytes({ start: position, length })
  }

  #isLost(run: Run): boolean {
    const end = run.start + run.length
    return this.#lost.some(({ start, length }) => start < end && start + length > run.start)
  }

  /** The brick's tile that holds this one of the content alone: only files above a tile have such. */
  #tileAt(start: number): number | undefined {
    if (this.#slot === undefined || this.size <= tileBytes) return undefined
    return Math.floor((this.#slot.start + start) / tileBytes)
  }
}
