/**
 * Change heat as squares: runs of tiles with equal counts, coarsened until a square is worth drawing. A block's count is
 * its hottest tile's, so that one hot tile is still seen from afar. Pure.
 */
import { squaresOf } from '../../hilbert/squares.ts'
import type { HeatRun } from '../../wire/api.ts'

const tileSide = 256
/** A square is drawn at least this large. */
export const heatPixelsMin = 3
/** More squares than these are coarsened further. */
const squareCountMax = 24_000
const orderMax = 16

export interface HeatSquare {
  /** Units from the brick's corner. */
  readonly x: number
  readonly y: number
  readonly side: number
  readonly count: number
}

/** Blocks of 4^order tiles are at least heatPixelsMin wide at `scale` pixels a unit. */
export function heatOrder(scale: number): number {
  return Math.min(orderMax, Math.max(0, Math.ceil(Math.log2(heatPixelsMin / (tileSide * scale)))))
}

/** `runs`: ascending and disjoint, in tiles. Blocks of 4^order tiles, or larger ones where they would be too many. */
export function heatSquares(runs: readonly HeatRun[], order: number): readonly HeatSquare[] {
  for (let coarser = order; ; coarser++) {
    const squares: HeatSquare[] = []
    for (const [start, length, count] of coarsened(runs, 4 ** coarser)) {
      for (const { x, y, side } of squaresOf({ start, length })) {
        squares.push({ x: x * tileSide, y: y * tileSide, side: side * tileSide, count })
      }
      if (squares.length > squareCountMax && coarser < orderMax) break
    }
    if (squares.length <= squareCountMax || coarser >= orderMax) return squares
  }
}

/** Runs whose ends are multiples of `blockTiles`; each block has the largest count in it; neighbours alike are joined. */
export function coarsened(runs: readonly HeatRun[], blockTiles: number): readonly HeatRun[] {
  if (blockTiles === 1) return runs
  const out: [start: number, length: number, count: number][] = []
  for (const [start, length, count] of runs) {
    let from = Math.floor(start / blockTiles) * blockTiles
    const end = Math.ceil((start + length) / blockTiles) * blockTiles
    const last = out.at(-1)
    if (last !== undefined && last[0] + last[1] > from) {
      // One block belongs to both: the hotter run takes it.
      if (last[2] >= count) from += blockTiles
      else if (last[1] > blockTiles) last[1] -= blockTiles
      else out.pop()
    }
    const before = out.at(-1)
    if (end <= from) continue
    if (before !== undefined && before[0] + before[1] === from && before[2] === count) before[1] += end - from
    else out.push([from, end - from, count])
  }
  return out
}
