/** One tile: its frame, its hash, what owns it, its level-2 page, and its texels for the pages above. */
import { equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { BrickDamage } from '../brick/damage.ts'
import { FrameType } from '../brick/frame.ts'
import { tileBytes } from '../brick/merkle.ts'
import { framePointer, type NodeTable, TileKind } from '../brick/node.ts'
import { frameBytes, type Pointer } from '../brick/pointer.ts'
import { level2PageBytes } from '../kernel/kernel.ts'
import { type BrickView, merkle } from '../store/brick-view.ts'
import { type ContentCheck, isZero } from './content-check.ts'
import type { NodePages, OverviewKernel } from './overview-check.ts'
import type { TreeCheckParts } from './verify-tree.ts'

export interface TilePlace {
  readonly table: NodeTable
  /** In the node. */
  readonly item: number
  /** In the brick. */
  readonly tile: number
  /** The hash that HASHES has; undefined where that frame is damaged. */
  readonly recorded: Uint8Array | undefined
  readonly pages: NodePages
}

const zeros = new Uint8Array(tileBytes)
const fullMask = 0xff

export class TileCheck {
  readonly #parts: TreeCheckParts
  readonly #view: BrickView
  readonly #content: ContentCheck
  readonly #overviews: OverviewKernel
  #readBytes = 0
  /** Tiles of which only the hash is here. */
  prunedTiles = 0

  constructor(parts: TreeCheckParts, overviews: OverviewKernel) {
    this.#parts = parts
    this.#view = parts.view
    this.#content = parts.content
    this.#overviews = overviews
  }

  /** Bytes of frames read since the last time this was asked. */
  takeReadBytes(): number {
    const bytes = this.#readBytes
    this.#readBytes = 0
    return bytes
  }

  /** Reports what is wrong; gives the tile's hash, undefined where nobody knows. */
  check(place: TilePlace): Uint8Array | undefined {
    const { table, item, tile, recorded, pages } = place
    const kind = table.a.kinds[item] as number
    if (
      kind === TileKind.absent ||
      kind === TileKind.hole ||
      kind === TileKind.unreadable ||
      kind === TileKind.pruned
    ) {
      return this.#bare(place, kind)
    }
    const bytes = this.#bytes(place, kind)
    const hash = bytes && merkle.leaf(bytes)
    const isRight = hash === undefined || recorded === undefined || equalBytes(hash, recorded)
    if (!isRight) this.#damage(place, framePointer(table.a, item), 'its bytes do not have the recorded hash')
    if (bytes === undefined || !isRight) {
      pages.setChild(item, 'unknown')
      this.#level2(place, 'unknown')
    } else this.#summarise(place, bytes)
    const known = recorded ?? hash
    this.#content.takeTile(tile, { hash: known, bytes: isRight ? bytes : undefined })
    return known
  }

  #bare(place: TilePlace, kind: number): Uint8Array | undefined {
    const { tile, recorded } = place
    this.#level2(place, 'zeros')
    if (kind === TileKind.pruned) {
      this.prunedTiles++
      this.#content.takeTile(tile, { hash: recorded })
      return recorded
    }
    const bare = kind === TileKind.unreadable ? TileKind.unreadable : TileKind.hole
    const hash = merkle.subtree({ kind: bare, height: 0 })
    this.#content.takeTile(tile, { hash, bytes: bare === TileKind.hole ? zeros : undefined })
    if (recorded !== undefined && !equalBytes(hash, recorded)) {
      this.#damage(place, { offset: -1, storedLength: 0 }, 'a tile without bytes does not have the recorded hash')
      return recorded
    }
    return hash
  }

  #bytes({ table, item, tile }: TilePlace, kind: number): Uint8Array | undefined {
    if (kind === TileKind.fill) return new Uint8Array(tileBytes).fill(table.a.fill[item] as number)
    const pointer = framePointer(table.a, item)
    this.#readBytes += frameBytes(pointer.storedLength)
    const place = { part: `tile ${tile}`, tile, paths: this.#content.pathsOf(tile) }
    return this.#parts.damages.catch(place, () => {
      const payload = this.#view.file.frame(FrameType.data, pointer, this.#view.record)
      if (payload.length === tileBytes) return payload
      const padded = new Uint8Array(tileBytes)
      padded.set(payload)
      return padded
    })
  }

  /** Texels of both levels, from the owned bytes; what nobody owns must be zero. */
  #summarise(place: TilePlace, bytes: Uint8Array): void {
    const { item, tile, pages, table } = place
    if (this.#parts.owners === 'unknown') {
      pages.setChild(item, 'unknown')
      return this.#level2(place, 'unknown')
    }
    const { kernel } = this.#overviews
    const owned = [...this.#content.ownedIn(tile)]
    const ownedBytes = owned.reduce((sum, run) => sum + run.length, 0)
    const isAll = ownedBytes === tileBytes
    if (!isAll) {
      if (!gapsAreZero(bytes, owned))
        this.#damage(place, framePointer(table.a, item), 'bytes that no entry owns are not zero')
      if (table.a.kinds[item] === TileKind.fill) {
        this.#damage(place, { offset: -1, storedLength: 0 }, 'a FILL tile is not owned wholly')
      }
      kernel.mask.fill(0)
      for (const { start, length } of owned) kernel.mask.fill(fullMask, start, start + length)
    }
    kernel.input.set(bytes)
    kernel.describe(0, isAll ? 'all' : 'mask')
    this.#level2(place, ownedBytes === 0 ? 'zeros' : kernel.level2)
    pages.setChild(item, ownedBytes === 0 ? 'zeros' : kernel.level4)
  }

  /** The stored level-2 page: there exactly where something is owned. */
  #level2({ table, item, tile }: TilePlace, expected: Uint8Array | 'zeros' | 'unknown'): void {
    const pointer = framePointer(table.b, item)
    this.#parts.damages.catch({ part: `overview level 2 page ${tile}`, tile }, () => {
      if (pointer.offset === 0) {
        if (typeof expected !== 'string')
          throw new BrickDamage('node', 'it is missing though bytes of its tile are owned')
        return
      }
      this.#readBytes += frameBytes(pointer.storedLength)
      const stored = this.#view.file.frame(FrameType.overview, pointer, this.#view.record)
      if (stored.length !== level2PageBytes) {
        throw new BrickDamage('frame-limit', `a level-2 page has ${stored.length} bytes`, pointer.offset)
      }
      if (expected === 'zeros')
        throw new BrickDamage('node', 'it is there though nothing beneath is owned', pointer.offset)
      if (expected !== 'unknown' && !equalBytes(stored, expected)) {
        throw new BrickDamage('content', 'it is not the summary of its tile', pointer.offset)
      }
    })
  }

  #damage({ tile }: TilePlace, { offset }: Pointer, detail: string): void {
    const paths = this.#content.pathsOf(tile)
    this.#parts.damages.add({
      rule: 'content',
      offset,
      detail: `content: ${detail}`,
      part: `tile ${tile}`,
      tile,
      paths,
    })
  }
}

function gapsAreZero(bytes: Uint8Array, owned: readonly Run[]): boolean {
  let at = 0
  for (const { start, length } of owned) {
    if (start > at && !isZero(bytes.subarray(at, start))) return false
    at = start + length
  }
  return at >= bytes.length || isZero(bytes.subarray(at))
}
