/**
 * When a brick is worth analysing: after it was quiet for a while, or when what is not analysed has waited long enough; of
 * what changes all the time that is once in a while. Pure: times are the caller's monotonic milliseconds.
 */

export interface LabelPace {
  /** Without a change for that long. */
  readonly quietMs: number
  /** The oldest change waits at most that long. */
  readonly waitMsMax: number
  /** After a failure. */
  readonly retryMs: number
}

export const labelPace: LabelPace = { quietMs: 10_000, waitMsMax: 60_000, retryMs: 60_000 }
/** A brick that was never analysed, or not since it was opened, does not wait to be quiet for long. */
const firstQuietMs = 500

export class LabelTiming {
  readonly #pace: LabelPace
  #sinceMs: number | undefined
  #lastMs = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #isFirst = true

  constructor(pace: LabelPace = labelPace) {
    this.#pace = pace
  }

  /** There is something to analyse. */
  changed(nowMs: number): void {
    this.#sinceMs ??= nowMs
    this.#lastMs = nowMs
  }

  /** When to begin; undefined: there is nothing to do. */
  get dueMs(): number | undefined {
    if (this.#sinceMs === undefined) return undefined
    const { quietMs, waitMsMax } = this.#pace
    const quiet = this.#isFirst ? Math.min(firstQuietMs, quietMs) : quietMs
    return Math.max(this.#notBeforeMs, Math.min(this.#lastMs + quiet, this.#sinceMs + waitMsMax))
  }

  /** What was there to do is being done; what changes from now on is something else. */
  began(): void {
    this.#sinceMs = undefined
  }

  ended(): void {
    this.#isFirst = false
  }

  failed(nowMs: number): void {
    this.#notBeforeMs = nowMs + this.#pace.retryMs
    this.changed(nowMs)
  }
}
