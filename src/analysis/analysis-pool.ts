/**
 * Analyses contents in threads: a few at once, each with a deadline and a limit of memory. A thread that keeps neither is
 * ended, and the content is looked at again without the analyzer that was running: a report always comes, and says what
 * is not in it. Threads start with the first content, hold nobody's process open, and end when they had nothing to do for
 * a while: each takes a hundred megabytes.
 */
import { availableParallelism } from 'node:os'
import { FoundryError } from '../base/errors.ts'
import { AnalysisThread, type Outcome } from './analysis-thread.ts'
import type { ContentReport } from './analyzer.ts'
import {
  type ContentAnswer,
  type ContentJob,
  type IdAnswer,
  lookBytesMax,
  metaOf,
  type ThreadRequest,
} from './content-job.ts'
import { engineName } from './detector.ts'

export interface PoolOptions {
  readonly threads?: number
  readonly deadlines?: Deadlines
  /** Of each thread's JavaScript heap, MiB. */
  readonly heapMbMax?: number
  /** Of another thread's script, with other analyzers: for tests. */
  readonly script?: URL
  /** Names of the analyzers that the script has, in order. */
  readonly analyzerNames?: () => Promise<readonly string[]>
  /** A thread that had nothing to do for so long is ended: the next content starts another one. */
  readonly idleMsMax?: number
}

/** Of the time that a thread works; of the time that passes, ten times as much. */
export interface Deadlines {
  readonly entryMs: number
  readonly msPerMiB: number
  readonly maxMs: number
}

export const deadlinesDefault: Deadlines = { entryMs: 20_000, msPerMiB: 125, maxMs: 300_000 }
/** Each takes a hundred megabytes; with two cores the second one is for who waits for something else. */
export const threadsDefault = availableParallelism() <= 2 ? 1 : 2
const heapMbDefault = 768
const idleMsDefault = 5_000
const largeBytesMin = 48 * 2 ** 20
/** Of one content: then nothing more is tried with it. */
const endsMax = 3

export class AnalysisPool {
  readonly #deadlines: Deadlines
  readonly #analyzerNames: () => Promise<readonly string[]>
  readonly #idle: AnalysisThread[]
  readonly #all: readonly AnalysisThread[]
  readonly #queue: (() => void)[] = []
  readonly #closing = new AbortController()
  readonly #idleMsMax: number
  #idleTimer: NodeJS.Timeout | undefined
  /** Resolves when no large content is looked at. */
  #large: Promise<void> = Promise.resolve()

  constructor({
    threads = threadsDefault,
    deadlines = deadlinesDefault,
    heapMbMax = heapMbDefault,
    idleMsMax = idleMsDefault,
    ...own
  }: PoolOptions = {}) {
    const script = own.script ?? new URL('./analysis-worker.ts', import.meta.url)
    this.#deadlines = deadlines
    this.#idleMsMax = idleMsMax
    this.#analyzerNames = own.analyzerNames ?? analyzerNames
    this.#all = Array.from({ length: threads }, () => new AnalysisThread({ script, heapMbMax }))
    this.#idle = [...this.#all]
  }

  /** Jobs that it makes sense to have under way at once. */
  get width(): number {
    return this.#all.length
  }

  /** Threads that are there now. */
  get running(): number {
    return this.#all.filter(({ isRunning }) => isRunning).length
  }

  /** What analyzers say, or why nothing can be said. Error: CANCELLED. */
  async analyze(job: ContentJob, signal: AbortSignal = never): Promise<ContentAnswer> {
    if (metaOf(job.place).size < largeBytesMin) return this.#analyze(job, signal)
    // One large content at a time: each takes several times its size in memory.
    const before = this.#large
    const { promise, resolve: done } = Promise.withResolvers<void>()
    this.#large = promise
    try {
      await before
      return await this.#analyze(job, signal)
    } finally {
      done()
    }
  }

  async #analyze(job: ContentJob, signal: AbortSignal): Promise<ContentAnswer> {
    const skip: string[] = []
    const ends: string[] = []
    while (ends.length < endsMax) {
      const outcome = await this.#ask({ kind: 'analyze', job, skip }, { job, signal })
      if (outcome.kind === 'answered') return outcome.answer as ContentAnswer
      const name = (await this.#analyzerNames())[outcome.running]
      ends.push(`${name ?? 'before any analyzer'}: ${endTexts[outcome.why]}`)
      if (name === undefined) break
      skip.push(name)
    }
    return { kind: 'report', report: givenUp(ends) }
  }

