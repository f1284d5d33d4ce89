/**
 * The bytes of one segment of a brick, with a tile before and behind it, read tile by tile when they are asked for.
 *
 * One buffer, used again for the next segment. Tiles whose bytes nobody has are `unknown`: they read as nothing, and no match
 * may lie in them.
 */
import type { Run } from '../base/entry.ts'
import { BrickDamage } from '../brick/damage.ts'
import { tileBytes } from '../brick/merkle.ts'
import { TileKind } from '../brick/tile-kind.ts'
import type { BrickView } from '../store/brick-view.ts'

/** Positions of a segment begin at a multiple of this. */
export const segmentTiles = 64
export const segmentBytes = segmentTiles * tileBytes

const windowTiles = segmentTiles + 2

const state = { unread: 0, read: 1, unknown: 2 } as const

export class SegmentWindow {
  /** `bytes[0]` stands at `base`. Zeros where the brick does not reach. */
  readonly bytes: Buffer = Buffer.alloc(windowTiles * tileBytes)
  readonly #states = new Uint8Array(windowTiles)
  #view: BrickView | undefined
  #segment = 0
  /** Of the first tile that could not be decoded. */
  damage: string | undefined

  /** Position in the brick's space; negative before the first segment. */
  get base(): number {
    return this.#segment * segmentBytes - tileBytes
  }

  get end(): number {
    return this.base + this.bytes.length
  }

  /** What was read of the same segment just before is still there. */
  open(view: BrickView, segment: number): void {
    if (view === this.#view && segment === this.#segment) return
    this.#view = view
    this.#segment = segment
    this.#states.fill(state.unread)
    this.damage = undefined
  }

  /** Nothing of the run is stored: all of it reads as zeros, or lies beyond the brick. */
  isEmpty({ start, length }: Run): boolean {
    for (const index of this.#tilesOf({ start, length })) {
      const kind = this.#kind(index)
      if (kind !== TileKind.hole && kind !== TileKind.absent) return false
    }
    return true
  }

  /** Reads what is needed of the run; gives the parts that nobody has, ascending, as whole tiles. */
  read(run: Run): Run[] {
    const unknown: Run[] = []
    for (const index of this.#tilesOf(run)) {
      if (this.#states[index] === state.unread) this.#states[index] = this.#load(index)
      if (this.#states[index] !== state.unknown) continue
      unknown.push({ start: this.base + index * tileBytes, length: tileBytes })
    }
    return unknown
  }

  *#tilesOf({ start, length }: Run): Generator<number> {
    const first = Math.max(0, Math.floor((start - this.base) / tileBytes))
    const end = Math.min(windowTiles, Math.ceil((start + length - this.base) / tileBytes))
    for (let index = first; index < end; index++) yield index
  }

  #kind(index: number): number {
    const tile = this.#tileAt(index)
    return tile < 0 ? TileKind.absent : (this.#view as BrickView).locateTile(tile).kind
  }

  #load(index: number): number {
    const place = this.bytes.subarray(index * tileBytes, (index + 1) * tileBytes)
    const tile = this.#tileAt(index)
    const view = this.#view as BrickView
    try {
      const { kind, fill } = tile < 0 ? absent : view.locateTile(tile)
      if (kind === TileKind.pruned || kind === TileKind.unreadable) return state.unknown
      if (kind === TileKind.stored || kind === TileKind.shared) place.set(view.tile(tile))
      else place.fill(kind === TileKind.fill ? fill : 0)
      return state.read
    } catch (error) {
      if (!(error instanceof BrickDamage)) throw error
      this.damage ??= `tile ${tile}: ${error.message}`
      return state.unknown
    }
  }

  #tileAt(index: number): number {
    return this.#segment * segmentTiles + index - 1
  }
}

const absent = { kind: TileKind.absent, fill: 0 } as const
