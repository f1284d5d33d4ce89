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
import { closeFd, openDirectoryAt, readDirectory } from '../linux/directory.ts'
import { addWatch, type InotifyEvent, inotifyMask as mask } from '../linux/inotify.ts'
import { type ByteText, currentDirectory, LibcError } from '../linux/libc.ts'
import { type FileStat, statAt, statOpen } from '../linux/stat.ts'
import { filesystemOfFd } from '../linux/statfs.ts'
import type { HintBatch } from './hint-batch.ts'
import { joinText, pathOf, type WatchedRoot, type WatchNode, WatchNodes } from './watch-nodes.ts'
import type { FromThread, RootOrder } from './watch-protocol.ts'
import { findRoot, isInPlace, isSilent, limitMessage } from './watch-roots.ts'

/** Everything that changes an entry; reading, and closing what was only read, is not asked for. */
export const watchMask =
  mask.create |
  mask.delete |
  mask.modify |
  mask.attrib |
  mask.movedFrom |
  mask.movedTo |
  mask.closeWrite |
  mask.deleteSelf |
  mask.moveSelf |
  mask.onlyDirectory |
  mask.dontFollow |
  mask.excludeUnlinked

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
  readonly #inotifyFd: number
  readonly #cookie: { readonly wd: number; readonly prefix: string }
  readonly #hints: HintBatch
  readonly #tell: (message: FromThread) => void
  readonly #nodes: WatchNodes
  readonly #roots = new Map<number, WatchedRoot>()
  /** First in, first out. */
  #jobs: Job[] = []
  /** Directories that left their place, by rename cookie, until their new place is told. */
  #moving = new Map<number, { readonly nodes: WatchNode[]; readonly round: number }>()
  #round = 0

  constructor(options: WatchedTreesOptions) {
    this.#inotifyFd = options.inotifyFd
    this.#cookie = { wd: options.cookieWd, prefix: options.cookiePrefix }
    this.#hints = options.hints
    this.#tell = options.tell
    this.#nodes = new WatchNodes(options.inotifyFd, options.cookieWd)
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
      this.#tellSilent(order.index, found.filesystem)
      this.#tell({ kind: 'added', index: order.index, watches: 0, missing: false })
      return
    }
    this.#roots.set(order.index, found.root)
    this.#jobs.push({ kind: 'cover', stack: [found.root.top] })
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
        const node = job.stack.pop()
        if (node !== undefined) {
          this.#cover(node, job.stack)
          left--
          continue
        }
        if (job.announce !== undefined) this.#hint(job.announce.root, pathOf(job.announce), 'subtree')
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
    const node = this.#nodes.child(parent, name)
    this.#jobs.push({ kind: 'cover', stack: [node], announce: node })
  }

  /** Watches one directory, lists it, and puts its directories on the stack. Names that are gone lose their nodes. */
  #cover(node: WatchNode, stack: WatchNode[]): void {
    const path = pathOf(node)
    if (path === undefined) return
    const { root } = node
    const fd = this.#open(node, path)
    if (fd === undefined) return
    try {
      if (node !== root.top && !this.#belongs(node, statOpen(fd), fd)) return
      const watched = addWatch(this.#inotifyFd, absoluteText(root, path), watchMask)
      if (watched.kind === 'failed') {
        this.#cannotWatch(node, path, watched.errnoName)
        if (limitErrnos.has(watched.errnoName)) stack.length = 0
        return
      }
      this.#nodes.setWatch(node, watched.wd)
      if (root.onlyName === undefined) this.#descend(node, { path, fd, stack })
    } catch (failed) {
      if (!(failed instanceof LibcError)) throw failed
    } finally {
      closeFd(fd)
    }
  }

  /** The directory's fd. One that is gone loses its node; one that may not be listed keeps it, unwatched. */
  #open(node: WatchNode, path: ByteText): number | undefined {
    const absolute = absoluteText(node.root, path)
    if (absolute.length >= absoluteBytesMax) return undefined
    const opened = openDirectoryAt(currentDirectory, absolute)
    if (opened.kind === 'open') return opened.fd
    if (node !== node.root.top && goneErrnos.has(opened.errnoName)) this.#nodes.drop(node)
    return undefined
  }

  /** Whether a directory found beneath a root is to be watched; else its node is dropped. */
  #belongs(node: WatchNode, stat: FileStat, fd: number): boolean {
    const { root } = node
    let belongs = !root.exclude.excludesInode(stat)
    if (belongs && stat.dev !== root.dev) {
      belongs = root.order.crossFilesystems === 'yes'
      const filesystem = filesystemOfFd(fd)
      if (belongs && isSilent(filesystem.kind)) {
        if (!root.isPartlySilent) this.#tellSilent(root.order.index, filesystem.name)
        root.isPartlySilent = true
        belongs = false
      }
    }
    if (!belongs) this.#nodes.drop(node)
    return belongs
  }

  #descend(node: WatchNode, at: { readonly path: ByteText; readonly fd: number; readonly stack: WatchNode[] }): void {
    const names = new Set<ByteText>()
    const { exclude } = node.root
    readDirectory(at.fd, (name, kind) => {
      if (kind === 'other' || (kind === 'unknown' && statAt(at.fd, name)?.kind !== 'dir')) return
      if (!exclude.excludesText(joinText(at.path, name), 'dir')) names.add(name)
    })
    this.#nodes.dropChildren(node, names)
    for (const name of names) at.stack.push(this.#nodes.child(node, name))
  }

  #cannotWatch(node: WatchNode, path: ByteText, errnoName: string): void {
    const { root } = node
    if (limitErrnos.has(errnoName)) {
      if (root.isLimited) return
      root.isLimited = true
      const message = limitMessage(root, path)
      this.#tell({ kind: 'problem', root: root.order.index, code: 'WATCH_LIMIT', message })
    } else if (node !== root.top && goneErrnos.has(errnoName)) this.#nodes.drop(node)
  }

  /** The kernel ended a watch by itself: the directory was removed, or its filesystem unmounted. */
  #lose(node: WatchNode, event: InotifyEvent): void {
    if (node.isDropped) return
    if (node === node.root.top) {
      this.#loseRoot(node.root, event.mask & mask.unmount ? 'was unmounted' : 'was removed')
      return
    }
    this.#hint(node.root, pathOf(node), 'subtree')
    this.#nodes.drop(node)
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
    for (const root of this.#roots.values()) this.#jobs.push({ kind: 'cover', stack: [root.top] })
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

  #tellSilent(index: number, filesystem: string): void {
    const message = `${filesystem} gives no events of (all) its changes: it has to be polled.`
    this.#tell({ kind: 'problem', root: index, code: 'UNSUPPORTED', message })
  }
}

type Job =
  /** `announce`: told as a subtree hint when the stack is empty. */
  | { readonly kind: 'cover'; readonly stack: WatchNode[]; readonly announce?: WatchNode }
  | { readonly kind: 'tell'; readonly message: FromThread }
  | { readonly kind: 'tellAdded'; readonly root: WatchedRoot }

const changesDirectory = mask.create | mask.delete | mask.movedFrom | mask.movedTo
const limitErrnos: ReadonlySet<string> = new Set(['ENOSPC', 'ENOMEM'])
const goneErrnos: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])
/** Deeper directories cannot be watched; the slow rescan still sees them. */
const absoluteBytesMax = 4096

function absoluteText(root: WatchedRoot, path: ByteText): ByteText {
  if (path === '') return root.directory
  return (root.directory === '/' ? `/${path}` : `${root.directory}/${path}`) as ByteText
}
