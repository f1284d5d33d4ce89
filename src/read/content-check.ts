/**
 * Every entry's content id, from the tiles of a brick as they go by in ascending order.
 *
 * Knows who owns what: which entries lie in a tile, which bytes of it are owned (spec section 5), whether a span of tiles
 * belongs to one content wholly or to nobody. A tile that is damaged is reported where it is read; its contents are then
 * taken as unknown, not reported again.
 */
import { createHash, type Hash } from 'node:crypto'
import { equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { tileBytes, tileCount, tilesAt } from '../brick/merkle.ts'
import { nodeTools } from '../store/node-tools.ts'
import { isUnread, readableRuns } from './content.ts'
import { ContentHash } from './content-hash.ts'
import { type DamageList, damagedPathsMax } from './damage-list.ts'

/** What of an entry is needed here. */
export interface ContentOwner {
  readonly path: Uint8Array
  readonly slot: Run
  readonly size: number
  readonly contentId: Uint8Array | undefined
  readonly sha256: Uint8Array | undefined
  /** Runs of the content that are owned, ascending. */
  readonly owned: readonly Run[]
}

export function ownerOf(entry: EntryRecord, slot: Run): ContentOwner {
  const { path, size, contentId, sha256 } = entry
  return { path, slot, size, contentId, sha256, owned: isUnread(entry) ? [] : readableRuns(entry) }
}

/**
 * `full`: every byte is owned, by one content. `hole`: inside one content, nothing owned. `free`: nobody's content.
 * `mixed`: anything else; then a slot or a run begins or ends inside.
 */
export type SpanOwnership = 'free' | 'full' | 'hole' | 'mixed'

/** The content being gathered: of an entry longer than a tile. */
interface Gathering {
  readonly owner: ContentOwner
  readonly hash: ContentHash
  /** Where the record has a SHA-256 of the whole. */
  digest: Hash | undefined
  isKnown: boolean
}

const zeros = new Uint8Array(tileBytes)

export class ContentCheck {
  readonly #owners: readonly ContentOwner[]
  readonly #damages: DamageList
  /** First owner whose slot ends beyond the tiles so far. */
  #next = 0
  #gathering: Gathering | undefined
  /** First owned run of the gathered content that ends beyond the tiles so far. */
  #nextRun = 0

  constructor(owners: readonly ContentOwner[], damages: DamageList) {
    this.#owners = owners
    this.#damages = damages
  }

  /** Entries with content in this tile, for messages: the first few. */
  pathsOf(tile: number): readonly Uint8Array[] {
    const paths: Uint8Array[] = []
    for (const owner of this.#ownersIn(tile * tileBytes, (tile + 1) * tileBytes)) {
      if (paths.length < damagedPathsMax) paths.push(owner.path)
    }
    return paths
  }

  /** Of the tiles [first, first + count), none of which has gone by. */
  ownership(first: number, count: number): SpanOwnership {
    const [start, end] = [first * tileBytes, (first + count) * tileBytes]
    const owner = this.#firstFrom(start)
    if (owner === undefined || owner.slot.start >= end) return 'free'
    const { slot, size } = owner
    if (slot.start > start || slot.start + slot.length < end) return 'mixed'
    const contentEnd = slot.start + tileCount(size) * tileBytes
    if (start >= contentEnd) return 'free'
    if (contentEnd < end || size <= tileBytes) return 'mixed'
    const run = owner.owned[this.#runIndex(owner, start - slot.start)]
    if (run === undefined || slot.start + run.start >= end) return 'hole'
    return slot.start + run.start <= start && slot.start + run.start + run.length >= end ? 'full' : 'mixed'
  }

  /** Owned runs inside a tile that has not gone by, from the tile's start, ascending. */
  *ownedIn(tile: number): Generator<Run> {
    const [from, to] = [tile * tileBytes, (tile + 1) * tileBytes]
    for (const owner of this.#ownersIn(from, to)) {
      const { owned, slot } = owner
      for (let i = this.#runIndex(owner, from - slot.start); i < owned.length; i++) {
        const run = owned[i] as Run
        const start = Math.max(from, slot.start + run.start)
        const end = Math.min(to, slot.start + run.start + run.length)
        if (start >= to) break
        if (start < end) yield { start: start - from, length: end - start }
      }
    }
  }

  /**
   * The next tile: its leaf hash and bytes as far as they are known. A small content in a slot of several tiles (it was
   * larger once) is in the first of them.
   */
  takeTile(
    tile: number,
    known: { readonly hash?: Uint8Array | undefined; readonly bytes?: Uint8Array | undefined },
  ): void {
    const [from, to] = [tile * tileBytes, (tile + 1) * tileBytes]
    for (const owner of this.#ownersIn(from, to)) {
      if (owner.size <= tileBytes) {
        if (known.bytes !== undefined && owner.slot.start >= from) this.#checkSmall(owner, known.bytes, from)
      } else this.#takeLarge(owner, tile, known)
    }
    this.#passTo(to)
  }

  /** The next tilesAt(height) tiles, whose ownership is not `mixed`, by their common hash. */
  takeSubtree(
    first: number,
    { height, hash }: { readonly height: number; readonly hash: Uint8Array | undefined },
  ): void {
    const count = tilesAt(height)
    const end = (first + count) * tileBytes
    const owner = this.#firstFrom(first * tileBytes)
    if (owner !== undefined && owner.slot.start < end && this.ownership(first, count) !== 'free') {
      const gathering = this.#gather(owner, first - owner.slot.start / tileBytes)
      gathering.digest = undefined
      if (hash === undefined) gathering.isKnown = false
      else gathering.hash.subtrees({ height, hash, count: 1 })
      this.#closeAt(gathering, first + count)
    }
    this.#passTo(end)
  }

  /** The next `count` tiles, all alike and without frames: the leaf hash of each, zeros where `bytes` are known to be. */
  takeBare(
    first: number,
    bare: { readonly count: number; readonly hash: Uint8Array | undefined; readonly bytes: 'zeros' | 'unknown' },
  ): void {
    const [from, to] = [first * tileBytes, (first + bare.count) * tileBytes]
    for (const owner of this.#ownersIn(from, to)) {
      if (owner.size <= tileBytes) {
        if (bare.bytes === 'zeros' && owner.slot.start >= from) this.#checkSmall(owner, zeros, owner.slot.start)
        continue
      }
      const start = Math.max(first, owner.slot.start / tileBytes)
      const index = start - owner.slot.start / tileBytes
      const tiles = Math.min(first + bare.count - start, tileCount(owner.size) - index)
      if (tiles <= 0) continue
      const gathering = this.#gather(owner, index)
      gathering.digest = undefined
      if (bare.hash === undefined) gathering.isKnown = false
      else gathering.hash.subtrees({ height: 0, hash: bare.hash, count: tiles })
      this.#closeAt(gathering, start + tiles)
    }
    this.#passTo(to)
  }

  #checkSmall({ path, slot, size, contentId }: ContentOwner, bytes: Uint8Array, tileStart: number): void {
    if (contentId === undefined) return
    const at = slot.start - tileStart
    if (equalBytes(nodeTools.sha256(bytes.subarray(at, at + size)), contentId)) return
    this.#reportContent(path, Math.floor(slot.start / tileBytes))
  }

  #takeLarge(owner: ContentOwner, tile: number, { hash, bytes }: Parameters<ContentCheck['takeTile']>[1]): void {
    const index = tile - owner.slot.start / tileBytes
    const count = tileCount(owner.size)
    if (index >= count) return
    const gathering = this.#gather(owner, index)
    if (hash === undefined) gathering.isKnown = false
    else gathering.hash.tile(hash)
    if (bytes === undefined) gathering.digest = undefined
    else gathering.digest?.update(bytes.subarray(0, Math.min(tileBytes, owner.size - index * tileBytes)))
    this.#closeAt(gathering, tile + 1)
  }

  #gather(owner: ContentOwner, index: number): Gathering {
    if (index === 0 || this.#gathering === undefined) {
      const digest = owner.sha256 === undefined ? undefined : createHash('sha256')
      this.#gathering = {
        owner,
        hash: new ContentHash(),
        digest,
        isKnown: index === 0 && owner.contentId !== undefined,
      }
      this.#nextRun = 0
    }
    return this.#gathering
  }

  /** Compares what was gathered if the content ends at this tile. */
  #closeAt({ owner, hash, digest, isKnown }: Gathering, endTile: number): void {
    if (endTile < owner.slot.start / tileBytes + tileCount(owner.size)) return
    this.#gathering = undefined
    if (!isKnown || owner.contentId === undefined) return
    const firstTile = owner.slot.start / tileBytes
    if (!equalBytes(hash.id(owner.size), owner.contentId)) return this.#reportContent(owner.path, firstTile)
    if (digest === undefined || owner.sha256 === undefined || equalBytes(digest.digest(), owner.sha256)) return
    const detail = 'content: its SHA-256 is not the recorded one'
    this.#damages.add({
      rule: 'content',
      offset: -1,
      detail,
      part: `tile ${firstTile}`,
      tile: firstTile,
      paths: [owner.path],
    })
  }

  #reportContent(path: Uint8Array, tile: number): void {
    const detail = 'content: the bytes do not have the recorded content id'
    this.#damages.add({ rule: 'content', offset: -1, detail, part: `tile ${tile}`, tile, paths: [path] })
  }

  /** Owners that touch [from, to), from the first whose slot has not gone by. */
  *#ownersIn(from: number, to: number): Generator<ContentOwner> {
    for (let i = this.#next; i < this.#owners.length; i++) {
      const owner = this.#owners[i] as ContentOwner
      if (owner.slot.start >= to) return
      if (owner.slot.start + owner.slot.length > from) yield owner
    }
  }

  /** The first owner whose slot ends beyond `position`. */
  #firstFrom(position: number): ContentOwner | undefined {
    for (const owner of this.#ownersIn(position, Number.POSITIVE_INFINITY)) return owner
    return undefined
  }

  /** The first owned run that ends beyond `offset` of the content; offsets ascend within the gathered content. */
  #runIndex(owner: ContentOwner, offset: number): number {
    if (offset >= owner.size) return owner.owned.length
    const isGathered = this.#gathering?.owner === owner
    let index = isGathered ? this.#nextRun : 0
    while (index < owner.owned.length) {
      const run = owner.owned[index] as Run
      if (run.start + run.length > offset) break
      index++
    }
    if (isGathered) this.#nextRun = index
    return index
  }

  #passTo(end: number): void {
    for (let owner = this.#owners[this.#next]; owner !== undefined; owner = this.#owners[this.#next]) {
      if (owner.slot.start + owner.slot.length > end) return
      this.#next++
    }
  }
}

/** Are all bytes of the run zero? */
export function isZero(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, zeros.subarray(0, bytes.length)) === 0
}
