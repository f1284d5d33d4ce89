/**
 * One keeper's place among those who work: asked for, given up for work that keeps nobody else from theirs, taken again.
 */
import type { Turn } from '../sync/fair-queue.ts'
import type { Turns, Worker } from './turns.ts'

export type TurnWish = Omit<Turn<Worker>, 'key'>

export class OwnTurn implements Worker {
  readonly #turns: Turns
  readonly #begin: () => void
  #wish: TurnWish | undefined
  #goOn: (() => void) | undefined
  #isCancelled = false

  /** `begin` is called when a turn that was asked for has come: to work, or to leave. */
  constructor(turns: Turns, begin: () => void) {
    this.#turns = turns
    this.#begin = begin
  }

  ask(wish: TurnWish): void {
    this.#wish = wish
    this.#turns.ask({ ...wish, key: this })
  }

  /** Also where there is none. */
  leave(): void {
    this.#turns.leave(this)
  }

  /** Lets others work meanwhile; afterwards it has a turn again, unless `work` failed or all is cancelled. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.leave()
    const done = await work()
    const wish = this.#wish
    if (wish !== undefined && !this.#isCancelled) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve
        this.ask(wish)
      })
    }
    return done
  }

  /** Nobody waits for a turn any more. */
  cancel(): void {
    this.#isCancelled = true
    this.leave()
    this.#goOn?.()
  }

  turn(): void {
    const goOn = this.#goOn
    this.#goOn = undefined
    if (goOn === undefined) this.#begin()
    else goOn()
  }
}
