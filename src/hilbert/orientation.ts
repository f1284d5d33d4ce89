/**
 * How an aligned square of the curve lies: one of four orientations, and where its top-left corner is.
 *
 * The aligned square of order k (side s = 2^k, its start a multiple of 4^k, k even) holds the picture that the curve of
 * order k begins with, moved and then laid by one of these exact maps of (x, y), 0 <= x, y < s:
 *
 *   0  identity         (x, y)
 *   1  transposed       (y, x)
 *   2  anti-transposed  (s - 1 - y, s - 1 - x)
 *   3  turned half      (s - 1 - x, s - 1 - y)
 *
 * Each is its own inverse, and a after b is a ^ b (Klein's four-group), so an orientation is the exclusive or of the
 * turns of the digits above the square.
 */
import { assert } from '../base/assert.ts'
import { orderMax, type Point, positionEnd, positionToPoint, turn } from './curve.ts'

export type Orientation = 0 | 1 | 2 | 3

export interface SquareAddress {
  /** First position of the square: a multiple of 4^order in [0, positionEnd). */
  readonly position: number
  /** The square has 4^order positions, 0 <= order <= orderMax. */
  readonly order: number
}

/** Orientation of the square; `order` must be even (see `squareOrigin` for any order). */
export function orientationAt({ position, order }: SquareAddress): Orientation {
  assertAligned({ position, order })
  assert(order % 2 === 0, 'orientations are told of even orders only')
  let orientation = 0
  let rest = position / 4 ** order
  for (let level = order; level < orderMax; level++) {
    const parent = Math.floor(rest / 4)
    orientation ^= turn(rest - 4 * parent)
    rest = parent
  }
  return orientation as Orientation
}

/** Top-left corner of the square; any order, odd ones too. */
export function squareOrigin({ position, order }: SquareAddress): Point {
  assertAligned({ position, order })
  if (order === orderMax) return { x: 0, y: 0 }
  const { x, y } = positionToPoint(position)
  return { x: (x >> order) << order, y: (y >> order) << order }
}

/** Where `orientation` lays the point (x, y) of an upright square; its own inverse. */
export function orient({ x, y, side, orientation }: Point & { side: number; orientation: Orientation }): Point {
  const last = side - 1
  if (orientation === 0) return { x, y }
  if (orientation === 1) return { x: y, y: x }
  if (orientation === 2) return { x: last - y, y: last - x }
  return { x: last - x, y: last - y }
}

function assertAligned({ position, order }: SquareAddress): void {
  assert(Number.isInteger(order) && order >= 0 && order <= orderMax, 'an order is an integer in [0, orderMax]')
  assert(position >= 0 && position < positionEnd && position % 4 ** order === 0, 'a square starts at its own multiple')
}
