/**
 * The first placement of a brick's entries: in path order, neighbours near each other, alignment gaps filled.
 *
 * A large entry starts at a multiple of its cell, so it leaves a gap before it. Entries that follow it in path order
 * go back into that gap while it is worth it (see SlotSpace.takeBeside), then go on behind. Always filling the lowest
 * hole instead would use 2 % less space and scatter each directory over the whole brick.
 *
 * It neither sorts nor reads paths: the caller's order is the order of the places.
 */

import type { Run } from '../base/entry.ts'
import type { SlotSpace } from './slot-space.ts'
import { slotShapeFor } from './slots.ts'

export type Placing =
  | {
      readonly kind: 'placed'
      /** One a item, in the order of the items; undefined for an empty one, which owns no bytes. */
      readonly slots: readonly (Run | undefined)[]
      /** Where the next batch of the same sequence goes on. */
      readonly cursor: number
    }
  /** The item at `index` would lie beyond 2^47 bytes. The space is as it was before. */
  | { readonly kind: 'full'; readonly index: number }

/**
 * Takes a slot for each item. `items` are in path order; several batches in a row, each begun at the cursor that the
 * one before returned, lead to the same places as one. The first begins at 0.
 */
export function placeAll(space: SlotSpace, items: readonly { readonly sizeBytes: number }[], cursor = 0): Placing {
  const slots: (Run | undefined)[] = []
  let end = cursor
  for (const [index, { sizeBytes }] of items.entries()) {
    const shape = slotShapeFor({ sizeBytes, slack: 'none' })
    if (shape === undefined) {
      slots.push(undefined)
      continue
    }
    const start = space.takeBeside(shape, end)
    if (start === undefined) {
      for (const slot of slots) if (slot !== undefined) space.release(slot)
      return { kind: 'full', index }
    }
    slots.push({ start, length: shape.length })
    end = start + shape.length
  }
  return { kind: 'placed', slots, cursor: end }
}
