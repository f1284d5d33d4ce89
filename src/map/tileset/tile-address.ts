/**
 * Tiles and overview pages as squares: which level a view wants, which squares of it are in view, which page lies above.
 *
 * A tile of level 0 is 256 x 256 texels of one byte, a page of level l = 2, 4, .. is 64 x 64 texels of 4^l bytes. Both
 * are aligned squares of the curve of even order, so a square's index is the curve position of its column and row.
 */

import { pointToPosition, positionToPoint } from '../../hilbert/curve.ts'
import { type Orientation, orientationAt } from '../../hilbert/orientation.ts'
import { tileSpan } from '../../wire/api.ts'
import type { Rect } from '../view/camera.ts'

/** Bytes are drawn from this many pixels a byte on. */
export const byteScaleMin = 0.5
/** A texel of an overview is at least this many pixels wide. */
export const texelPixelsMin = 0.75

/** The order of the squares of `level`: 8 at level 0 and 2, 10 at level 4. */
export function orderOf(level: number): number {
  return level === 0 ? 8 : 6 + level
}

/** Side of a tile or page of `level`, in units. */
export function sideOf(level: number): number {
  return 2 ** orderOf(level)
}

/** Texels along the side of a tile or page. */
export function texelsOf(level: number): number {
  return level === 0 ? 256 : 64
}

/** The highest level of a brick with directory height `height`: one page covers all of it. */
export function topLevelOf(height: number): number {
  return 4 * height + 2
}

/** The level for `scale` pixels a byte in a brick whose highest level is `topLevel`. */
export function levelFor({ scale, topLevel }: { scale: number; topLevel: number }): number {
  if (scale >= byteScaleMin) return 0
  let level = 2
  while (level < topLevel && scale * 2 ** level < texelPixelsMin) level += 2
  return level
}

/** Index of the page of `level` that covers tile or page `index` of the lower level `from`. */
export function ancestorIndex(options: { from: number; index: number; level: number }): number {
  const { from, index, level } = options
  return Math.floor(index / (tileSpan(level) / tileSpan(from)))
}

export interface SquarePlace {
  /** Top-left corner, units from the brick's corner. */
  readonly x: number
  readonly y: number
  readonly orientation: Orientation
}

/** Where tile or page `index` of `level` lies in its brick. */
export function placeOf({ level, index }: { level: number; index: number }): SquarePlace {
  const cell = positionToPoint(index)
  const side = sideOf(level)
  const orientation = orientationAt({ position: index * tileSpan(level), order: orderOf(level) })
  return { x: cell.x * side, y: cell.y * side, orientation }
}

/** Columns and rows [x0, x1) x [y0, y1) of the grid of squares of one level. */
export interface GridRange {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/** The squares of `level` that touch `rect` (units from the brick's corner; may be anywhere). */
export function gridRange({ rect, level }: { rect: Rect; level: number }): GridRange {
  const side = sideOf(level)
  const cells = 2 ** 24 / side
  const clamp = (value: number) => Math.min(cells, Math.max(0, value))
  return {
    x0: clamp(Math.floor(rect.x / side)),
    y0: clamp(Math.floor(rect.y / side)),
    x1: clamp(Math.ceil((rect.x + rect.width) / side)),
    y1: clamp(Math.ceil((rect.y + rect.height) / side)),
  }
}

export function gridCount({ x0, y0, x1, y1 }: GridRange): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0)
}

/** Indexes of the tiles or pages in `range` that begin before `length` bytes, row by row. */
export function indexesIn(options: { range: GridRange; level: number; length: number }): number[] {
  const { range, level, length } = options
  const end = Math.ceil(length / tileSpan(level))
  const indexes: number[] = []
  for (let y = range.y0; y < range.y1; y++) {
    for (let x = range.x0; x < range.x1; x++) {
      const index = pointToPosition({ x, y })
      if (index < end) indexes.push(index)
    }
  }
  return indexes
}
