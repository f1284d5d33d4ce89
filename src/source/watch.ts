/**
 * Hints of change from the kernel, by one inotify instance in a thread of its own.
 *
 * A hint says that something may have changed at a path; what, the caller finds out by looking. Nothing is silently
 * lost: when events were, `overflow` says so after all directories are watched again. Not seen at all: writes through
 * mmap, through hard links outside the root, and directories whose absolute path exceeds 4,095 bytes; for those there
 * are the slow rescan and the scrub. The daemon's own files are to be excluded by the inode of their folder.
 */

import fs from 'node:fs'
import { threadId, Worker } from 'node:worker_threads'
import { displayPath } from '../base/bytes.ts'
import { errorCodes, FoundryError } from '../base/errors.ts'
import { closeFd } from '../linux/directory.ts'
import { asBuffer, bytesOf } from '../linux/libc.ts'
import { openWaker, wake } from '../linux/poll.ts'
import type { ExcludeMatcher } from './exclude.ts'
import type { HintScope, HintTuple } from './hint-batch.ts'
import { cells, type FromThread, type ThreadData, type ToThread, type WatchProblem } from './watch-protocol.ts'

export interface Hint {
  /** As given to addRoot. */
  readonly root: number
  /** Path of the entry, as in EntryMeta. */
  readonly path: Uint8Array
  /** `subtree`: the entry and everything beneath it. */
  readonly scope: HintScope
}

export interface WatchSink {
  /** Each path once in a batch. A directory whose listing changed is hinted itself too. */
  hints(batch: readonly Hint[]): void
  /** Events were lost; every root may have changed anywhere. Comes when everything is watched again. */
  overflow(): void
  /**
   * WATCH_LIMIT: a part of the root is not watched. ROOT_GONE: the root is not there any more and not watched; add it
   * again when it is back. UNSUPPORTED: the root, or a filesystem mounted in it, gives no events and has to be polled.
   */
  problem(root: number, code: WatchProblem, message: string): void
}

export interface WatchRoot {
  readonly index: number
  /** Absolute, without links: a directory, or of kind `file` the file itself. */
  readonly path: Uint8Array
  readonly kind: 'tree' | 'file'
  /** Excluded directories are not watched. Single excluded files may be hinted when they are excluded by inode. */
  readonly exclude?: ExcludeMatcher
  /** `no` is the default. */
  readonly crossFilesystems?: 'no' | 'yes'
}

export interface Watcher {
  /**
   * Resolves when all directories of the root are watched: what is listed from then on misses nothing that is not
   * hinted. `watches` 0 where there was a problem. SOURCE_MISSING where the root is not there.
   */
  addRoot(root: WatchRoot): Promise<{ readonly watches: number }>
  /** No hint of this root is delivered any more. */
  removeRoot(index: number): void
  /** Resolves when everything the kernel queued before the call has been delivered to the sink. */
  flush(): Promise<void>
  close(): Promise<void>
}

/**
 * `cookieFolder`: absolute path of an existing folder of our own; `flush` creates and removes a file in it.
 * WATCH_LIMIT where no inotify instance is left.
 */
export async function startWatcher(sink: WatchSink, options: { readonly cookieFolder: Uint8Array }): Promise<Watcher> {
  const watcher = new ThreadWatcher(sink, options.cookieFolder)
  await watcher.started
  return watcher
}

let watcherCount = 0

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

class ThreadWatcher implements Watcher {
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
  readonly #adding = new Map<number, Waiting<{ readonly watches: number }> & { readonly path: Uint8Array }>()
  /** By the name of the newest cookie. */
  #flushing = new Map<string, Waiting<void>>()
  readonly #wakeAtExit = (): void => this.#send({ kind: 'close' })

  constructor(sink: WatchSink, cookieFolder: Uint8Array) {
    this.#sink = sink
    this.#cookieFolder = cookieFolder
    const workerData: ThreadData = {
      wakerFd: this.#wakerFd,
      cookieFolder,
      cookiePrefix: this.#cookiePrefix,
      shared: this.#shared.buffer as SharedArrayBuffer,
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

  addRoot(root: WatchRoot): Promise<{ readonly watches: number }> {
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
      if (!this.#rejectIfOver(reject)) this.#putCookie({ resolve, reject })
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
      this.#state = 'running'
      this.#starting?.resolve()
    } else if (message.kind === 'hints') this.#deliver(message.hints)
    else if (message.kind === 'problem') {
      if (this.#roots.has(message.root)) this.#sink.problem(message.root, message.code, message.message)
    } else if (message.kind === 'added') this.#added(message)
    else if (message.kind === 'cookie') {
      this.#flushing.get(message.name)?.resolve()
      this.#flushing.delete(message.name)
    } else this.#overflow()
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

  #added(message: { readonly index: number; readonly watches: number; readonly missing: boolean }): void {
    const adding = this.#adding.get(message.index)
    if (adding === undefined) return
    this.#adding.delete(message.index)
    if (message.missing) {
      this.#roots.delete(message.index)
      const text = `${displayPath(adding.path)} is not there and cannot be watched. Add it when it is back.`
      adding.reject(new FoundryError('SOURCE_MISSING', text))
    } else adding.resolve({ watches: message.watches })
  }

  /** Cookies may have been among the lost events: each is put again, behind them. */
  #overflow(): void {
    this.#sink.overflow()
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
    for (const waiting of [...this.#adding.values(), ...this.#flushing.values()]) waiting.reject(reason)
    this.#adding.clear()
    this.#flushing.clear()
    if (wasAsked) return
    for (const root of this.#roots) this.#sink.problem(root, 'UNSUPPORTED', `The watching thread ended: ${reason}`)
  }
}

/** Errors lose their class on the way between threads; ours carry their code. */
function asFoundryError(failure: unknown): unknown {
  const { code, message } = failure as { readonly code?: unknown; readonly message?: string }
  const known = errorCodes.find((each) => each === code)
  return known === undefined ? failure : new FoundryError(known, message ?? '', failure)
}
