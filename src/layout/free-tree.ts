/**
 * Which cells of a brick's byte space are free: a radix-4 tree that has nodes only where free and used mix.
 *
 * A node of order k covers 4^k bytes and has four children of order k - 1; a child that is free or used as a whole is
 * a constant instead of a node. So memory follows the free fragments, not the slots and not the space. Each node
 * knows the rank of the roomiest shape that fits in it. One number is enough, because shapes are totally ordered: where
 * three cells of order k fit, two and one do, and where one cell of order k + 1 fits, three of order k do. Hence the
 * lowest place for a shape is one walk down, choosing the first child with enough room.
 *
 * It knows nothing of entries, and never moves a cell. All positions are bytes, exact up to 2^47.
 */

import { assert } from '../base/assert.ts'
import { cellOrderMax, cellOrderMin, lowestStart, type SlotShape } from './slots.ts'

/** Where a shape lies: `start` in bytes, by the slot rule, inside 2^47 bytes. The caller has checked that. */
export interface Place {
  readonly start: number
  readonly shape: SlotShape
}

/** Child words: what is not one of these is the index of a node. The root, index 0, is nobody's child. */
const allUsed = 0
const allFree = -1
type Uniform = typeof allUsed | typeof allFree

const root = 0
/** Covers 4^24 = 2^48 bytes, of which the second half is beyond the largest brick. */
const rootOrder = cellOrderMax + 1
const nodeCountAtStart = 256
const orderBytes = Float64Array.from({ length: rootOrder + 1 }, (_, order) => 4 ** order)

export class FreeTree {
  /** Four child words a node; of a discarded node, the first word is the next discarded one. */
  #children = new Int32Array(4 * nodeCountAtStart)
  /** Rank of the roomiest shape that fits inside the node, 0 where none does. */
  #room = new Uint8Array(nodeCountAtStart)
  #nodeCount = 1
  /** Head of the list of discarded nodes; the root is never discarded and ends it. */
  #discarded = root
  /** Index in #children of the word that was followed at each order of the last walk. */
  readonly #followed = new Int32Array(rootOrder + 1)
  /** Of the search under way: the lowest start allowed in a hole, by the order of the hole's largest free cell. */
  readonly #from = new Float64Array(rootOrder + 1)

  constructor() {
    this.#children.set([allFree, allFree, allUsed, allUsed], root)
    this.#summarise(root, rootOrder)
  }

  /** Bytes from 0 to the end of the last used cell. */
  get end(): number {
    let word = this.#lastInUse(root, 2)
    let start = 0
    let order = rootOrder
    while (word >= 0) {
      order -= 1
      start += (word % 4) * sizeOf(order)
      const child = this.#child(word)
      if (child === allUsed) return start + sizeOf(order)
      word = this.#lastInUse(child, 4)
    }
    return 0
  }

  /** Bytes held by the tree. */
  get memoryBytes(): number {
    return this.#children.byteLength + this.#room.byteLength
  }

  /** The lowest start >= `from` at which the shape is free and lies by the slot rule; undefined where none is. */
  lowest(wish: { readonly shape: SlotShape; readonly from: number }): number | undefined {
    this.#from.fill(wish.from)
    return this.#search(wish.shape)
  }

  /**
   * The same, but how far before `cursor` it may start depends on the size of the hole: within `reach` times the
   * largest free cell that holds it. So a large hole is found again from far away, a sliver only from close by.
   */
  lowestWithinReach(wish: {
    readonly shape: SlotShape
    readonly cursor: number
    readonly reach: number
  }): number | undefined {
    for (let order = 0; order <= rootOrder; order++) this.#from[order] = wish.cursor - wish.reach * sizeOf(order)
    return this.#search(wish.shape)
  }

  /** Free to used. False, and nothing is changed, where a part of the place is in use. */
  occupy(place: Place): boolean {
    return this.#turn(place, { from: allFree, to: allUsed })
  }

  /** Used to free. False, and nothing is changed, where a part of the place is free. */
  vacate(place: Place): boolean {
    return this.#turn(place, { from: allUsed, to: allFree })
  }

  /** Is the whole place in use? */
  isOccupied(place: Place): boolean {
    const { cells, cellOrder } = place.shape
    let node = root
    let rest = place.start
    for (let order = rootOrder - 1; order > cellOrder; order--) {
      const i = Math.floor(rest / sizeOf(order))
      rest -= i * sizeOf(order)
      const child = this.#child(4 * node + i)
      if (child === allUsed || child === allFree) return child === allUsed
      node = child
    }
    return this.#isUniform({ word: 4 * node + rest / sizeOf(cellOrder), count: cells, value: allUsed })
  }

