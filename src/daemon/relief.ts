/**
 * What is given up when the disk is nearly full: history, the oldest first, of the brick that has most to give.
 *
 * One brick at a time, and each at most once in a while: what cannot be gained twice is not tried twice. Tagged commits
 * and the newest ones stay whatever happens; current content is never given up.
 */
import type { Clock } from '../base/ports.ts'
import type { RetentionPolicy } from '../store/retention.ts'
import type { Keeper } from './keeper.ts'
import type { Log } from './log.ts'

export interface ReliefParts {
  readonly keepers: () => readonly Keeper[]
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Log
}

/** First this much is kept, and where that was not enough, less. */
const steps: readonly RetentionPolicy[] = [
  { last: 10, hourly: 0, daily: 7 },
  { last: 1, hourly: 0, daily: 0 },
]
const againMs = 600_000
/** Smaller files are not worth it. */
const wasteBytesMin = 1_048_576

export class Relief {
  readonly #parts: ReliefParts
  /** By brick: how far it has been cut, and when. */
  readonly #cut = new Map<string, { step: number; atMs: number }>()
  #running: Promise<void> | undefined

  constructor(parts: ReliefParts) {
    this.#parts = parts
  }

  /** Begins to make room where none is being made; whoever asks goes on waiting for the room itself. */
  begin(): void {
    this.#running ??= this.#giveUp().finally(() => {
      this.#running = undefined
    })
  }

  async close(): Promise<void> {
    await this.#running
  }

  async #giveUp(): Promise<void> {
    const { keepers, clock, log } = this.#parts
    const nowMs = clock.monotonicMs()
    const wasted = keepers()
      .map((keeper) => ({ keeper, figures: keeper.figures() }))
      .map(({ keeper, figures }) => ({ keeper, bytes: figures.fileBytes - figures.liveBytes }))
      .filter(({ keeper, bytes }) => bytes >= wasteBytesMin && this.#stepOf(keeper.name, nowMs) < steps.length)
      .sort((a, b) => b.bytes - a.bytes)
    const [most] = wasted
    if (most === undefined) return
    const { name, care } = most.keeper
    const step = this.#stepOf(name, nowMs)
    this.#cut.set(name, { step: step + 1, atMs: nowMs })
    try {
      const { beforeBytes, afterBytes, commits } = await care.compact(steps[step])
      log.warn(`the disk is nearly full: older history of ${name} is given up`, { beforeBytes, afterBytes, commits })
    } catch (error) {
      log.warn(`the disk is nearly full, and ${name} cannot be made smaller: ${String(error)}`)
    }
  }

  #stepOf(name: string, nowMs: number): number {
    const cut = this.#cut.get(name)
    return cut === undefined || nowMs - cut.atMs >= againMs ? 0 : cut.step
  }
}
