/**
 * Who may search: some at once, apart for expressions, which may take long, and for all else, which never waits for them; the
 * others in the order in which they came. Beyond that nobody is let in. Those that run share threads: see SearchCrew.
 */

export type SearchClass = 'expression' | 'plain'

const runningMax = { expression: 6, plain: 4 } as const
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
  readonly #running = new Map<SearchTurn, SearchClass>()
  readonly #waiting: { readonly turn: SearchTurn; readonly of: SearchClass; readonly begin: () => void }[] = []

  get isIdle(): boolean {
    return this.#running.size === 0
  }

  /** Undefined where too many wait. */
  take(of: SearchClass): SearchTurn | undefined {
    const running = [...this.#running.values()].filter((one) => one === of).length
    const mustWait = running >= runningMax[of]
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
    if (mustWait) this.#waiting.push({ turn, of, begin })
    else {
      this.#running.set(turn, of)
      begin()
    }
    return turn
  }

  #end(turn: SearchTurn): void {
    const at = this.#waiting.findIndex((one) => one.turn === turn)
    if (at >= 0) this.#waiting.splice(at, 1)
    const of = this.#running.get(turn)
    if (of === undefined) return
    this.#running.delete(turn)
    const first = this.#waiting.findIndex((one) => one.of === of)
    const next = this.#waiting[first]
    if (next === undefined) return
    this.#waiting.splice(first, 1)
    this.#running.set(next.turn, of)
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
