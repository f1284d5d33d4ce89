/**
 * Which texture layer holds which tile: a bounded pool of slots in least-recently-used order.
 *
 * Grows by whole texture pages up to a bound, then takes the slot of the owner that was drawn longest ago, but never of
 * one drawn in the present or the last frame, nor of a pinned one. Every step is O(1) but for the pinned owners passed
 * over. Knows nothing of textures: slot s is layer s mod 256 of texture page floor(s / 256).
 */
import { assert } from '../../base/assert.ts'

export const slotsPerPage = 256

export interface SlotOwner {
  /** Slot held, or -1. Written by the pool only. */
  slot: number
  /** Number of the frame that drew it last. */
  drawnFrame: number
  readonly pinned: boolean
}

export class SlotPool<Owner extends SlotOwner> {
  readonly pageCountMax: number
  /** Texture pages in use so far. */
  pageCount = 0
  readonly #free: number[] = []
  /** Map keeps insertion order: the first is the one touched longest ago. */
  readonly #owners = new Map<Owner, true>()

  constructor(options: { pageCountMax: number }) {
    assert(options.pageCountMax >= 1, 'a pool has at least one page')
    this.pageCountMax = options.pageCountMax
  }

  get size(): number {
    return this.#owners.size
  }

  get capacity(): number {
    return this.pageCountMax * slotsPerPage
  }

  owners(): IterableIterator<Owner> {
    return this.#owners.keys()
  }

  /** Gives `owner` a slot. Returns who lost it, null where nobody had to, or 'full' where every slot is in use. */
  take(owner: Owner, frame: number): Owner | null | 'full' {
    assert(owner.slot === -1, 'an owner holds at most one slot')
    if (this.#free.length === 0 && this.pageCount < this.pageCountMax) this.#addPage()
    const free = this.#free.pop()
    if (free !== undefined) {
      owner.slot = free
      this.#owners.set(owner, true)
      return null
    }
    for (const victim of this.#owners.keys()) {
      if (victim.pinned) continue
      if (victim.drawnFrame >= frame - 1) return 'full'
      owner.slot = victim.slot
      this.#owners.delete(victim)
      victim.slot = -1
      this.#owners.set(owner, true)
      return victim
    }
    return 'full'
  }

  /** Marks `owner` as the one used last. */
  touch(owner: Owner): void {
    if (!this.#owners.delete(owner)) return
    this.#owners.set(owner, true)
  }

  /** Takes the slot of `owner` back; nothing where it has none. */
  release(owner: Owner): void {
    if (!this.#owners.delete(owner)) return
    this.#free.push(owner.slot)
    owner.slot = -1
  }

  #addPage(): void {
    const first = this.pageCount * slotsPerPage
    for (let slot = first + slotsPerPage - 1; slot >= first; slot--) this.#free.push(slot)
    this.pageCount++
  }
}
