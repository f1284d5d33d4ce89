/**
 * Threads that look through segments of bricks, for any number of searches; one segment at a time each, in the order in which
 * they were asked for.
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
  /** A thread that shows no progress for so long is ended; milliseconds, by default `stillMsDefault`. It shows some after 32 KiB. */
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
  scan(job: SearchJob, order: SegmentOrder, signal: AbortSignal): Promise<SegmentResult> {
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
      this.#queue.push({ job, order, signal, resolve, reject })
      this.#next()
    })
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
    this.#scanner ??= new SegmentScanner(() => undefined)
    return this.#scanner.scan(job, order)
  }

  #start(): void {
    while (this.#threads.length < this.threadCount) {
      const thread = new Thread({
        onFree: () => this.#next(),
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
      let task = this.#queue.shift()
      while (task?.signal.aborted) {
        task.reject(task.signal.reason)
        task = this.#queue.shift()
      }
      if (task === undefined) return
      thread.work(task)
    }
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

interface Task extends ThreadOrder {
  readonly signal: AbortSignal
  readonly resolve: (result: SegmentResult) => void
  readonly reject: (error: unknown) => void
}

interface ThreadParts {
  readonly onFree: () => void
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

  work(task: Task): void {
    this.#task = task
    this.#lastMs = this.#parts.nowMs()
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
    this.#parts.onFree()
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
