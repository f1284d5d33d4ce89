/**
 * When a brick is reconciled, and with which scopes: a state machine without clock, disk or threads.
 *
 * Hints only add to what is dirty; the reconcile finds out what is true. The first change after quiet is taken at
 * once; under steady change commits keep a distance. A failure makes everything dirty and waits longer each time.
 * Time is monotonic milliseconds, given by the caller.
 */
import { type DirtyScope, DirtySet } from './dirty-set.ts'

/** At most two commits a second under steady change. */
export const commitDistanceMs = 500
/** Files of one burst usually arrive within this; a first change waits no longer. */
export const settleMs = 15
export const retryFirstMs = 1_000
export const retryMaxMs = 60_000

export type SyncOrder =
  /** Nothing is dirty. */
  | { readonly kind: 'idle' }
  /** Ask again at that time. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'reconcile'; readonly scopes: readonly DirtyScope[] }
  /** One is under way. */
  | { readonly kind: 'busy' }

export class BrickSync {
  readonly #dirty = new DirtySet()
  #dirtySinceMs = 0
  #running = false
  #lastCommitMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #retryAtMs = Number.NEGATIVE_INFINITY
  #urgent = false

  get isDirty(): boolean {
    return !this.#dirty.isEmpty
  }

  /** Neither dirty nor at work. */
  get isSettled(): boolean {
    return this.#dirty.isEmpty && !this.#running
  }

  hint(scope: DirtyScope, nowMs: number): void {
    this.#touch(nowMs)
    this.#dirty.add(scope)
  }

  /** Hints were lost, or the brick was just opened. */
  hintAll(nowMs: number): void {
    this.#touch(nowMs)
    this.#dirty.addAll()
  }

  /** Somebody waits: no settling, no distance, no back-off for what is dirty now. */
  hurry(): void {
    this.#urgent = true
  }

  next(nowMs: number): SyncOrder {
    if (this.#running) return { kind: 'busy' }
    if (this.#dirty.isEmpty) {
      this.#urgent = false
      return { kind: 'idle' }
    }
    const dueMs = Math.max(this.#dirtySinceMs + settleMs, this.#lastCommitMs + commitDistanceMs, this.#retryAtMs)
    if (!this.#urgent && nowMs < dueMs) return { kind: 'wait', untilMs: dueMs }
    this.#running = true
    this.#urgent = false
    return { kind: 'reconcile', scopes: this.#dirty.take() }
  }

  finished(outcome: 'committed' | 'unchanged', nowMs: number): void {
    this.#running = false
    this.#failures = 0
    this.#retryAtMs = Number.NEGATIVE_INFINITY
    if (outcome === 'committed') this.#lastCommitMs = nowMs
  }

  /** Nothing of what was taken may be forgotten. */
  failed(nowMs: number): void {
    this.#running = false
    this.#retryAtMs = nowMs + Math.min(retryMaxMs, retryFirstMs * 2 ** this.#failures)
    this.#failures++
    this.hintAll(nowMs)
  }

  #touch(nowMs: number): void {
    if (this.#dirty.isEmpty) this.#dirtySinceMs = nowMs
  }
}
