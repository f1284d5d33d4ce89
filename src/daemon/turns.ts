/** Who of the keepers may work now: executes what `FairQueue` decides. */
import { FairQueue, type Turn } from '../sync/fair-queue.ts'

/** Somebody who works when it is told to, and says when it is done. */
export interface Worker {
  turn(): void
}

/** One more than the fold has threads, and one that large work never takes. */
const slots = 3

export class Turns {
  readonly #queue = new FairQueue<Worker>({ slots })
  readonly #working = new Set<Worker>()
  readonly #whenIdle = new Set<() => void>()

  /** `worker.turn` is called when it may begin: now, or after others are done. Not while it works. */
  ask(turn: Turn<Worker>): void {
    this.#queue.ask(turn)
    this.#begin()
  }

  /** It is done, or does not want to any more. */
  leave(worker: Worker): void {
    this.#queue.leave(worker)
    this.#working.delete(worker)
    this.#begin()
    if (this.#working.size > 0) return
    for (const resolve of this.#whenIdle) resolve()
    this.#whenIdle.clear()
  }

  /** Resolves when nobody works, or after `waitMs`: who always gives way is never done. */
  async idle(waitMs: number): Promise<void> {
    if (this.#working.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs)
      this.#whenIdle.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #begin(): void {
    const started = this.#queue.start()
    for (const worker of started) this.#working.add(worker)
    for (const worker of started) worker.turn()
  }
}
