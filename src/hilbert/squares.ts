/**
 * A run of positions as squares: every aligned run of 4^k positions is a square of side 2^k.
 *
 * Invariants: squares come in curve order, are disjoint and leave no gap; without coarsening they cover the run
 * exactly, and a run needs at most `squareCountMax` of them.
 */
import { assert } from '../base/assert.ts'
import { orderMax, positionEnd } from './curve.ts'
import { squareOrigin } from './orientation.ts'

export interface Square {
  /** Top-left corner. */
  readonly x: number
  readonly y: number
  /** A power of two; the square holds the positions [start, start + side * side). */
  readonly side: number
  readonly start: number
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** No run falls into more squares: at most three of every order at either end. */
export const squareCountMax = 6 * orderMax

/**
 * The run [start, start + length) as the fewest aligned squares. Where they would be more than `countMax` (>= 1,
 * default `squareCountMax`: never), the run is first widened at both ends to multiples of 4^k with the smallest k that
 * helps, so the squares cover it and somewhat more.
 */
export function squaresOf(options: { start: number; length: number; countMax?: number }): readonly Square[] {
  const { start, length, countMax = squareCountMax } = options
  assert(countMax >= 1, 'at least one square has to be allowed')
  for (let orderMin = 0; ; orderMin++) {
    const squares: Square[] = []
    let within = true
    for (const { position, order } of alignedSquares(widened({ start, length, orderMin }))) {
      within = squares.length < countMax
      if (!within) break
      squares.push({ ...squareOrigin({ position, order }), side: 2 ** order, start: position })
    }
    if (within) return squares
  }
}

/** The smallest box around the points of the run, in points; all 0 where length is 0. */
export function boundingBox(options: { start: number; length: number }): Box {
  const { start, length } = options
  assertRun({ start, length })
  if (length === 0) return { x: 0, y: 0, width: 0, height: 0 }
  let left = Number.POSITIVE_INFINITY
  let top = Number.POSITIVE_INFINITY
  let right = 0
  let bottom = 0
  for (const { position, order } of alignedSquares({ start, end: start + length })) {
    const { x, y } = squareOrigin({ position, order })
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x + 2 ** order)
    bottom = Math.max(bottom, y + 2 ** order)
  }
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** The run widened outwards to multiples of 4^orderMin. */
export function widened(options: { start: number; length: number; orderMin: number }): { start: number; end: number } {
  const { start, length, orderMin } = options
  assertRun({ start, length })
  const unit = 4 ** orderMin
  return { start: Math.floor(start / unit) * unit, end: Math.ceil((start + length) / unit) * unit }
}

function* alignedSquares({
  start,
  end,
}: {
  start: number
  end: number
}): Generator<{ position: number; order: number }> {
  let position = start
  while (position < end) {
    let order = 0
    while (order < orderMax && position % 4 ** (order + 1) === 0 && 4 ** (order + 1) <= end - position) order++
    yield { position, order }
    position += 4 ** order
  }
}

function assertRun({ start, length }: { start: number; length: number }): void {
  assert(Number.isInteger(start) && start >= 0, 'a run starts on the curve')
  assert(Number.isInteger(length) && length >= 0 && start + length <= positionEnd, 'a run ends on the curve')
}
