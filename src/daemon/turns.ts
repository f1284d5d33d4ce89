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

  /** `worker.turn` is called when it may begin: now, or after others are done. Not while it works. */
  ask(turn: Turn<Worker>): void {
    this.#queue.ask(turn)
    this.#begin()
  }

  /** It is done, or does not want to any more. */
  leave(worker: Worker): void {
    this.#queue.leave(worker)
    this.#begin()
  }

  #begin(): void {
    for (const worker of this.#queue.start()) worker.turn()
  }
}
