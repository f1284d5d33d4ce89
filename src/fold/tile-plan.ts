/**
 * Which tiles a commit rewrites, and as what: single tiles as actions of their leaf, whole leaves of one kind as ranges,
 * so that 1 TiB of hole is one range. Later marks win over earlier ones.
 */
import { TileKind } from '../brick/node.ts'
import { TileAction } from './leaf-job.ts'
import { fanOut } from './node-edit.ts'
import type { LeafRange } from './tree.ts'

/** Kinds of tiles without bytes that a plan may ask for. */
export type BareKind = 'hole' | 'unreadable' | 'absent'

export interface TileRun {
  readonly start: number
  readonly count: number
}

export class TilePlan {
  readonly ranges: LeafRange[] = []
  /** TileAction of the 256 tiles of each leaf that has a job. */
  readonly leaves = new Map<number, Uint8Array>()

  markBare({ start, count }: TileRun, kind: BareKind): void {
    const end = start + count
    const firstWhole = Math.ceil(start / fanOut)
    const endWhole = Math.floor(end / fanOut)
    if (firstWhole >= endWhole) return this.#markTiles({ start, count }, TileAction[kind])
    this.#markTiles({ start, count: firstWhole * fanOut - start }, TileAction[kind])
    this.#markTiles({ start: endWhole * fanOut, count: end - endWhole * fanOut }, TileAction[kind])
    this.ranges.push({ start: firstWhole, count: endWhole - firstWhole, kind: TileKind[kind] })
    for (const [leaf, actions] of this.leaves) {
      if (leaf >= firstWhole && leaf < endWhole) actions.fill(TileAction[kind])
    }
  }

  /** `build` starts from zeros, `rebuild` from the tile's previous bytes, `prune` keeps the hash alone. */
  markTile(tile: number, action: 'build' | 'rebuild' | 'prune'): void {
    this.#leaf(Math.floor(tile / fanOut))[tile % fanOut] = TileAction[action]
  }

  #markTiles({ start, count }: TileRun, action: number): void {
    for (let tile = start; tile < start + count; tile++) this.#leaf(Math.floor(tile / fanOut))[tile % fanOut] = action
  }

  #leaf(index: number): Uint8Array {
    let actions = this.leaves.get(index)
    if (actions === undefined) {
      actions = new Uint8Array(fanOut).fill(this.#actionOf(index))
      this.leaves.set(index, actions)
    }
    return actions
  }

  /** What the ranges so far say of a leaf. */
  #actionOf(leaf: number): number {
    const range = this.ranges.findLast(({ start, count }) => leaf >= start && leaf < start + count)
    if (range === undefined) return TileAction.keep
    if (range.kind === TileKind.hole) return TileAction.hole
    return range.kind === TileKind.unreadable ? TileAction.unreadable : TileAction.absent
  }
}
