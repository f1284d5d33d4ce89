/** Who may search: two at once, the others in the order in which they came; beyond that nobody is let in. */

const runningMax = 2
const waitingMax = 16

export interface SearchTurn {
  /** Others are before it. */
  readonly mustWait: boolean
  /** Resolves when it may begin. Rejects with the signal's reason. */
  mine(signal: AbortSignal): Promise<void>
  /** Whatever became of it; more than once does no harm. */
  end(): void
}

export class SearchTurns {
  readonly #running = new Set<SearchTurn>()
  readonly #waiting: { readonly turn: SearchTurn; readonly begin: () => void }[] = []

  get isIdle(): boolean {
    return this.#running.size === 0
  }

  /** Undefined where too many wait. */
  take(): SearchTurn | undefined {
    const mustWait = this.#running.size >= runningMax
    if (mustWait && this.#waiting.length >= waitingMax) return undefined
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const turn: SearchTurn = {
      mustWait,
      mine: (signal) => untilAborted(begun, signal),
      end: () => this.#end(turn),
    }
    if (mustWait) this.#waiting.push({ turn, begin })
    else {
      this.#running.add(turn)
      begin()
    }
    return turn
  }

  #end(turn: SearchTurn): void {
    const at = this.#waiting.findIndex((one) => one.turn === turn)
    if (at >= 0) this.#waiting.splice(at, 1)
    if (!this.#running.delete(turn)) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#running.add(next.turn)
    next.begin()
  }
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, reject)
  })
}
