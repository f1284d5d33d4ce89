/** Stops asking a server that fails again and again, and lets one question through now and then to see whether it is well. */

export class Breaker {
  #failures = 0
  #openedMs: number | undefined

  /** Times are the caller's monotonic milliseconds. `trial`: one question, and no other until it was answered. */
  judge(nowMs: number): 'closed' | 'trial' | 'open' {
    if (this.#openedMs === undefined) return 'closed'
    return nowMs - this.#openedMs >= pauseMs ? 'trial' : 'open'
  }

  get failures(): number {
    return this.#failures
  }

  failed(nowMs: number): void {
    this.#failures++
    if (this.#failures >= failuresMax) this.#openedMs = nowMs
  }

  succeeded(): void {
    this.#failures = 0
    this.#openedMs = undefined
  }
}

/** In a row. */
export const failuresMax = 3
export const pauseMs = 30_000
