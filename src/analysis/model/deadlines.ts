/** How long one question may take: to the first word, between words, in all; and that somebody may call it off. */
import { type ChatFailure, failure } from './chat-failure.ts'
import type { ModelDeadlines } from './model-settings.ts'
import type { Timers } from './timers.ts'

export class Deadlines {
  readonly #parts: DeadlineParts
  readonly #controller = new AbortController()
  readonly #stopTotal: () => void
  #stopNext: () => void
  /** Set where one has passed; then `signal` is aborted. */
  failure: ChatFailure | undefined

  /** They begin now. */
  constructor(parts: DeadlineParts) {
    this.#parts = parts
    const { deadlines, timers, signal } = parts
    const { firstTokenMs, totalMs } = deadlines
    const inTime = (ms: number): string => `within ${Math.round(ms / 1_000)} s`
    this.#stopNext = timers.after(firstTokenMs, () =>
      this.#end(failure('no-first-word', `The model said nothing ${inTime(firstTokenMs)}.`)),
    )
    this.#stopTotal = timers.after(totalMs, () =>
      this.#end(failure('too-slow', `The model did not finish ${inTime(totalMs)}.`)),
    )
    if (signal.aborted) this.#cancel()
    else signal.addEventListener('abort', this.#cancel)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** A word came. */
  heard(): void {
    this.#stopNext()
    const { idleMs } = this.#parts.deadlines
    this.#stopNext = this.#parts.timers.after(idleMs, () =>
      this.#end(
        failure('silent', `The model fell silent for ${Math.round(idleMs / 1_000)} s in the middle of its answer.`),
      ),
    )
  }

  /** They end; nothing passes afterwards. */
  stop(): void {
    this.#stopNext()
    this.#stopTotal()
    this.#parts.signal.removeEventListener('abort', this.#cancel)
  }

  readonly #cancel = (): void => this.#end(failure('cancelled', 'It was called off.'))

  #end(reason: ChatFailure): void {
    this.failure ??= reason
    this.#controller.abort()
  }
}

export interface DeadlineParts {
  readonly deadlines: ModelDeadlines
  readonly timers: Timers
  readonly signal: AbortSignal
}
