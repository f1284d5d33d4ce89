/**
 * When the next slice of a pass over all content is due: passes begin `scrubMs` apart, or a little less by chance, and
 * work at most `scrubShare` of the time. Time is what is shared, not bytes: a slow disk rests as long as a fast one.
 */
import type { SyncPolicy } from './sync-policy.ts'

export interface ScrubbedSlice {
  readonly bytes: number
  /** Everything that was there when the pass began has been looked at. */
  readonly isPassDone: boolean
  /** When the pass that the slice belongs to began. */
  readonly passBeganMs: number
}

/** The first pass of a brick that was not just folded begins after this part of `scrubMs`, 50 % more or less. */
const firstPart = 1 / 24
/** Passes begin up to this part of `scrubMs` early. */
const earlyPart = 0.25

export class ScrubPace {
  readonly #policy: SyncPolicy
  readonly #chance: () => number
  #dueMs = Number.POSITIVE_INFINITY
  #verifiedAtMs: number | undefined

  /** `chance`: in [0, 1). */
  constructor(policy: SyncPolicy, chance: () => number) {
    this.#policy = policy
    this.#chance = chance
  }

  get dueMs(): number {
    return this.#dueMs
  }

  /** All content was what the brick says at this time or later. */
  get verifiedAtMs(): number | undefined {
    return this.#verifiedAtMs
  }

  /** The brick is there to be looked at. Of a second call nothing comes. */
  begin(nowMs: number): void {
    const { scrubMs } = this.#policy
    if (scrubMs === null || this.#dueMs !== Number.POSITIVE_INFINITY) return
    this.#dueMs = nowMs + scrubMs * firstPart * (0.5 + this.#chance())
  }

  /** Everything was read, beginning at that time. */
  readAll(beganMs: number): void {
    this.#verifiedAtMs = beganMs
    this.#dueMs = this.#nextPassMs(beganMs)
  }

  scrubbed(slice: ScrubbedSlice, { orderedMs, nowMs }: { orderedMs: number; nowMs: number }): void {
    const restMs = Math.max(1, (nowMs - orderedMs) * (1 / this.#policy.scrubShare - 1))
    this.#dueMs = nowMs + restMs
    if (!slice.isPassDone) return
    this.#verifiedAtMs = slice.passBeganMs
    this.#dueMs = Math.max(this.#dueMs, this.#nextPassMs(slice.passBeganMs))
  }

  failed(nowMs: number): void {
    this.#dueMs = nowMs + this.#policy.retryMaxMs
  }

  #nextPassMs(beganMs: number): number {
    const { scrubMs } = this.#policy
    return scrubMs === null ? Number.POSITIVE_INFINITY : beganMs + scrubMs * (1 - earlyPart * this.#chance())
  }
}