  /** The content id, as a brick of it would have it. Error: CANCELLED. */
  async identify(job: ContentJob, signal: AbortSignal = never): Promise<IdAnswer> {
    const outcome = await this.#ask({ kind: 'identify', job }, { job, signal })
    if (outcome.kind === 'answered') return outcome.answer as IdAnswer
    return { kind: 'unreadable', why: `reading it ${endTexts[outcome.why]}` }
  }

  /** Threads close what they keep open of that view. */
  release(ticketId: number): void {
    for (const thread of this.#all) thread.tell({ kind: 'release', ticketId })
  }

  /** Ends what is under way, as cancelled. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#idleTimer)
    for (const wake of this.#queue.splice(0)) wake()
    await Promise.all(this.#all.map((thread) => thread.end()))
  }

  async #ask(
    request: ThreadRequest,
    { job, signal }: { readonly job: ContentJob; readonly signal: AbortSignal },
  ): Promise<Exclude<Outcome, { kind: 'cancelled' }>> {
    const signals = [signal, this.#closing.signal]
    const thread = await this.#free(signals)
    const isLarge = request.kind === 'analyze' && metaOf(job.place).size >= largeBytesMin
    try {
      const outcome = await thread.ask(request, { deadlineMs: this.#deadlineMs(job), signals })
      // What a thread took for it, it would keep: compiled code never gives memory back.
      if (isLarge || isWorn(outcome)) await thread.end()
      if (outcome.kind === 'cancelled') throw cancelled()
      if (outcome.kind !== 'answered' || outcome.answer.kind !== 'failed') return outcome
      // A defect of ours, or a machine out of descriptors: other contents are none the worse for it.
      const answer = { kind: 'unreadable', why: `failed: ${outcome.answer.message}` } as const
      return { kind: 'answered', answer }
    } finally {
      this.#idle.push(thread)
      this.#queue.shift()?.()
      if (this.#idle.length === this.#all.length) this.#waitForWork()
    }
  }

  #waitForWork(): void {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = setTimeout(() => {
      if (this.#idle.length < this.#all.length) return
      // One that is ending is taken by nobody: it would be ended with what it was asked.
      const ending = this.#idle.splice(0)
      void Promise.all(ending.map((thread) => thread.end())).then(() => {
        this.#idle.push(...ending)
        for (const wake of this.#queue.splice(0, ending.length)) wake()
      })
    }, this.#idleMsMax)
    this.#idleTimer.unref()
  }

  async #free(signals: readonly AbortSignal[]): Promise<AnalysisThread> {
    for (;;) {
      const isAborted = signals.some(({ aborted }) => aborted)
      const thread = isAborted ? undefined : this.#idle.pop()
      if (thread !== undefined) return thread
      if (isAborted) {
        // Who was woken for a free thread and does not want it leaves it to the next.
        if (this.#idle.length > 0) this.#queue.shift()?.()
        throw cancelled()
      }
      await new Promise<void>((resolve) => this.#queue.push(resolve))
    }
  }

  #deadlineMs({ place }: ContentJob): number {
    const { entryMs, msPerMiB, maxMs } = this.#deadlines
    return Math.min(maxMs, entryMs + (msPerMiB * Math.min(metaOf(place).size, lookBytesMax)) / 2 ** 20)
  }
}

function isWorn(outcome: Outcome): boolean {
  return outcome.kind === 'answered' && 'isWorn' in outcome.answer
}

const never = new AbortController().signal
const endTexts = {
  time: 'took too long and was ended',
  memory: 'took too much memory and was ended',
  crash: 'ended its thread',
} as const

async function analyzerNames(): Promise<readonly string[]> {
  return (await import('./analyzers.ts')).contentAnalyzers.map(({ name }) => name)
}

/** A content that ended every thread that looked at it. */
function givenUp(ends: readonly string[]): ContentReport {
  return {
    type: {
      kind: 'data',
      description: 'not recognised: it could not be looked at',
      mimeType: 'application/octet-stream',
    },
    md5: undefined,
    regions: [],
    problems: ends.map((text) => ({ analyzer: engineName, text })),
    interrupted: true,
  }
}

/** What who asked for it to be stopped is told. */
export function cancelled(): FoundryError {
  return new FoundryError('CANCELLED', 'The analysis was stopped.')
}
