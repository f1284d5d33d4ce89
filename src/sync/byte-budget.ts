/**
 * How fast a brick may be written over the long run: a bucket that fills with time and may be overdrawn by one commit.
 *
 * It never says how much may be written, only from when on: the size of a commit is known after it. The debt is bounded,
 * so that no commit waits longer than that for one before it, be it the first fold of a large tree.
 */

export interface ByteRate {
  /** null: without a bound. */
  readonly bytesPerSecond: number | null
  readonly burstBytes: number
  /** The debt is never more than what this time pays off. */
  readonly debtMsMax: number
}

export class ByteBudget {
  readonly #rate: ByteRate
  /** Below 0 it is a debt. */
  #balanceBytes: number
  #atMs = Number.NEGATIVE_INFINITY

  constructor(rate: ByteRate) {
    this.#rate = rate
    this.#balanceBytes = rate.burstBytes
  }

  spend(bytes: number, nowMs: number): void {
    const { bytesPerSecond, burstBytes, debtMsMax } = this.#rate
    if (bytesPerSecond === null) return
    const earned = ((nowMs - this.#atMs) / 1_000) * bytesPerSecond
    const balance = Math.min(burstBytes, this.#balanceBytes + earned) - bytes
    this.#balanceBytes = Math.max(balance, (-debtMsMax / 1_000) * bytesPerSecond)
    this.#atMs = nowMs
  }

  /** From then on nothing is owed. */
  get readyAtMs(): number {
    const { bytesPerSecond } = this.#rate
    if (bytesPerSecond === null || this.#balanceBytes >= 0) return Number.NEGATIVE_INFINITY
    return this.#atMs + (-this.#balanceBytes / bytesPerSecond) * 1_000
  }
}
