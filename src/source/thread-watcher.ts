/**
 * The owner's side of the watching thread: its life, cookies for `flush`, and what it tells passed on to the sink.
 *
 * The thread blocks in poll(2), so each message to it is followed by a wake. What a removed root still tells is
 * dropped here.
 */

import fs from 'node:fs'
import { threadId, Worker } from 'node:worker_threads'
import { displayPath } from '../base/bytes.ts'
import { errorCodes, FoundryError } from '../base/errors.ts'
import { closeFd } from '../linux/directory.ts'
import { asBuffer, bytesOf } from '../linux/libc.ts'
import { openWaker, wake } from '../linux/poll.ts'
import type { HintTuple } from './hint-batch.ts'
import type { Hint, WatchedSource, Watcher, WatcherOptions, WatchRoot, WatchSink } from './watch.ts'
import { cells, type FromThread, type ThreadData, type ToThread, type WatchStats } from './watch-protocol.ts'

let watcherCount = 0

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

export class ThreadWatcher implements Watcher {
  readonly started: Promise<void>
  readonly #sink: WatchSink
  readonly #worker: Worker
  readonly #ended: Promise<void>
  readonly #wakerFd = openWaker()
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  readonly #cookieFolder: Uint8Array
  readonly #cookiePrefix = `.sfd-cookie-${process.pid}-${threadId}-${watcherCount++}-`
  #cookieCount = 0
  #state: 'starting' | 'running' | 'closing' | 'ended' = 'starting'
  #failure: unknown
  #starting: Waiting<void> | undefined
  /** Added, and not removed or found missing. */
  readonly #roots = new Set<number>()
  readonly #adding = new Map<number, Waiting<WatchedSource> & { readonly path: Uint8Array }>()
  #isBlind = false
  #askedStats: Waiting<WatchStats>[] = []
  /** By the name of the newest cookie. */
  #flushing = new Map<string, Waiting<void>>()
  readonly #wakeAtExit = (): void => this.#send({ kind: 'close' })

  constructor(sink: WatchSink, options: WatcherOptions) {
    const { cookieFolder } = options
    this.#sink = sink
    this.#cookieFolder = cookieFolder
    const workerData: ThreadData = {
      wakerFd: this.#wakerFd,
      cookieFolder,
      cookiePrefix: this.#cookiePrefix,
      shared: this.#shared.buffer as SharedArrayBuffer,
      backend: options.backend ?? 'auto',
      ignoredPid: options.ownWrites === 'ignored' ? process.pid : 0,
    }
    this.#worker = new Worker(new URL('./watch-worker.ts', import.meta.url), { workerData, execArgv: [] })
    this.started = new Promise((resolve, reject) => {
      this.#starting = { resolve, reject }
    })
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve(this.#end())))
    this.#worker.on('message', (message: FromThread) => this.#receive(message))
    this.#worker.once('error', (failure) => {
      this.#failure = asFoundryError(failure)
    })
    process.once('exit', this.#wakeAtExit)
  }

  addRoot(root: WatchRoot): Promise<WatchedSource> {
    const { index, path, kind } = root
    const exclude = root.exclude?.spec ?? {}
    this.#adding.get(index)?.reject(new FoundryError('CANCELLED', `Root ${index} was added anew.`))
    return new Promise((resolve, reject) => {
      if (this.#rejectIfOver(reject)) return
      this.#adding.set(index, { resolve, reject, path })
      this.#roots.add(index)
      const crossFilesystems = root.crossFilesystems ?? 'no'
      this.#send({ kind: 'add', order: { index, path, kind, exclude, crossFilesystems } })
    })
  }

  removeRoot(index: number): void {
    this.#adding.get(index)?.reject(new FoundryError('CANCELLED', `Root ${index} was removed before it was watched.`))
    this.#adding.delete(index)
    this.#roots.delete(index)
    if (this.#state === 'running') this.#send({ kind: 'remove', index })
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#rejectIfOver(reject)) return
      if (this.#isBlind) resolve()
      else this.#putCookie({ resolve, reject })
    })
  }

  stats(): Promise<WatchStats> {
    return new Promise((resolve, reject) => {
      if (this.#rejectIfOver(reject)) return
      this.#askedStats.push({ resolve, reject })
      this.#send({ kind: 'stats' })
    })
  }

  close(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'closing'
      this.#send({ kind: 'close' })
    }
    return this.#ended
  }

  #receive(message: FromThread): void {
    if (message.kind === 'ready') {
      this.#isBlind = message.isBlind
      this.#state = 'running'
      this.#starting?.resolve()
    } else if (message.kind === 'hints') this.#deliver(message.hints)
    else if (message.kind === 'added') this.#added(message)
    else if (message.kind === 'missing') this.#missing(message.index)
    else if (message.kind === 'cookie') {
      this.#flushing.get(message.name)?.resolve()
      this.#flushing.delete(message.name)
    } else if (message.kind === 'stats') this.#askedStats.shift()?.resolve(message.stats)
    else if (message.kind === 'overflow') {
      this.#sink.overflow(message.roots.filter((root) => this.#roots.has(root)))
      this.#putCookiesAnew()
    } else if (message.kind === 'cookiesLost') {
      this.#isBlind = false
      this.#putCookiesAnew()
    } else this.#tell(message)
  }

