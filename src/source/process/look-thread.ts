/**
 * The owner's side of the looking thread: one thread for all processes, started with the first that is watched, ended
 * after the last. A thread that dies takes its looks with it: they fail, and the next one starts another.
 */
import { Worker } from 'node:worker_threads'
import { FoundryError } from '../../base/errors.ts'
import type { FromLookThread, LookAnswer, ToLookThread } from './look-protocol.ts'
import type { WatchedProcess } from './memory-watch.ts'

/** A process in the looking thread. One look at a time. */
export class LookSeat {
  readonly #watched: Omit<WatchedProcess, 'isCancelled'>
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4))
  #thread: LookThread | undefined
  #id = 0

  constructor(watched: Omit<WatchedProcess, 'isCancelled'>) {
    this.#watched = watched
  }

  /** Errors: CANCELLED by the signal or the thread's end. */
  async look(nowMs: number, signal: AbortSignal): Promise<Exclude<LookAnswer, { kind: 'cancelled' }>> {
    const cancel = (): number => Atomics.exchange(this.#cancelled, 0, 1)
    Atomics.store(this.#cancelled, 0, signal.aborted ? 1 : 0)
    signal.addEventListener('abort', cancel)
    try {
      const answer = signal.aborted ? { kind: 'cancelled' as const } : await this.#seated().look(this.#id, nowMs)
      if (answer.kind === 'cancelled') throw new FoundryError('CANCELLED', 'The look at a process was stopped.')
      return answer
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Whether the thread is still the one that knows what was told to it. */
  get isSeated(): boolean {
    return this.#thread !== undefined && this.#thread === current
  }

  noteRead(read: { readonly key: number; readonly start: number; readonly sums: Uint32Array }): void {
    if (this.isSeated) this.#thread?.send({ kind: 'read', id: this.#id, ...read })
  }

  tell(kind: 'settled' | 'unsettled'): void {
    if (this.isSeated) this.#thread?.send({ kind, id: this.#id })
  }

  async close(): Promise<void> {
    Atomics.store(this.#cancelled, 0, 1)
    const thread = this.#thread
    this.#thread = undefined
    if (thread !== undefined) await thread.leave(this.#id)
  }

  #seated(): LookThread {
    if (this.#thread !== undefined && this.isSeated) return this.#thread
    current ??= new LookThread()
    this.#thread = current
    this.#id = current.enter({ ...this.#watched, cancelled: this.#cancelled.buffer as SharedArrayBuffer })
    return current
  }
}

let current: LookThread | undefined

interface Waiting {
  readonly resolve: (answer: LookAnswer) => void
  readonly reject: (reason: unknown) => void
}

class LookThread {
  readonly #worker = new Worker(new URL('./look-worker.ts', import.meta.url), {
    execArgv: [],
    // Descriptors are opened through libc.
    trackUnmanagedFds: false,
  })
  readonly #waiting = new Map<number, Waiting>()
  readonly #seats = new Set<number>()
  #nextId = 1
  #isLost = false

  constructor() {
    this.#worker.unref()
    this.#worker.on('message', (message: FromLookThread) => this.#receive(message))
    this.#worker.on('error', (error) => this.#lost(error))
    this.#worker.on('exit', (code) => this.#lost(new FoundryError('CANCELLED', `The looking thread ended (${code}).`)))
  }

  enter(watched: Omit<Extract<ToLookThread, { kind: 'watch' }>, 'kind' | 'id'>): number {
    const id = this.#nextId++
    this.#seats.add(id)
    this.send({ kind: 'watch', id, ...watched })
    return id
  }

  look(id: number, nowMs: number): Promise<LookAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      // Somebody waits now: the process must not end before the answer.
      this.#worker.ref()
      this.send({ kind: 'look', id, nowMs })
    })
  }

  async leave(id: number): Promise<void> {
    this.send({ kind: 'forget', id })
    this.#seats.delete(id)
    this.#settle(id)?.reject(new FoundryError('CANCELLED', 'The look at a process was stopped.'))
    if (this.#seats.size > 0) return
    if (current === this) current = undefined
    // It closes what it has open; a look that is under way ends at its next step.
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#worker.ref()
    this.send({ kind: 'end', id })
    if (!this.#isLost) await ended
  }

  send(message: ToLookThread): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromLookThread): void {
    const waiting = this.#settle(message.id)
    if (message.kind === 'answer') waiting?.resolve(message.answer)
    else waiting?.reject(new Error(message.message, { cause: message.stack }))
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker.unref()
    return waiting
  }

  #lost(reason: unknown): void {
    this.#isLost = true
    if (current === this) current = undefined
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}
