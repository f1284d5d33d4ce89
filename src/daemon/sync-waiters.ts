/** Who waits until a brick has caught up with what was known when they asked. */
import type { Barrier, BrickSync } from '../sync/brick-sync.ts'

interface Waiter {
  readonly barrier: Barrier
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class SyncWaiters {
  #waiters: Waiter[] = []

  /** Resolves when the barrier is reached. */
  add(barrier: Barrier): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ barrier, resolve, reject })
    })
  }

  release(sync: BrickSync): void {
    const waiting = this.#waiters
    this.#waiters = waiting.filter(({ barrier }) => !sync.hasReached(barrier))
    for (const { barrier, resolve } of waiting) if (sync.hasReached(barrier)) resolve()
  }

  /** Nothing more is to be done for any of them. */
  finish(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  /** What they wait for will not come, or not now. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}