  /** Lowest allowed start, by #from. One walk down; it climbs only out of nodes that #from cuts through. */
  #search(shape: SlotShape): number | undefined {
    const rank = rankOf(shape)
    let node = root
    let order = rootOrder - 1
    let start = 0
    let i = 0
    for (;;) {
      if (order === shape.cellOrder) {
        const found = this.#lowestRun({ node, start }, shape)
        if (found !== undefined) return found
        i = 4
      }
      if (i === 4) {
        if (node === root) return undefined
        order += 1
        const word = this.#followed[order] as number
        node = Math.floor(word / 4)
        start -= (word % 4) * sizeOf(order)
        i = (word % 4) + 1
        continue
      }
      const child = this.#child(4 * node + i)
      const childStart = start + i * sizeOf(order)
      if (child === allFree) {
        const found = lowestStart({ shape, from: Math.max(childStart, this.#from[order] as number) })
        if (found + shape.length <= childStart + sizeOf(order)) return found
      } else if (child > 0 && this.#mayHold(child, { rank, end: childStart + sizeOf(order) })) {
        this.#followed[order] = 4 * node + i
        node = child
        start = childStart
        order -= 1
        i = 0
        continue
      }
      i += 1
    }
  }

  /** Of a node whose children are single cells of the shape. */
  #lowestRun(at: { readonly node: number; readonly start: number }, shape: SlotShape): number | undefined {
    for (let first = 0; first + shape.cells <= 4; first++) {
      const start = at.start + first * sizeOf(shape.cellOrder)
      if (
        start >= (this.#from[shape.cellOrder] as number) &&
        this.#isUniform({ word: 4 * at.node + first, count: shape.cells, value: allFree })
      ) {
        return start
      }
    }
    return undefined
  }

  /** False where the node has no room of that rank, or where it ends before the start its largest hole allows. */
  #mayHold(node: number, wish: { readonly rank: number; readonly end: number }): boolean {
    const room = this.#room[node] as number
    return room >= wish.rank && wish.end > (this.#from[holeOrderOf(room)] as number)
  }

  #turn(place: Place, change: { readonly from: Uniform; readonly to: Uniform }): boolean {
    const { cells, cellOrder } = place.shape
    let node = root
    let rest = place.start
    for (let order = rootOrder - 1; order > cellOrder; order--) {
      const i = Math.floor(rest / sizeOf(order))
      rest -= i * sizeOf(order)
      const word = 4 * node + i
      let child = this.#child(word)
      if (child === change.to) return false
      if (child === change.from) {
        child = this.#makeNode(change.from)
        this.#children[word] = child
      }
      this.#followed[order] = word
      node = child
    }
    const first = 4 * node + rest / sizeOf(cellOrder)
    if (!this.#isUniform({ word: first, count: cells, value: change.from })) return false
    this.#children.fill(change.to, first, first + cells)
    this.#settle({ node, order: cellOrder + 1 }, change.to)
    return true
  }

  /** From the changed node up: fold uniform nodes into their parents, renew what the others know of their room. */
  #settle(changed: { readonly node: number; readonly order: number }, value: Uniform): void {
    let { node, order } = changed
    while (node !== root) {
      const word = this.#followed[order] as number
      const isUniform = this.#isUniform({ word: 4 * node, count: 4, value })
      if (isUniform) {
        this.#children[word] = value
        this.#discard(node)
      } else if (!this.#summarise(node, order)) {
        return
      }
      node = Math.floor(word / 4)
      order += 1
    }
    this.#summarise(root, rootOrder)
  }

  /** Did the room of the node change? */
  #summarise(node: number, order: number): boolean {
    let roomiest = 0
    let run = 0
    let longest = 0
    for (let word = 4 * node; word < 4 * node + 4; word++) {
      const child = this.#child(word)
      run = child === allFree ? run + 1 : 0
      longest = Math.max(longest, run)
      if (child > 0) roomiest = Math.max(roomiest, this.#room[child] as number)
    }
    if (longest > 0) roomiest = Math.max(roomiest, rankOf({ cells: longest, cellOrder: order - 1 }))
    const isChanged = this.#room[node] !== roomiest
    this.#room[node] = roomiest
    return isChanged
  }

  #isUniform(run: { readonly word: number; readonly count: number; readonly value: Uniform }): boolean {
    for (let word = run.word; word < run.word + run.count; word++) {
      if (this.#children[word] !== run.value) return false
    }
    return true
  }

  /** Index of the last child word, among the first `count` of the node, that is not free; -1 where all are. */
  #lastInUse(node: number, count: number): number {
    for (let i = count - 1; i >= 0; i--) if (this.#child(4 * node + i) !== allFree) return 4 * node + i
    return -1
  }

  #child(word: number): number {
    return this.#children[word] as number
  }

  /** A node that is uniform for the moment; the caller makes it mixed before it returns. */
  #makeNode(value: Uniform): number {
    let node = this.#discarded
    if (node === root) {
      node = this.#nodeCount
      this.#nodeCount += 1
      if (node === this.#room.length) this.#grow()
    } else {
      this.#discarded = this.#child(4 * node)
    }
    this.#children.fill(value, 4 * node, 4 * node + 4)
    this.#room[node] = 0
    return node
  }

  #discard(node: number): void {
    this.#children[4 * node] = this.#discarded
    this.#discarded = node
  }

  #grow(): void {
    const nodeCountMax = 2 * this.#room.length
    assert(nodeCountMax <= 2 ** 28, `the free space is in more than ${nodeCountMax} pieces`)
    const children = new Int32Array(4 * nodeCountMax)
    children.set(this.#children)
    this.#children = children
    const room = new Uint8Array(nodeCountMax)
    room.set(this.#room)
    this.#room = room
  }
}

/** Shapes in order of length, from 1; four cells of one order rank as one of the next. At most 64. */
function rankOf(shape: { readonly cells: number; readonly cellOrder: number }): number {
  return 3 * (shape.cellOrder - cellOrderMin) + shape.cells
}

/** Order of the largest free cell where that rank is the roomiest. */
function holeOrderOf(rank: number): number {
  return cellOrderMin + Math.floor((rank - 1) / 3)
}

function sizeOf(order: number): number {
  return orderBytes[order] as number
}
