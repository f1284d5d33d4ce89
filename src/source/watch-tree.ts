/**
 * From inotify events to hints, for all roots of one instance.
 *
 * The rule that makes it complete: whoever lists a directory after its `subtree` hint, or after its root was added,
 * sees everything up to then, and of everything later an event comes. So a directory is watched first and listed
 * second, and the hint for a new one is given when all beneath it is watched. Hints may be too many, never too few;
 * lost events lead to one walk over everything and then to one `overflow`.
 *
 * Long walks are cut into steps, so that the kernel's queue is read meanwhile. No clock, no I/O but inotify and
 * directories.
 */

import { type InotifyEvent, inotifyMask as mask } from '../linux/inotify.ts'
import type { ByteText } from '../linux/libc.ts'
import type { HintBatch } from './hint-batch.ts'
import { type Covering, coverDirectory, pathOfTarget, type Target } from './watch-cover.ts'
import { joinText, nodeAt, pathOf, type WatchedRoot, type WatchNode, WatchNodes } from './watch-nodes.ts'
import type { FromThread } from './watch-protocol.ts'
import { identityOf } from './watch-roots.ts'

export interface WatchedTreesOptions {
  readonly inotifyFd: number
  /** Watch of the cookie folder, made with `watchMask`. */
  readonly cookieWd: number
  readonly cookiePrefix: string
  readonly hints: HintBatch
  /** Called after the hints that have to come first are in `hints`. */
  readonly tell: (message: FromThread) => void
  /** A cookie file was made, and everything before it has been told. */
  readonly onCookie: (name: string) => void
  /** All directories of the root are watched, as far as they can be. */
  readonly onCovered: (root: WatchedRoot) => void
  /** The root's directory was removed, renamed or unmounted. */
  readonly onSuspect: (root: WatchedRoot) => void
}

export class WatchedTrees {
  readonly #options: WatchedTreesOptions
  readonly #hints: HintBatch
  readonly #nodes: WatchNodes
  readonly #covering: Covering
  readonly #roots = new Set<WatchedRoot>()
  /** First in, first out. */
  #jobs: Job[] = []
  /** Directories that left their place, by rename cookie, until their new place is told. */
  #moving = new Map<number, { readonly nodes: WatchNode[]; readonly round: number }>()
  #round = 0
  #eventCount = 0
  #overflowCount = 0

  constructor(options: WatchedTreesOptions) {
    this.#options = options
    this.#hints = options.hints
    this.#nodes = new WatchNodes(options.inotifyFd, options.cookieWd)
    this.#covering = { inotifyFd: options.inotifyFd, nodes: this.#nodes, tell: options.tell }
  }

  get hasWork(): boolean {
    return this.#jobs.length > 0
  }

  /** Renames wait for their other half: `endRound` has to be called again soon. */
  get isWaiting(): boolean {
    return this.#moving.size > 0
  }

