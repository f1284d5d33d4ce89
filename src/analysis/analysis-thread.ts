/**
 * One analysis thread from outside: a request, its answer, or its end. A thread that takes too long, or too much memory, is
 * ended and replaced; who asked is told which analyzer was running.
 */
import { Worker } from 'node:worker_threads'
import type { ThreadAnswer, ThreadRequest } from './content-job.ts'
import { workedMs } from './thread-time.ts'

export type Outcome =
  | { readonly kind: 'answered'; readonly answer: ThreadAnswer }
  /** `running`: index of the analyzer that ran; -1 where none did. */
  | { readonly kind: 'ended'; readonly why: 'time' | 'memory' | 'crash'; readonly running: number }
  /** By the caller's signal. */
  | { readonly kind: 'cancelled' }

export interface ThreadOptions {
  /** Of the thread's script. */
  readonly script: URL
  /** MiB of JavaScript heap; bytes of contents and compiled code come on top. */
  readonly heapMbMax: number
}

interface Waiting {
  readonly settle: (outcome: Outcome) => void
}

/** Reports make garbage in proportion to what they say. */
const youngGenerationMb = 8

/** A machine on which a thread does not start in that time has other troubles. */
const startMsMax = 60_000
/** A thread that waits for a disk that never answers does not work, and is ended in the end. */
const waitShareMax = 10
const askAgainMsMin = 50

/** Counts the time that the thread works, not that it waits for a processor: others may have a busy machine. */
class Deadline {
  readonly #late: () => void
  #timer: NodeJS.Timeout

  constructor(late: () => void) {
    this.#late = late
    // Its start is not the content's fault.
    this.#timer = setTimeout(late, startMsMax)
  }

  begin(task: string | undefined, deadlineMs: number): void {
    const before = workedMs(task ?? '')
    let passedMs = 0
    const wait = (ms: number): void => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => {
        passedMs += ms
        const now = workedMs(task ?? '')
        const worked = before === undefined || now === undefined ? passedMs : now - before
        if (worked >= deadlineMs || passedMs >= waitShareMax * deadlineMs) this.#late()
        else wait(Math.max(askAgainMsMin, deadlineMs - worked))
      }, ms)
    }
    wait(deadlineMs)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

export class AnalysisThread {
  readonly #options: ThreadOptions
  readonly #running = new Int32Array(new SharedArrayBuffer(4))
  #worker: Worker | undefined
  #waiting: Waiting | undefined
  /** What /proc knows the thread by; undefined while it starts. */
  #task: string | undefined
  #ready: (() => void) | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** It takes memory, whether it works or not. */
  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  /** One at a time. */
  async ask(
    request: ThreadRequest,
    { deadlineMs, signals }: { readonly deadlineMs: number; readonly signals: readonly AbortSignal[] },
  ): Promise<Outcome> {
    if (signals.some(({ aborted }) => aborted)) return { kind: 'cancelled' }
    const worker = this.#started()
    const { promise, resolve: settle } = Promise.withResolvers<Outcome>()
    this.#waiting = { settle }
    const late = (): void => settle({ kind: 'ended', why: 'time', running: this.#index })
    const deadline = new Deadline(late)
    this.#ready = () => deadline.begin(this.#task, deadlineMs)
    if (this.#task !== undefined) this.#ready()
    const onAbort = () => settle({ kind: 'cancelled' })
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true })
    worker.ref()
    worker.postMessage(request)
    const outcome = await promise
    deadline.clear()
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
    this.#waiting = undefined
    this.#ready = undefined
    if (outcome.kind === 'answered') worker.unref()
    else await this.end()
    return outcome
  }

  /** Without an answer, to a thread that is there. */
  tell(request: ThreadRequest): void {
    this.#worker?.postMessage(request)
  }

  async end(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  get #index(): number {
    return Atomics.load(this.#running, 0)
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker
    Atomics.store(this.#running, 0, -1)
    this.#task = undefined
    // Descriptors are opened through libc and closed by node:fs: node must not keep a list of its own.
    const worker = new Worker(this.#options.script, {
      workerData: this.#running.buffer,
      trackUnmanagedFds: false,
      resourceLimits: {
        maxOldGenerationSizeMb: this.#options.heapMbMax,
        maxYoungGenerationSizeMb: youngGenerationMb,
      },
    })
    worker.unref()
    worker.on('message', (answer: ThreadAnswer) => this.#take(worker, answer))
    worker.on('error', (error: NodeJS.ErrnoException) =>
      this.#lost(worker, error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crash'),
    )
    worker.on('exit', () => this.#lost(worker, 'crash'))
    this.#worker = worker
    return worker
  }

  #take(worker: Worker, answer: ThreadAnswer): void {
    if (this.#worker !== worker) return
    if (answer.kind !== 'ready') this.#waiting?.settle({ kind: 'answered', answer })
    else {
      this.#task = answer.task
      this.#ready?.()
    }
  }

  #lost(worker: Worker, why: 'memory' | 'crash'): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#waiting?.settle({ kind: 'ended', why, running: this.#index })
  }
}
