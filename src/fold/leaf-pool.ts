/**
 * Runs leaf jobs on worker threads, one at a time each; a caller waits for a free one (backpressure).
 *
 * Workers start with the first job and share the brick's descriptor and the end of its file. With 0 workers jobs run
 * in the calling thread: for small work that is faster than starting a thread.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { type ErrorCode, FoundryError } from '../base/errors.ts'
import { createMerkle } from '../brick/merkle.ts'
import { createKernel } from '../kernel/kernel.ts'
import { nodeTools } from '../store/node-tools.ts'
import { runLeafJob } from './leaf.ts'
import type { LeafJob, LeafResult } from './leaf-job.ts'
import { type FoldContext, fanOut } from './node-edit.ts'

/** Where a job's frames go; crosses threads. */
export interface OutputTicket {
  readonly fd: number
  readonly end: BigInt64Array
  readonly epoch: Uint8Array
}

export type WorkerRequest = { readonly output: OutputTicket; readonly job: LeafJob }

export type WorkerAnswer =
  | { readonly kind: 'done'; readonly result: LeafResult }
  | { readonly kind: 'failed'; readonly error: ErrorRecord }

/** An error that crossed a thread. */
export interface ErrorRecord {
  readonly message: string
  readonly code: string | undefined
  readonly isFoundryError: boolean
  readonly stack: string | undefined
}

interface Waiting {
  readonly resolve: (result: LeafResult) => void
  readonly reject: (error: unknown) => void
}

/** Jobs make little garbage: a small nursery keeps a thread's memory small. */
const youngGenerationMb = 4

export const workersDefault = Math.max(1, Math.min(8, availableParallelism()))

export class LeafPool {
  readonly #workerCount: number
  readonly #idleThreads: 'keep' | 'end'
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Waiting>()
  readonly #queue: (() => void)[] = []
  #started = 0
  #closed = false

  constructor({ workers, idleThreads = 'keep' }: { workers: number; idleThreads?: 'keep' | 'end' }) {
    this.#workerCount = workers
    this.#idleThreads = idleThreads
  }

  /** Jobs that it makes sense to have under way at once. */
  get width(): number {
    return Math.max(1, this.#workerCount)
  }

  async run(context: FoldContext, job: LeafJob): Promise<LeafResult> {
    if (this.#closed) throw new FoundryError('CANCELLED', 'Folding was stopped.')
    if (this.#workerCount === 0) return runLeafJob(context, job)
    const worker = await this.#free()
    const { fd, end, epoch } = context.output
    const request: WorkerRequest = { output: { fd, end, epoch }, job }
    return new Promise((resolve, reject) => {
      this.#busy.set(worker, { resolve, reject })
      worker.postMessage(request)
    })
  }

  /** No job comes for a while: where threads are not kept, they end, and others start with the next job. */
  async rest(): Promise<void> {
    if (this.#idleThreads === 'keep') return
    const ended = this.#idle.splice(0)
    this.#started -= ended.length
    await Promise.all(ended.map((worker) => worker.terminate()))
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#idle, ...this.#busy.keys()]
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  async #free(): Promise<Worker> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#started < this.#workerCount) {
      this.#started++
      return this.#start()
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve))
    return this.#free()
  }

  #start(): Worker {
    // Descriptors are opened through libc and closed by node:fs: node must not keep a list of its own.
    const worker = new Worker(new URL('./leaf-worker.ts', import.meta.url), {
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    })
    worker.unref()
    worker.on('message', (answer: WorkerAnswer) => this.#settle(worker, answer))
    worker.on('error', (error) => this.#lost(worker, error))
    worker.on('exit', (code) => this.#lost(worker, new FoundryError('CANCELLED', `A folding thread ended (${code}).`)))
    return worker
  }

  #settle(worker: Worker, answer: WorkerAnswer): void {
    const waiting = must(this.#busy.get(worker), 'a job of the worker')
    this.#busy.delete(worker)
    this.#idle.push(worker)
    this.#queue.shift()?.()
    if (answer.kind === 'done') waiting.resolve(answer.result)
    else waiting.reject(revive(answer.error))
  }

  /** A thread that died takes its job with it; another one is started when needed. */
  #lost(worker: Worker, error: unknown): void {
    const waiting = this.#busy.get(worker)
    const at = this.#idle.indexOf(worker)
    if (waiting === undefined && at < 0) return
    if (at >= 0) this.#idle.splice(at, 1)
    this.#busy.delete(worker)
    this.#started--
    waiting?.reject(error)
    this.#queue.shift()?.()
  }
}

/** What the calling thread needs to build nodes, and to run jobs when there are no workers. */
export function createFoldContext(output: OutputTicket): FoldContext {
  return {
    kernel: createKernel({ tileCapacity: fanOut }),
    merkle: createMerkle(nodeTools),
    output: { ...output, tools: nodeTools },
  }
}

export function flattenError(error: unknown): ErrorRecord {
  const { message, code, stack } = error as Error & { code?: unknown }
  return {
    message: String(message),
    code: typeof code === 'string' ? code : undefined,
    isFoundryError: error instanceof FoundryError,
    stack,
  }
}

function revive({ message, code, isFoundryError, stack }: ErrorRecord): Error {
  if (isFoundryError) return new FoundryError(code as ErrorCode, message)
  return Object.assign(new Error(message, { cause: stack }), code === undefined ? {} : { code })
}