  #tell(message: Extract<FromThread, { readonly kind: 'problem' | 'recovered' }>): void {
    if (!this.#roots.has(message.root)) return
    const { root, code } = message
    const path = bytesOf(message.path)
    if (message.kind === 'problem') this.#sink.problem({ root, code, path, message: message.message })
    else this.#sink.recovered({ root, code, path, identity: message.identity })
  }

  #deliver(tuples: readonly HintTuple[]): void {
    const batch: Hint[] = []
    for (const [root, path, scope] of tuples) {
      if (this.#roots.has(root)) batch.push({ root, path: bytesOf(path), scope })
    }
    try {
      if (batch.length > 0) this.#sink.hints(batch)
    } finally {
      Atomics.add(this.#shared, cells.taken, 1)
      if (Atomics.load(this.#shared, cells.isHolding) === 1 && this.#state !== 'ended') wake(this.#wakerFd)
    }
  }

  #added({ index, watches, backend, identity }: Extract<FromThread, { readonly kind: 'added' }>): void {
    this.#adding.get(index)?.resolve({ watches, backend, identity })
    this.#adding.delete(index)
  }

  #missing(index: number): void {
    const adding = this.#adding.get(index)
    if (adding === undefined) return
    this.#adding.delete(index)
    this.#roots.delete(index)
    const text = `${displayPath(adding.path)} is not there and cannot be watched. Add it when it is back.`
    adding.reject(new FoundryError('SOURCE_MISSING', text))
  }

  /** Cookies may have been among what was lost: each is put again, behind it. */
  #putCookiesAnew(): void {
    const waiting = [...this.#flushing.values()]
    this.#flushing = new Map()
    for (const flush of waiting) this.#putCookie(flush)
  }

  #putCookie(waiting: Waiting<void>): void {
    const name = `${this.#cookiePrefix}${this.#cookieCount++}`
    const path = Buffer.concat([asBuffer(this.#cookieFolder), Buffer.from(`/${name}`)])
    this.#flushing.set(name, waiting)
    try {
      fs.rmSync(path, { force: true })
      fs.closeSync(fs.openSync(path, 'wx', 0o600))
      fs.rmSync(path)
      wake(this.#wakerFd)
    } catch (failed) {
      this.#flushing.delete(name)
      const text = `No cookie file can be written to ${displayPath(this.#cookieFolder)}, so the watcher cannot be flushed.`
      waiting.reject(new FoundryError('DISK_FAILED', text, failed))
    }
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message)
    wake(this.#wakerFd)
  }

  #rejectIfOver(reject: (reason: unknown) => void): boolean {
    if (this.#state === 'running') return false
    reject(this.#overReason())
    return true
  }

  #overReason(): unknown {
    return this.#failure ?? new FoundryError('CANCELLED', 'The watcher is closed.')
  }

  /** The thread is over, as asked or not: whoever still waits is told, and every root if it was not asked for. */
  #end(): void {
    const wasAsked = this.#state === 'closing'
    this.#state = 'ended'
    process.removeListener('exit', this.#wakeAtExit)
    closeFd(this.#wakerFd)
    const reason = this.#overReason()
    this.#starting?.reject(reason)
    const waiting = [...this.#adding.values(), ...this.#flushing.values(), ...this.#askedStats.splice(0)]
    for (const each of waiting) each.reject(reason)
    this.#adding.clear()
    this.#flushing.clear()
    if (wasAsked) return
    const message = `The watching thread ended: ${reason}`
    for (const root of this.#roots) this.#sink.problem({ root, code: 'SILENT', path: new Uint8Array(0), message })
  }
}

/** Errors lose their class on the way between threads; ours carry their code. */
function asFoundryError(failure: unknown): unknown {
  const { code, message } = failure as { readonly code?: unknown; readonly message?: string }
  const known = errorCodes.find((each) => each === code)
  return known === undefined ? failure : new FoundryError(known, message ?? '', failure)
}
