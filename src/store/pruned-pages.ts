/**
 * The overview pages of one node over whose tiles bytes were taken away: texels over those tiles become zeros, and what is
 * summed up from them is summed up anew (spec section 5: a PRUNED tile owns nothing).
 *
 * The arithmetic comes from outside; here is only which page is made of which.
 */
import { fanOut } from '../brick/merkle.ts'
import { pageGroups } from '../brick/node-table.ts'
import type { Pointer } from '../brick/pointer.ts'

/** Pages are 6 planes of 4,096 texels, chunks 6 planes of 256. */
export interface OverviewTools {
  readonly emptyPage: () => Uint8Array
  /** Puts a chunk at place 0 .. 15 of a page. */
  readonly patch: (page: Uint8Array, place: number, chunk: Uint8Array) => void
  /** A page's texels two levels up: a fresh chunk. */
  readonly reduce: (page: Uint8Array) => Uint8Array
  readonly isEmpty: (page: Uint8Array) => boolean
  readonly emptyChunk: Uint8Array
}

const itemsPerGroup = fanOut / pageGroups

export class PrunedPages {
  readonly #overviews: OverviewTools
  readonly #read: (page: Pointer) => Uint8Array
  /** Undefined: a tile without bytes, whose page goes. */
  readonly #children = new Map<number, Uint8Array | undefined>()
  readonly #groups = new Map<number, Uint8Array>()

  constructor(parts: { overviews: OverviewTools; read: (page: Pointer) => Uint8Array }) {
    this.#overviews = parts.overviews
    this.#read = parts.read
  }

  get isTouched(): boolean {
    return this.#children.size > 0
  }

  /** The tile of this item holds nothing any more. */
  clear(item: number): void {
    this.#children.set(item, undefined)
  }

  /** The child of this item has another page of its own. */
  change(item: number, page: Uint8Array): void {
    this.#children.set(item, page)
  }

  changesItem(item: number): boolean {
    return this.#children.has(item)
  }

  changesGroup(group: number): boolean {
    return [...this.#children.keys()].some((item) => Math.floor(item / itemsPerGroup) === group)
  }

  /** The pages of section B that change; undefined: none any more. */
  children(): Iterable<[item: number, page: Uint8Array | undefined]> {
    return this.#children
  }

  /** The pages of section C that change. `pointer`: where they are in the old file. */
  groups(pointer: (group: number) => Pointer): Iterable<[group: number, page: Uint8Array]> {
    const { patch, reduce, emptyChunk } = this.#overviews
    for (const [item, child] of this.#children) {
      const group = Math.floor(item / itemsPerGroup)
      const page = this.#groups.get(group) ?? this.#page(pointer(group))
      this.#groups.set(group, page)
      patch(page, item % itemsPerGroup, child === undefined ? emptyChunk : reduce(child))
    }
    return this.#groups
  }

  /** The page that stands for the whole node, after `groups`. */
  own(pointer: Pointer): Uint8Array {
    const page = this.#page(pointer)
    for (const [group, changed] of this.#groups) this.#overviews.patch(page, group, this.#overviews.reduce(changed))
    return page
  }

  /** A fresh page; zeros where there is none. */
  #page(pointer: Pointer): Uint8Array {
    const page = this.#overviews.emptyPage()
    if (pointer.offset > 0) page.set(this.#read(pointer))
    return page
  }
}
