/**
 * Threads that look through segments of bricks, for any number of searches; a slice of one segment at a time each. The next
 * slice is of the search that had the least of their time: one that asks for little hardly waits for one that asks for much.
 *
 * A regular expression may take longer than anyone lives: a thread that stands still for some seconds is ended, the search
 * that it worked for told so, and another thread takes its place. A search that was given up holds a thread no longer.
 */
import { Worker } from 'node:worker_threads'
import { type ErrorCode, FoundryError } from '../base/errors.ts'
import type { SearchJob, SearchThreadSetup, ThreadAnswer, ThreadOrder } from './search-protocol.ts'
import { SegmentScanner } from './search-scanner.ts'
import type { SegmentOrder, SegmentResult } from './search-segment.ts'

export interface SearchPorts {
  /** Monotonic milliseconds. */
  monotonicMs(): number
  /** Lets other work of the event loop run. */
  pause(): Promise<void>
  /** Calls `run` every `periodMs` until the returned function is called. */
  every(periodMs: number, run: () => void): () => void
}

export interface CrewOptions {
  readonly threadCount: number
  readonly ports: SearchPorts
  /** `until-ready`: needles are looked for on this thread while the first threads start. */
  readonly here: 'never' | 'until-ready'
  /** A thread that shows no progress for so long is ended; milliseconds, by default `stillMsDefault`. It shows some after 24 KiB at most. */
  readonly stillMsMax?: number
}

/** A regular expression that takes too long for one piece of content. */
export class SearchTooSlow extends Error {
  override readonly name = 'SearchTooSlow'
}

const stillMsDefault = 5_000
const lookMs = 250

export class SearchCrew {
  readonly threadCount: number
  readonly ports: SearchPorts
  readonly stillMsMax: number
  readonly #here: CrewOptions['here']
  readonly #threads: Thread[] = []
  readonly #queue: Task[] = []
  /** Milliseconds of threads that searches had, by their jobs' numbers. */
  readonly #spentMs = new Map<number, number>()
  #scanner: SegmentScanner | undefined
  #stopLooking: (() => void) | undefined
  #isClosed = false

  constructor({ threadCount, ports, here, stillMsMax = stillMsDefault }: CrewOptions) {
    this.stillMsMax = stillMsMax
    this.threadCount = threadCount
    this.ports = ports
    this.#here = here
  }

