/**
 * The two ways to hear of changes, inotify and fanotify, as one: what they need is opened, and a cookie counts as seen
 * when each of them has seen it. Without a free inotify instance it goes on with what there is and tries again.
 */

import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { closeFd } from '../linux/directory.ts'
import { addWatch, openInotify, parseEvents, readEvents } from '../linux/inotify.ts'
import { LibcError } from '../linux/libc.ts'
import type { HintBatch } from './hint-batch.ts'
import { watchMask } from './watch-cover.ts'
import { KeptRoots } from './watch-keeping.ts'
import { MarkedTrees } from './watch-marks.ts'
import type { FromThread, ThreadData, WatchStats } from './watch-protocol.ts'
import { WatchedTrees } from './watch-tree.ts'

export interface BackendParts {
  readonly hints: HintBatch
  /** Passes on what is in `hints` first. */
  readonly tell: (message: FromThread) => void
}

const noFd = -1
const instanceTicksMax = 64
/** Flushes underway at once beyond that many are seen by each backend in turn, or asked for anew. */
const cookiesMax = 1024

export class WatchBackends {
  readonly roots: KeptRoots
  readonly #thread: ThreadData
  readonly #parts: BackendParts
  readonly #marks: MarkedTrees | undefined
  #inotify: { readonly fd: number; readonly trees: WatchedTrees } | undefined
  /** Cookies that one of two backends has seen. */
  readonly #halfSeen = new Map<string, 'inotify' | 'fanotify'>()
  #isSuspect = false
  #instanceTicks = 1
  #ticksToInstance = 1

  constructor(thread: ThreadData, parts: BackendParts) {
    this.#thread = thread
    this.#parts = parts
    this.#inotify = this.#openInotify()
    this.#marks = thread.backend === 'inotify' ? undefined : this.#openMarks()
    this.roots = new KeptRoots({
      ...parts,
      trees: () => this.#inotify?.trees,
      marks: this.#marks,
      marksKinds: thread.backend === 'fanotify' ? ['tree', 'file'] : ['tree'],
    })
  }

  close(): void {
    if (this.#inotify !== undefined) closeFd(this.#inotify.fd)
    this.#marks?.close()
  }

  /** No cookie is ever seen. */
  get isBlind(): boolean {
    return this.#inotify === undefined && this.#marks === undefined
  }

  get inotifyFd(): number {
    return this.#inotify?.fd ?? noFd
  }

  get groupFd(): number {
    return this.#marks?.groupFd ?? noFd
  }

  get hasWork(): boolean {
    return this.#inotify?.trees.hasWork ?? false
  }

  get isWaiting(): boolean {
    return this.#inotify?.trees.isWaiting ?? false
  }

  readWatches(buffer: Uint8Array): void {
    if (this.#inotify === undefined) return
    const { fd, trees } = this.#inotify
    trees.handle(parseEvents(buffer, readEvents(fd, buffer)))
  }

  readMarks(buffer: Uint8Array): 'here' | 'elsewhere' {
    return this.#marks?.read(buffer) ?? 'here'
  }

  /** Everything that follows from events; at most `directoriesMax` directories of walks. */
  work(directoriesMax: number): void {
    this.#inotify?.trees.work(directoriesMax)
    this.#inotify?.trees.endRound()
    if (!this.#isSuspect) return
    this.#isSuspect = false
    this.roots.check()
  }

  mountsChanged(): void {
    this.roots.mountsChanged()
  }

  tick(count: number): void {
    this.#ticksToInstance -= count
    if (this.#inotify === undefined && this.#ticksToInstance <= 0) this.#tryInstance()
    this.roots.tick(count)
  }

  stats(): WatchStats {
    const watched = this.#inotify?.trees.counts ?? { events: 0, overflows: 0, watches: 0 }
    const marked = this.#marks?.counts ?? { events: 0, overflows: 0, marks: 0, known: 0 }
    return {
      events: watched.events + marked.events,
      overflows: watched.overflows + marked.overflows,
      watches: watched.watches,
      marks: marked.marks,
      directories: watched.watches + marked.known,
      roots: this.roots.stats(),
    }
  }

  #tryInstance(): void {
    this.#inotify = this.#openInotify()
    this.#instanceTicks = Math.min(instanceTicksMax, this.#instanceTicks * 2)
    this.#ticksToInstance = this.#instanceTicks
    if (this.#inotify === undefined) return
    this.#halfSeen.clear()
    this.#parts.tell({ kind: 'cookiesLost' })
    this.roots.instanceCame()
  }

  #openInotify(): { readonly fd: number; readonly trees: WatchedTrees } | undefined {
    const fd = openInstance()
    if (fd === undefined) return undefined
    const { cookieFolder, cookiePrefix } = this.#thread
    const watched = addWatch(fd, cookieFolder, watchMask)
    if (watched.kind === 'failed') {
      closeFd(fd)
      if (watched.errnoName === 'ENOSPC') return undefined
      const shown = displayPath(cookieFolder)
      throw new FoundryError('LIBC_FAILED', `The cookie folder ${shown} cannot be watched: ${watched.errnoName}.`)
    }
    const trees = new WatchedTrees({
      ...this.#parts,
      tell: (message) => {
        if (message.kind === 'overflow') this.#halfSeen.clear()
        this.#parts.tell(message)
      },
      inotifyFd: fd,
      cookieWd: watched.wd,
      cookiePrefix,
      onCookie: (name) => this.#sawCookie(name, 'inotify'),
      onCovered: (root) => this.roots.covered(root),
      onSuspect: () => this.#suspect(),
    })
    return { fd, trees }
  }

  #openMarks(): MarkedTrees | undefined {
    const { cookieFolder, cookiePrefix, ignoredPid, backend } = this.#thread
    const opened = MarkedTrees.open({
      cookieFolder,
      cookiePrefix,
      ignoredPid,
      hints: this.#parts.hints,
      onCookie: (name) => this.#sawCookie(name, 'fanotify'),
      onOverflow: (roots) => {
        this.#halfSeen.clear()
        this.#parts.tell({ kind: 'overflow', roots: roots.map((root) => root.order.index) })
      },
      onSuspect: () => this.#suspect(),
    })
    if (typeof opened !== 'string') return opened
    if (backend === 'auto') return undefined
    const why = `fanotify cannot be used here (${opened}): it needs CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH and Linux 5.9.`
    throw new FoundryError('LIBC_FAILED', `${why} Use inotify.`)
  }

  #suspect(): void {
    this.#isSuspect = true
  }

  #sawCookie(name: string, by: 'inotify' | 'fanotify'): void {
    const seenBy = this.#halfSeen.get(name)
    const isEnough = this.#inotify === undefined || this.#marks === undefined || (seenBy !== undefined && seenBy !== by)
    if (isEnough) {
      this.#halfSeen.delete(name)
      this.#parts.tell({ kind: 'cookie', name })
      return
    }
    this.#halfSeen.set(name, by)
    const oldest = this.#halfSeen.keys().next().value
    if (this.#halfSeen.size > cookiesMax && oldest !== undefined) this.#halfSeen.delete(oldest)
  }
}

/** Undefined where no instance, or no file descriptor, is left. */
function openInstance(): number | undefined {
  try {
    return openInotify()
  } catch (failed) {
    if (failed instanceof LibcError && instanceErrnos.has(failed.errnoName)) return undefined
    throw failed
  }
}

const instanceErrnos: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])