  get counts(): { readonly events: number; readonly overflows: number; readonly watches: number } {
    return { events: this.#eventCount, overflows: this.#overflowCount, watches: this.#nodes.watchCount }
  }

  /** `onCovered` says when it is done. */
  add(root: WatchedRoot): void {
    this.#roots.add(root)
    this.#jobs.push({ kind: 'cover', stack: [root] })
    this.#jobs.push({ kind: 'do', act: () => this.#options.onCovered(root) })
  }

  /** Takes a root whose subtrees will all be given to `retry`. */
  admit(root: WatchedRoot): void {
    this.#roots.add(root)
  }

  remove(root: WatchedRoot): void {
    if (!this.#roots.delete(root)) return
    this.#nodes.drop(root.top)
    for (const { nodes } of this.#moving.values())
      for (const node of nodes) if (node.root === root) this.#nodes.drop(node)
  }

  /** Watches a subtree again, of which something was mounted or unmounted, and hints it. */
  coverAgain(root: WatchedRoot, path: ByteText): void {
    const target = this.#targetAt(root, path)
    if (target !== undefined) this.#jobs.push({ kind: 'cover', stack: [target], announce: { root, path } })
  }

  /** Tries the subtrees of a root again that a limit kept from being watched; `onEnd` says whether all are now. */
  retry(root: WatchedRoot, onEnd: (outcome: 'covered' | 'limited') => void): void {
    const wasLimited = [...root.unwatched]
    const outcome = { limited: false }
    for (const path of wasLimited) {
      const target = this.#targetAt(root, path)
      this.#jobs.push({ kind: 'cover', stack: target === undefined ? [] : [target], retry: { root, path, outcome } })
    }
    this.#jobs.push({ kind: 'do', act: () => onEnd(outcome.limited ? 'limited' : 'covered') })
  }

  handle(events: readonly InotifyEvent[]): void {
    const { cookieWd, cookiePrefix, onCookie } = this.#options
    this.#eventCount += events.length
    for (const event of events) {
      if (event.mask & mask.overflow) this.#recover()
      else if (event.mask & mask.ignored) for (const node of this.#nodes.ended(event.wd)) this.#lose(node, event)
      else if (event.wd === cookieWd && event.name.startsWith(cookiePrefix)) {
        if (event.mask & mask.create) this.#jobs.push({ kind: 'do', act: () => onCookie(event.name) })
      } else for (const node of [...this.#nodes.of(event.wd)]) this.#handleAt(node, event)
    }
  }

  /** Works on walks and what waits for them, at most `directoriesMax` directories. */
  work(directoriesMax: number): void {
    let left = directoriesMax
    while (left > 0) {
      const job = this.#jobs[0]
      if (job === undefined) return
      if (job.kind === 'cover') {
        const target = job.stack.pop()
        if (target !== undefined) {
          if (coverDirectory(this.#covering, target, job.stack) === 'limited' && job.retry !== undefined) {
            job.retry.outcome.limited = true
            job.retry.isLimited = true
          }
          left--
          continue
        }
        this.#endCover(job)
      } else job.act()
      this.#jobs.shift()
    }
  }

  /** To be called when the queue was read: the second round after a rename's first half gives the other one up. */
  endRound(): void {
    for (const [cookie, { nodes, round }] of this.#moving) {
      if (round === this.#round) continue
      for (const node of nodes) if (!node.isDropped) this.#nodes.drop(node)
      this.#moving.delete(cookie)
    }
    this.#round++
  }

  #handleAt(node: WatchNode, event: InotifyEvent): void {
    const { root } = node
    if (event.name === '') {
      this.#handleSelf(node, event)
      return
    }
    if (root.onlyName !== undefined) {
      if (event.name === root.onlyName) this.#hint(root, event.name, 'entry')
      return
    }
    const directory = pathOf(node)
    if (directory === undefined) return
    const path = joinText(directory, event.name)
    const isDirectory = (event.mask & mask.isDirectory) !== 0
    if (event.mask & changesDirectory) this.#hint(root, directory, 'entry')
    if (root.exclude.excludesText(path, isDirectory ? 'dir' : 'other')) return
    if (isDirectory) this.#handleDirectory(node, path, event)
    else this.#hint(root, path, 'entry')
  }

  #handleSelf(node: WatchNode, event: InotifyEvent): void {
    if (event.mask & mask.unmount) this.#lose(node, event)
    else if (event.mask & (mask.deleteSelf | mask.moveSelf)) {
      if (node === node.root.top) this.#options.onSuspect(node.root)
    } else if (event.mask & mask.attrib && node.root.onlyName === undefined) {
      this.#hint(node.root, pathOf(node), 'entry')
    }
  }

  /** An event about the directory `path`, named in the watched directory `parent`. */
  #handleDirectory(parent: WatchNode, path: ByteText, event: InotifyEvent): void {
    const known = parent.children?.get(event.name)
    if (event.mask & (mask.movedFrom | mask.delete)) {
      if (known !== undefined && event.mask & mask.movedFrom) this.#setOut(known, event.cookie)
      else if (known !== undefined) this.#nodes.drop(known)
      this.#hint(parent.root, path, 'subtree')
      return
    }
    if (event.mask & mask.movedTo) this.#arrive(parent, event)
    if (event.mask & (mask.create | mask.movedTo)) this.#coverNew(parent, event.name)
    else {
      this.#hint(parent.root, path, 'entry')
      if (known === undefined || known.wd < 0) this.#coverNew(parent, event.name)
    }
  }

  #setOut(node: WatchNode, cookie: number): void {
    this.#nodes.detach(node)
    const underway = this.#moving.get(cookie)
    if (underway === undefined) this.#moving.set(cookie, { nodes: [node], round: this.#round })
    else underway.nodes.push(node)
  }

  /** Re-uses the nodes of a directory renamed inside its root, so that its watches go on without a gap. */
  #arrive(parent: WatchNode, event: InotifyEvent): void {
    const underway = this.#moving.get(event.cookie)
    const index = underway?.nodes.findIndex((node) => node.root === parent.root && !node.isDropped) ?? -1
    const [node] = index < 0 ? [] : (underway?.nodes.splice(index, 1) ?? [])
    if (node !== undefined) this.#nodes.attach(node, { parent, name: event.name })
  }

  #coverNew(parent: WatchNode, name: ByteText): void {
    const target = { parent, name }
    this.#jobs.push({ kind: 'cover', stack: [target], announce: target })
  }

  #endCover({ announce, retry }: Extract<Job, { kind: 'cover' }>): void {
    if (announce !== undefined) {
      const path = 'path' in announce ? announce.path : pathOfTarget(announce)
      this.#hint('root' in announce ? announce.root : announce.parent.root, path, 'subtree')
    }
    if (retry === undefined || retry.isLimited === true || !retry.root.unwatched.delete(retry.path)) return
    const { root, path } = retry
    this.#hint(root, path, 'subtree')
    this.#options.tell({
      kind: 'recovered',
      root: root.order.index,
      code: 'WATCH_LIMIT',
      path,
      identity: identityOf(root),
    })
  }

  /** Undefined where the directory above it is not watched. */
  #targetAt(root: WatchedRoot, path: ByteText): Target | undefined {
    if (path === '') return root
    const slash = path.lastIndexOf('/')
    const parent = nodeAt(root, path.slice(0, Math.max(0, slash)) as ByteText)
    return parent === undefined ? undefined : { parent, name: path.slice(slash + 1) as ByteText }
  }

  /** The kernel ends a watch by itself: the directory was removed, or its filesystem unmounted from over another. */
  #lose(node: WatchNode, event: InotifyEvent): void {
    if (node.isDropped) return
    if (node === node.root.top) {
      this.#options.onSuspect(node.root)
      return
    }
    const { parent, name } = node
    this.#hint(node.root, pathOf(node), 'subtree')
    this.#nodes.drop(node)
    if (parent !== undefined && event.mask & mask.unmount) this.#coverNew(parent, name)
  }

  /** Events were lost: all directories are walked again, then everything counts as changed. */
  #recover(): void {
    this.#overflowCount++
    this.#nodes.forgetRetired()
    for (const root of this.#roots) this.#jobs.push({ kind: 'cover', stack: [root] })
    const { tell } = this.#options
    const act = (): void => tell({ kind: 'overflow', roots: [...this.#roots].map((root) => root.order.index) })
    this.#jobs.push({ kind: 'do', act })
  }

  #hint(root: WatchedRoot, path: ByteText | undefined, scope: 'entry' | 'subtree'): void {
    if (path !== undefined) this.#hints.add(root.order.index, path, scope)
  }
}

type Job =
  /** `announce`: told as a subtree hint when the stack is empty. `retry`: what the end of it may have recovered. */
  | {
      readonly kind: 'cover'
      readonly stack: Target[]
      readonly announce?: Exclude<Target, WatchedRoot> | Subtree
      readonly retry?: Subtree & { readonly outcome: { limited: boolean }; isLimited?: boolean }
    }
  | { readonly kind: 'do'; readonly act: () => void }

interface Subtree {
  readonly root: WatchedRoot
  readonly path: ByteText
}

const changesDirectory = mask.create | mask.delete | mask.movedFrom | mask.movedTo
