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

import { displayPath } from '../base/bytes.ts'
import { type InotifyEvent, inotifyMask as mask } from '../linux/inotify.ts'
import type { ByteText } from '../linux/libc.ts'
import type { HintBatch } from './hint-batch.ts'
import { type Covering, coverDirectory, pathOfTarget, silentProblem, type Target } from './watch-cover.ts'
import { joinText, pathOf, type WatchedRoot, type WatchNode, WatchNodes } from './watch-nodes.ts'
import type { FromThread, RootOrder } from './watch-protocol.ts'
import { findRoot, isInPlace } from './watch-roots.ts'

export interface WatchedTreesOptions {
  readonly inotifyFd: number
  /** Watch of the cookie folder, made with `watchMask`. */
  readonly cookieWd: number
  readonly cookiePrefix: string
  readonly hints: HintBatch
  /** Called after the hints that have to come first are in `hints`. */
  readonly tell: (message: FromThread) => void
}

export class WatchedTrees {
  readonly #cookie: { readonly wd: number; readonly prefix: string }
  readonly #hints: HintBatch
  readonly #tell: (message: FromThread) => void
  readonly #nodes: WatchNodes
  readonly #covering: Covering
  readonly #roots = new Map<number, WatchedRoot>()
  /** First in, first out. */
  #jobs: Job[] = []
  /** Directories that left their place, by rename cookie, until their new place is told. */
  #moving = new Map<number, { readonly nodes: WatchNode[]; readonly round: number }>()
  #round = 0

  constructor(options: WatchedTreesOptions) {
    this.#cookie = { wd: options.cookieWd, prefix: options.cookiePrefix }
    this.#hints = options.hints
    this.#tell = options.tell
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

  add(order: RootOrder): void {
    this.remove(order.index)
    const found = findRoot(order)
    if (found.kind === 'missing') {
      this.#tell({ kind: 'added', index: order.index, watches: 0, missing: true })
      return
    }
    if (found.kind === 'silent') {
      this.#tell(silentProblem(order.index, found.filesystem))
      this.#tell({ kind: 'added', index: order.index, watches: 0, missing: false })
      return
    }
    this.#roots.set(order.index, found.root)
    this.#jobs.push({ kind: 'cover', stack: [found.root] })
    this.#jobs.push({ kind: 'tellAdded', root: found.root })
  }

  remove(index: number): void {
    const root = this.#roots.get(index)
    if (root === undefined) return
    this.#roots.delete(index)
    this.#nodes.drop(root.top)
    for (const { nodes } of this.#moving.values())
      for (const node of nodes) if (node.root === root) this.#nodes.drop(node)
    this.#hints.drop(index)
  }

  handle(events: readonly InotifyEvent[]): void {
    for (const event of events) {
      if (event.mask & mask.overflow) this.#recover()
      else if (event.mask & mask.ignored) for (const node of this.#nodes.ended(event.wd)) this.#lose(node, event)
      else if (event.wd === this.#cookie.wd && event.name.startsWith(this.#cookie.prefix)) {
        if (event.mask & mask.create) this.#jobs.push({ kind: 'tell', message: { kind: 'cookie', name: event.name } })
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
          coverDirectory(this.#covering, target, job.stack)
          left--
          continue
        }
        if (job.announce !== undefined) this.#hint(job.announce.parent.root, pathOfTarget(job.announce), 'subtree')
      } else if (job.kind === 'tell') this.#tell(job.message)
      else this.#tellAdded(job.root)
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

  /** Finds roots that went without an event: an ancestor renamed, another filesystem mounted over them. */
  checkRoots(): void {
    for (const root of this.#roots.values()) if (!isInPlace(root)) this.#loseRoot(root, 'is no longer at its path')
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
      if (node === node.root.top) this.#loseRoot(node.root, event.mask & mask.moveSelf ? 'was renamed' : 'was removed')
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

  /** The kernel ends a watch by itself: the directory was removed, or its filesystem unmounted from over another. */
  #lose(node: WatchNode, event: InotifyEvent): void {
    if (node.isDropped) return
    if (node === node.root.top) {
      this.#loseRoot(node.root, event.mask & mask.unmount ? 'was unmounted' : 'was removed')
      return
    }
    const { parent, name } = node
    this.#hint(node.root, pathOf(node), 'subtree')
    this.#nodes.drop(node)
    if (parent !== undefined && event.mask & mask.unmount) this.#coverNew(parent, name)
  }

  #loseRoot(root: WatchedRoot, what: string): void {
    const { index, path } = root.order
    if (this.#roots.get(index) !== root) return
    this.remove(index)
    const message = `${displayPath(path)} ${what}. It is watched again once it is back and added.`
    this.#tell({ kind: 'problem', root: index, code: 'ROOT_GONE', message })
  }

  /** Events were lost: all directories are walked again, then everything counts as changed. */
  #recover(): void {
    this.#nodes.forgetRetired()
    for (const root of this.#roots.values()) this.#jobs.push({ kind: 'cover', stack: [root] })
    this.#jobs.push({ kind: 'tell', message: { kind: 'overflow' } })
  }

  #hint(root: WatchedRoot, path: ByteText | undefined, scope: 'entry' | 'subtree'): void {
    if (path !== undefined) this.#hints.add(root.order.index, path, scope)
  }

  #tellAdded(root: WatchedRoot): void {
    const { index, path } = root.order
    const current = this.#roots.get(index)
    if (current === undefined) this.#tell({ kind: 'added', index, watches: 0, missing: true })
    if (current !== root) return
    if (root.watchCount === 0 && !root.isLimited) {
      const message = `${displayPath(path)} may not be opened for watching: it has to be polled, or watched with more rights.`
      this.#tell({ kind: 'problem', root: index, code: 'UNSUPPORTED', message })
    }
    this.#tell({ kind: 'added', index, watches: root.watchCount, missing: false })
  }
}

type Job =
  /** `announce`: told as a subtree hint when the stack is empty. */
  | { readonly kind: 'cover'; readonly stack: Target[]; readonly announce?: Exclude<Target, WatchedRoot> }
  | { readonly kind: 'tell'; readonly message: FromThread }
  | { readonly kind: 'tellAdded'; readonly root: WatchedRoot }

const changesDirectory = mask.create | mask.delete | mask.movedFrom | mask.movedTo
