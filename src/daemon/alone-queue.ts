/** Work that waits until it can be alone with something, one after the other. */

interface Job {
  readonly run: () => Promise<void>
  readonly reject: (error: unknown) => void
}

export class AloneQueue {
  readonly #jobs: Job[] = []

  get isEmpty(): boolean {
    return this.#jobs.length === 0
  }

  /** Resolves with what `work` gives, when its time has come and it is done. */
  add<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        try {
          resolve(await work())
        } catch (error) {
          reject(error)
        }
      }
      this.#jobs.push({ run, reject })
    })
  }

  /** The next one, to be run; never rejects. */
  take(): (() => Promise<void>) | undefined {
    return this.#jobs.shift()?.run
  }

  /** None that waits will be run. */
  cancel(error: unknown): void {
    for (const { reject } of this.#jobs.splice(0)) reject(error)
  }
}
