/**
 * Which of several bricks may work now: at most `slots` at a time, who waits longest first, those that somebody waits for
 * with a head start. Large work never takes the last slot, so that small changes elsewhere pass a first fold.
 *
 * Nobody starves: a head start is a bounded time. Pure: the caller asks `start` after every change.
 */
import { assert } from '../base/assert.ts'

/** Somebody's wait counts as if it had begun that much earlier. */
export const hurryHeadStartMs = 10_000

export interface Turn<K> {
  readonly key: K
  /** Since when there is something to do. */
  readonly sinceMs: number
  readonly urgency: 'hurry' | 'normal'
  /** `large`: a first fold, or all of a source again. */
  readonly size: 'small' | 'large'
}

export class FairQueue<K> {
  readonly #slots: number
  readonly #waiting = new Map<K, Turn<K>>()
  readonly #working = new Map<K, Turn<K>>()

  /** `slots` >= 1; with one, large work takes it. */
  constructor({ slots }: { slots: number }) {
    assert(Number.isInteger(slots) && slots >= 1, `slots was ${slots}`)
    this.#slots = slots
  }

  /** Asks for a turn, or says more of one that was asked for; its earliest time stays. Not while it works. */
  ask(turn: Turn<K>): void {
    assert(!this.#working.has(turn.key), 'asked for a second turn while at work')
    const asked = this.#waiting.get(turn.key)
    this.#waiting.set(
      turn.key,
      asked === undefined ? turn : { ...turn, sinceMs: Math.min(asked.sinceMs, turn.sinceMs) },
    )
  }

  /** It has nothing to do any more, or has ended its work. */
  leave(key: K): void {
    this.#waiting.delete(key)
    this.#working.delete(key)
  }

  /** Who begins now; each of them leaves when it is done. */
  start(): readonly K[] {
    const started: K[] = []
    for (const turn of [...this.#waiting.values()].sort((a, b) => rankMs(a) - rankMs(b))) {
      if (!this.#mayStart(turn)) continue
      this.#waiting.delete(turn.key)
      this.#working.set(turn.key, turn)
      started.push(turn.key)
    }
    return started
  }

  #mayStart({ size }: Turn<K>): boolean {
    if (this.#working.size >= this.#slots) return false
    if (size === 'small' || this.#slots === 1) return true
    const large = [...this.#working.values()].filter((turn) => turn.size === 'large').length
    return large < this.#slots - 1
  }
}

function rankMs({ sinceMs, urgency }: Turn<unknown>): number {
  return urgency === 'hurry' ? sinceMs - hurryHeadStartMs : sinceMs
}
