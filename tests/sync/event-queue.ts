/** Simulated time: things that happen at a time, in the order of their times, then of their making. */

interface Event {
  readonly atMs: number
  readonly run: () => void
}

export class EventQueue {
  /** Ascending from the end: the next one is the last. */
  readonly #events: Event[] = []
  #nowMs = 0

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + Math.max(0, delayMs), run)
  }

  at(atMs: number, run: () => void): void {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#events[middle] as Event).atMs > atMs) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, { atMs, run })
  }

  /** Everything until then; `check` after each event. */
  runUntil(endMs: number, check: () => void): void {
    for (let event = this.#events.at(-1); event !== undefined && event.atMs <= endMs; event = this.#events.at(-1)) {
      this.#events.pop()
      this.#nowMs = event.atMs
      event.run()
      check()
    }
    this.#nowMs = endMs
  }
}
