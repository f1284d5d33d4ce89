/**
 * The Hilbert curve: position <-> point. x runs to the right, y down, the curve starts at (0, 0).
 *
 * A position in base 4 walks down a quadtree, most significant digit first. In the upright orientation the digits
 * 0 1 2 3 name the quadrants (0,0) (0,1) (1,1) (1,0); what lies in quadrant 0 is transposed, in quadrant 3 mirrored at
 * the anti-diagonal (orientation.ts). Two leading zeros transpose twice, so all even orders draw the same position at
 * the same point: growth never moves a pixel.
 *
 * Positions are exact doubles beyond 32 bits: they are split into two halves of 12 digits before any bit operation.
 */
import { assert } from '../base/assert.ts'

export interface Point {
  /** 0 .. 2^24 - 1, to the right. */
  readonly x: number
  /** 0 .. 2^24 - 1, down. */
  readonly y: number
}

/** Digits of the longest position; even. */
export const orderMax = 24
/** Positions are integers in [0, positionEnd). */
export const positionEnd = 4 ** orderMax
/** Points have integer coordinates in [0, coordinateEnd). */
export const coordinateEnd = 2 ** orderMax

const halfDigits = orderMax / 2
const halfEnd = 4 ** halfDigits

/** The smallest even order >= 2 whose square has room for `length` positions, 0 <= length <= positionEnd. */
export function evenOrderFor(length: number): number {
  assert(Number.isInteger(length) && length >= 0 && length <= positionEnd, 'a length is an integer in [0, positionEnd]')
  let order = 2
  while (4 ** order < length) order += 2
  return order
}

/** `position`: integer in [0, positionEnd). */
export function positionToPoint(position: number): Point {
  assert(Number.isInteger(position) && position >= 0 && position < positionEnd, 'a position lies on the curve')
  const high = Math.floor(position / halfEnd)
  const low = position - high * halfEnd
  let x = 0
  let y = 0
  let orientation = 0
  for (let half = high === 0 ? 1 : 0; half < 2; half++) {
    const digits = half === 0 ? high : low
    for (let shift = 2 * halfDigits - 2; shift >= 0; shift -= 2) {
      const digit = (digits >>> shift) & 3
      const across = digit >> 1
      const down = across ^ (digit & 1)
      const mirrored = orientation >> 1
      const swapped = mirrored ^ (orientation & 1)
      x = (x << 1) | ((swapped === 0 ? across : down) ^ mirrored)
      y = (y << 1) | ((swapped === 0 ? down : across) ^ mirrored)
      orientation ^= turn(digit)
    }
  }
  return { x, y }
}

/** Inverse of positionToPoint; x and y: integers in [0, coordinateEnd). */
export function pointToPosition({ x, y }: Point): number {
  assert(Number.isInteger(x) && x >= 0 && x < coordinateEnd, 'x is an integer in [0, coordinateEnd)')
  assert(Number.isInteger(y) && y >= 0 && y < coordinateEnd, 'y is an integer in [0, coordinateEnd)')
  let position = 0
  let orientation = 0
  for (let half = 1; half >= 0; half--) {
    let digits = 0
    for (let bit = (half + 1) * halfDigits - 1; bit >= half * halfDigits; bit--) {
      const right = (x >> bit) & 1
      const below = (y >> bit) & 1
      const mirrored = orientation >> 1
      const swapped = mirrored ^ (orientation & 1)
      const across = (swapped === 0 ? right : below) ^ mirrored
      const down = (swapped === 0 ? below : right) ^ mirrored
      const digit = (across << 1) | (across ^ down)
      digits = (digits << 2) | digit
      orientation ^= turn(digit)
    }
    position = position * halfEnd + digits
  }
  return position
}

/** How quadrant `digit` turns against its parent, as bits to be combined by exclusive or: see orientation.ts. */
export function turn(digit: number): number {
  return digit === 0 ? 1 : digit === 3 ? 2 : 0
}
