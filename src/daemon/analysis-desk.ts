/**
 * Analyses bricks one after the other, who waits longest first, those that somebody asked for before all others. Sync goes
 * first: between two entries it is asked whether somebody works.
 */
import { FoundryError } from '../base/errors.ts'
import type { AnalysisRoom } from './analysis-room.ts'

export interface AnalysisJob {
  readonly urgency: 'asked' | 'normal'
  /** How many entries were looked at. */
  readonly run: (room: AnalysisRoom) => Promise<number>
}

export interface AnalysisFigures {
  /** Bricks that wait, and the one that is analysed. */
  readonly waiting: number
  readonly entries: number
  readonly seconds: number
  readonly failures: number
}

interface Waiting {
  readonly job: AnalysisJob
  readonly done: PromiseWithResolvers<void>
}

export interface AnalysisDeskParts {
  readonly room: AnalysisRoom
  readonly nowMs: () => number
}

export class AnalysisDesk {
  readonly #parts: AnalysisDeskParts
  readonly #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #isClosed = false
  #entries = 0
  #workedMs = 0
  #failures = 0

  constructor(parts: AnalysisDeskParts) {
    this.#parts = parts
  }

  /** Resolves when the job was done; rejects with its error, or CANCELLED. */
  add(job: AnalysisJob): Promise<void> {
    const done = Promise.withResolvers<void>()
    if (this.#isClosed) done.reject(stopping())
    else if (job.urgency === 'asked') {
      const at = this.#waiting.findIndex((other) => other.job.urgency !== 'asked')
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, { job, done })
    } else this.#waiting.push({ job, done })
    this.#running ??= this.#run()
    return done.promise
  }

  figures(): AnalysisFigures {
    return {
      waiting: this.#waiting.length + (this.#running === undefined ? 0 : 1),
      entries: this.#entries,
      seconds: this.#workedMs / 1_000,
      failures: this.#failures,
    }
  }

  /** Jobs end by their own signals. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { done } of this.#waiting.splice(0)) done.reject(stopping())
    await this.#running
    await this.#parts.room.close()
  }

  async #run(): Promise<void> {
    // Nothing is begun in the caller's own turn.
    await Promise.resolve()
    const { room, nowMs } = this.#parts
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const beganMs = nowMs()
      try {
        this.#entries += await next.job.run(room)
        next.done.resolve()
      } catch (error) {
        this.#failures++
        next.done.reject(error)
      }
      this.#workedMs += nowMs() - beganMs
    }
    this.#running = undefined
    if (!this.#isClosed) room.leave()
  }
}

function stopping(): FoundryError {
  return new FoundryError('CANCELLED', 'The daemon is stopping.')
}
