/**
 * The world: which square of the infinite map belongs to which brick. One world unit is one byte-pixel.
 *
 * A brick lies with position 0 at the upper left corner of its district, x to the right, y down. Even curve orders
 * agree with each other, and the first quarter of each starts at the same corner, so N bytes fill (from the corner)
 * the square of the smallest power of two that has N pixels; a district is that square.
 *
 * Placing is greedy and looks only at what is placed already: the same history gives the same world, and no district
 * ever moves for another one. Coordinates are whole multiples of 16, 0 or more.
 */

import { assert } from '../base/assert.ts'
import { spaceSizeBytesMax } from './slots.ts'

/** Square [x, x + side) x [y, y + side) in world units; side is a power of two. */
export interface District {
  readonly x: number
  readonly y: number
  readonly side: number
}

/** The smallest district: 64 x 64 units. */
export const districtSideMin = 64
/** The largest: 4^24 pixels, more than any brick has. */
export const districtSideMax = 2 ** 24

const grid = 16
/** The gap between two districts is the larger side divided by this. */
const gapShare = 8

/** The district of a brick of that many bytes (0 .. 2^47). */
export function districtReserve(sizeBytes: number): { readonly side: number } {
  assert(sizeBytes >= 0 && sizeBytes <= spaceSizeBytesMax, `brick size is ${sizeBytes}`)
  let side = districtSideMin
  while (side * side < sizeBytes) side *= 2
  return { side }
}

/**
 * Where a new district of that side goes: of the corners right of and below the placed ones, the free one that keeps
 * the whole nearest to 16:9 and small, the uppermost, then leftmost, of equals. O(n log n), at worst O(n^2).
 */
export function placeDistrict(wish: { readonly placed: readonly District[]; readonly side: number }): District {
  const { placed, side } = wish
  assertSide(side)
  const widthNow = placed.reduce((width, { x, side }) => Math.max(width, x + side), 0)
  const heightNow = placed.reduce((height, { y, side }) => Math.max(height, y + side), 0)
  const candidates = cornersAround(placed, side).map((district) => ({
    district,
    cost: Math.max(9 * Math.max(widthNow, district.x + side), 16 * Math.max(heightNow, district.y + side)),
  }))
  candidates.sort((a, b) => a.cost - b.cost || a.district.y - b.district.y || a.district.x - b.district.x)
  const best = candidates.find(({ district }) => placed.every((other) => !isTooNear(district, other)))
  assert(best !== undefined, `no free corner around ${placed.length} districts`)
  return best.district
}

/** Could the district at `index` grow to that side where it is, keeping its distance to all others? */
export function districtFits(wish: {
  readonly placed: readonly District[]
  readonly index: number
  readonly side: number
}): boolean {
  const { placed, index, side } = wish
  assertSide(side)
  const present = placed[index]
  assert(present !== undefined, `district ${index} of ${placed.length}`)
  const grown = { ...present, side }
  return placed.every((other, i) => i === index || !isTooNear(grown, other))
}

function cornersAround(placed: readonly District[], side: number): District[] {
  const corners: District[] = [{ x: 0, y: 0, side }]
  for (const other of placed) {
    const step = other.side + gapBeside(Math.max(side, other.side))
    corners.push({ x: snap(other.x + step), y: snap(other.y), side })
    corners.push({ x: snap(other.x), y: snap(other.y + step), side })
  }
  return corners
}

/** Nearer than their gap, or overlapping. */
function isTooNear(a: District, b: District): boolean {
  const gap = gapBeside(Math.max(a.side, b.side))
  return a.x < b.x + b.side + gap && b.x < a.x + a.side + gap && a.y < b.y + b.side + gap && b.y < a.y + a.side + gap
}

function gapBeside(largerSide: number): number {
  return Math.max(grid, snap(largerSide / gapShare))
}

function snap(coordinate: number): number {
  return Math.ceil(coordinate / grid) * grid
}

function assertSide(side: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(side))
  assert(isPowerOfTwo && side >= districtSideMin && side <= districtSideMax, `district side is ${side}`)
}
