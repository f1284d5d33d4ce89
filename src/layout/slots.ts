/**
 * The slot rule: the run of a brick's byte space that one entry owns (spec: Slots).
 *
 * A slot is `cells` sibling cells of 4^cellOrder bytes, cellOrder >= 3, cells 1, 2 or 3. Its start is a multiple of
 * one cell, and it never crosses a multiple of four cells: on the curve it is a square, a domino or an L. A slot longer
 * than a tile has cellOrder >= 8 (three cells of the order below are only 49,152 bytes), so it is whole tiles.
 *
 * A length says its shape: written in base 4 it is one digit 1-3 followed by zeros, so no two shapes share a length.
 * All numbers are exact up to 2^47; nothing here shifts, because shifts stop at 32 bits.
 */

import { assert } from '../base/assert.ts'
import type { Run } from '../base/entry.ts'

export interface SlotShape {
  readonly cells: 1 | 2 | 3
  /** One cell has 4^cellOrder bytes; 3 .. 23. */
  readonly cellOrder: number
  /** Bytes: cells * 4^cellOrder. */
  readonly length: number
}

/** 4^3 = 64 bytes, the smallest cell. */
export const cellOrderMin = 3
/** 4^23 = 2^46 bytes, the largest cell. */
export const cellOrderMax = 23
/** No brick is longer, so no slot ends beyond it: 2^47. */
export const spaceSizeBytesMax = 2 ** 47
/** The largest entry that gets a slot: 2^46 bytes. */
export const entrySizeBytesMax = 2 ** 46

/** A shrunken entry gives up only a slot of at least this length: moving it away must be worth the move. */
const looseSlotLengthMin = 2 ** 20
/** And only when its slot is more than this many times as long as the one it needs. */
const looseSlotRatio = 16

/**
 * The smallest slot that holds the size; 'grown' adds 25 % (rounded up) for an entry that has outgrown a slot before.
 * Undefined for size 0: an empty entry owns no bytes. Sizes are whole, 0 .. 2^46.
 */
export function slotShapeFor(wish: {
  readonly sizeBytes: number
  readonly slack: 'none' | 'grown'
}): SlotShape | undefined {
  const { sizeBytes, slack } = wish
  assert(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, `entry size is ${sizeBytes}`)
  assert(sizeBytes <= entrySizeBytesMax, `entry of ${sizeBytes} bytes is beyond ${entrySizeBytesMax}`)
  if (sizeBytes === 0) return undefined
  const neededBytes = slack === 'grown' ? Math.ceil((sizeBytes * 5) / 4) : sizeBytes
  let cellOrder = cellOrderMin
  let cellBytes = 4 ** cellOrderMin
  while (neededBytes > 3 * cellBytes) {
    cellOrder += 1
    cellBytes *= 4
  }
  const cells = neededBytes <= cellBytes ? 1 : neededBytes <= 2 * cellBytes ? 2 : 3
  return { cells, cellOrder, length: cells * cellBytes }
}

/** The shape of a run that is a slot by the rule and lies inside the largest space, else undefined. Any numbers. */
export function slotShapeOf(slot: Run): SlotShape | undefined {
  const { start, length } = slot
  if (!(start >= 0 && length >= 4 ** cellOrderMin && start + length <= spaceSizeBytesMax)) return undefined
  let cellOrder = cellOrderMin
  let cellBytes = 4 ** cellOrderMin
  while (length >= 4 * cellBytes) {
    cellOrder += 1
    cellBytes *= 4
  }
  const cells = length / cellBytes
  if (cells !== 1 && cells !== 2 && cells !== 3) return undefined
  const cellIndex = start / cellBytes
  return Number.isInteger(cellIndex) && (cellIndex % 4) + cells <= 4 ? { cells, cellOrder, length } : undefined
}

/** The lowest start >= `from` (0 .. 2^47) at which the rule lets the shape lie. */
export function lowestStart(wish: { readonly shape: SlotShape; readonly from: number }): number {
  const { cells, cellOrder } = wish.shape
  const cellBytes = 4 ** cellOrder
  const cellIndex = Math.ceil(wish.from / cellBytes)
  const sibling = cellIndex % 4
  return (sibling + cells <= 4 ? cellIndex : cellIndex + 4 - sibling) * cellBytes
}

/** For readers: is this run a slot by the rule, inside the largest space? */
export function isValidSlot(slot: Run): boolean {
  return slotShapeOf(slot) !== undefined
}

/**
 * Does an entry that had a slot stay where it is, now that it has this size? Yes while it fits, shrunken or not,
 * except when it became empty, or when its slot is both at least 1 MiB and more than 16 times as long as the slot it
 * needs: then it moves to a small one, and the large one becomes free.
 */
export function keepsSlot(entry: { readonly slotLength: number; readonly sizeBytes: number }): boolean {
  if (entry.sizeBytes > entry.slotLength) return false
  const needed = slotShapeFor({ sizeBytes: entry.sizeBytes, slack: 'none' })
  if (needed === undefined) return false
  return entry.slotLength < looseSlotLengthMin || entry.slotLength <= looseSlotRatio * needed.length
}
