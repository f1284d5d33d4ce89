/**
 * Answers that take time and stay true (both commits of a difference never change): made in slices, one at a time, once
 * for all who ask meanwhile, and the last few kept.
 */

const keptMax = 24

export class AnswerCache {
  readonly #pause: () => Promise<void>
  /** The longest unused first. */
  readonly #kept = new Map<string, Promise<unknown>>()
  #last: Promise<unknown> = Promise.resolve()

  /** `pause` lets other work of the event loop run. */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause
  }

  /** One key always means the same `T` and the same answer. What fails is not kept. */
  async of<T>(key: string, make: () => Generator<void, T>): Promise<T> {
    const kept = this.#kept.get(key) as Promise<T> | undefined
    const answer = kept ?? this.#inTurn(() => this.#run(make()))
    this.#kept.delete(key)
    this.#kept.set(key, answer)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptMax) break
      this.#kept.delete(oldest)
    }
    try {
      return await answer
    } catch (error) {
      if (this.#kept.get(key) === answer) this.#kept.delete(key)
      throw error
    }
  }

  /** Made in slices beside the others, and not kept: for short answers of which there are many. */
  async fresh<T>(make: () => Generator<void, T>): Promise<T> {
    return this.#run(make())
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  async #run<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = steps.next()
      if (step.done) return step.value
      await this.#pause()
    }
  }
}
