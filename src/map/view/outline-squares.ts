/** Which parts of a brick a view needs outlines of, and how small a thing may be to be asked for. Pure. */
import { pointToPosition } from '../../hilbert/curve.ts'
import type { Rect } from './camera.ts'

/** A square of outlines is about this wide on the screen; the smallest thing asked for is a sixteenth of its side. */
const squarePixels = 512
const orderMin = 6
const ordersBelow = 4

export interface OutlineSquares {
  /** Squares of 4^order positions. */
  readonly order: number
  /** Indexes (first position / 4^order), ascending. */
  readonly indexes: readonly number[]
  /** Smallest number of bytes of space asked for. */
  readonly min: number
}

/** `rect`: the part of the brick that is in view, units from its corner; `brickOrder`: order of its whole square. */
export function outlineSquares(options: {
  rect: Rect
  scale: number
  length: number
  brickOrder: number
}): OutlineSquares {
  const { rect, scale, length, brickOrder } = options
  const wanted = Math.max(orderMin, Math.round(Math.log2(squarePixels / scale)))
  const order = Math.min(brickOrder, wanted)
  const side = 2 ** order
  const min = 4 ** Math.max(0, wanted - ordersBelow)
  const indexes: number[] = []
  const cells = Math.ceil(2 ** brickOrder / side)
  const x1 = Math.min(cells, Math.ceil((rect.x + rect.width) / side))
  const y1 = Math.min(cells, Math.ceil((rect.y + rect.height) / side))
  for (let y = Math.max(0, Math.floor(rect.y / side)); y < y1; y++) {
    for (let x = Math.max(0, Math.floor(rect.x / side)); x < x1; x++) {
      const index = Math.floor(pointToPosition({ x: x * side, y: y * side }) / 4 ** order)
      if (index * 4 ** order < length) indexes.push(index)
    }
  }
  return { order, indexes: indexes.sort((a, b) => a - b), min }
}