  /** Errors: SearchTooSlow, CANCELLED, those of reading. */
  scan(job: SearchJob, order: SegmentOrder, { signal, rank }: ScanWish): Promise<SegmentResult> {
    if (this.#isClosed) return Promise.reject(new FoundryError('CANCELLED', 'The search was stopped.'))
    this.#start()
    if (
      this.#here === 'until-ready' &&
      job.pattern.kind === 'needles' &&
      !this.#threads.some((thread) => thread.isReady)
    ) {
      return this.#scanHere({ job, order }, signal)
    }
    return new Promise((resolve, reject) => {
      this.#join(job.id)
      this.#queue.push({ job, order, signal, rank, resolve, reject })
      this.#next()
    })
  }

  /** Nothing more will be asked for it. */
  leave(job: SearchJob): void {
    this.#spentMs.delete(job.id)
  }

  /** Ends all threads; what is under way fails with CANCELLED. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopLooking?.()
    const cancelled = new FoundryError('CANCELLED', 'The search was stopped.')
    for (const task of this.#queue.splice(0)) task.reject(cancelled)
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end(cancelled)))
  }

  async #scanHere({ job, order }: ThreadOrder, signal: AbortSignal): Promise<SegmentResult> {
    await this.ports.pause()
    signal.throwIfAborted()
    this.#scanner ??= new SegmentScanner({ beat: () => undefined, nowMs: () => this.ports.monotonicMs() })
    return this.#scanner.scan(job, order)
  }

  #start(): void {
    while (this.#threads.length < this.threadCount) {
      const thread = new Thread({
        onFree: (job, spentMs) => this.#free(job, spentMs),
        nowMs: () => this.ports.monotonicMs(),
        stillMsMax: this.stillMsMax,
      })
      this.#threads.push(thread)
    }
    this.#stopLooking ??= this.ports.every(lookMs, () => this.#look())
  }

  #next(): void {
    for (const thread of this.#threads) {
      if (!thread.isFree) continue
      const task = this.#takeTask()
      if (task === undefined) return
      thread.work(task)
    }
  }

  #free({ id }: SearchJob, spentMs: number): void {
    const before = this.#spentMs.get(id)
    if (before !== undefined) this.#spentMs.set(id, before + spentMs)
    this.#next()
  }

  /** Who was away, or is new, has no claim to the time that others had meanwhile. */
  #join(id: number): void {
    const working = this.#threads.flatMap(({ job }) => (job === undefined ? [] : [job.id]))
    const others = new Set([...this.#queue.map(({ job }) => job.id), ...working])
    if (others.has(id)) return
    const least = Math.min(...[...others].map((other) => this.#costMs(other)))
    this.#spentMs.set(id, Math.max(this.#spentMs.get(id) ?? 0, Number.isFinite(least) ? least : 0))
  }

  #costMs(id: number): number {
    const running = this.#threads.filter(({ job }) => job?.id === id)
    return running.reduce((sum, thread) => sum + thread.spentMs, this.#spentMs.get(id) ?? 0)
  }

  #takeTask(): Task | undefined {
    for (const [i, { signal, reject }] of [...this.#queue.entries()].reverse()) {
      if (!signal.aborted) continue
      this.#queue.splice(i, 1)
      reject(signal.reason)
    }
    let best: { readonly at: number; readonly costMs: number; readonly rank: number } | undefined
    for (const [at, { job, rank }] of this.#queue.entries()) {
      const costMs = this.#costMs(job.id)
      const isBetter = best === undefined || costMs < best.costMs || (costMs === best.costMs && rank < best.rank)
      if (isBetter) best = { at, costMs, rank }
    }
    return best === undefined ? undefined : this.#queue.splice(best.at, 1)[0]
  }

  /** Threads that failed, that stand still, or that work for nobody. */
  #look(): void {
    for (const [i, thread] of [...this.#threads.entries()].reverse()) {
      const reason = thread.trouble()
      if (reason === undefined) continue
      this.#threads.splice(i, 1)
      void thread.end(reason)
      // One that cannot even start will not start the next time.
      if (!thread.isReady) for (const task of this.#queue.splice(0)) task.reject(reason)
    }
    if (this.#queue.length === 0) return
    this.#start()
    this.#next()
  }
}

export interface ScanWish {
  readonly signal: AbortSignal
  /** Of the orders of one search the lowest is done first. */
  readonly rank: number
}

interface Task extends ThreadOrder, ScanWish {
  readonly resolve: (result: SegmentResult) => void
  readonly reject: (error: unknown) => void
}

interface ThreadParts {
  readonly onFree: (job: SearchJob, spentMs: number) => void
  readonly nowMs: () => number
  readonly stillMsMax: number
}

class Thread {
  readonly #worker: Worker
  readonly #beats = new SharedArrayBuffer(4)
  readonly #count = new Int32Array(this.#beats)
  readonly #parts: ThreadParts
  #task: Task | undefined
  #failure: unknown
  #lastCount = 0
  #lastMs = 0
  #startMs = 0
  isReady = false

  constructor(parts: ThreadParts) {
    this.#parts = parts
    this.#worker = new Worker(new URL('./search-worker.ts', import.meta.url), {
      workerData: { beats: this.#beats } satisfies SearchThreadSetup,
      trackUnmanagedFds: false,
    })
    this.#worker.on('message', (answer: ThreadAnswer) => this.#take(answer))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', (code) =>
      this.#fail(new FoundryError('DISK_FAILED', `A searching thread ended (${code}).`)),
    )
  }

  get isFree(): boolean {
    return this.#task === undefined && this.#failure === undefined
  }

  /** Whose order it works on. */
  get job(): SearchJob | undefined {
    return this.#task?.job
  }

  /** Since the order came. */
  get spentMs(): number {
    return this.#parts.nowMs() - this.#startMs
  }

  work(task: Task): void {
    this.#task = task
    this.#startMs = this.#parts.nowMs()
    this.#lastMs = this.#startMs
    this.#worker.postMessage({ job: task.job, order: task.order } satisfies ThreadOrder)
  }

  /** Why it has to be ended. */
  trouble(): unknown {
    if (this.#failure !== undefined) return this.#failure
    const count = Atomics.load(this.#count, 0)
    const nowMs = this.#parts.nowMs()
    if (count !== this.#lastCount || this.#task === undefined || !this.isReady) {
      this.#lastCount = count
      this.#lastMs = nowMs
      return undefined
    }
    const stillMs = nowMs - this.#lastMs
    if (this.#task.signal.aborted && stillMs >= lookMs) return this.#task.signal.reason
    return stillMs < this.#parts.stillMsMax
      ? undefined
      : new SearchTooSlow(`${Math.round(stillMs / 1000)} s without an answer`)
  }

  async end(reason: unknown): Promise<void> {
    this.#fail(reason)
    await this.#worker.terminate()
  }

  #take(answer: ThreadAnswer): void {
    if (answer.kind === 'ready') {
      this.isReady = true
      return
    }
    const task = this.#task
    this.#task = undefined
    if (answer.kind === 'scanned') task?.resolve(answer.result)
    else task?.reject(errorOf(answer))
    if (task !== undefined) this.#parts.onFree(task.job, this.spentMs)
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#task?.reject(this.#failure)
    this.#task = undefined
  }
}

function errorOf({ isFoundryError, code, message }: Extract<ThreadAnswer, { kind: 'failed' }>): Error {
  if (isFoundryError) return new FoundryError(code as ErrorCode, message)
  return Object.assign(new Error(message), code === '' ? {} : { code })
}
