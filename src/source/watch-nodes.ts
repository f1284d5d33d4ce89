/**
 * The directories that are watched: a tree of nodes per root, and which nodes each watch descriptor stands for.
 *
 * A path is read off the tree, so a renamed directory takes everything beneath along by moving one node. One inode
 * has one watch however often it is reached (roots inside roots, bind mounts), so a descriptor has several nodes; the
 * kernel's watch goes when its last node goes.
 */

import { removeWatch } from '../linux/inotify.ts'
import type { ByteText } from '../linux/libc.ts'
import type { ExcludeMatcher } from './exclude.ts'
import type { RootOrder } from './watch-protocol.ts'

export interface WatchedRoot {
  readonly order: RootOrder
  readonly exclude: ExcludeMatcher
  /** The watched directory: the root, or of a file the directory it is in. Absolute. */
  readonly directory: ByteText
  /** Of kind `file`: the only name that counts. */
  readonly onlyName?: ByteText
  readonly dev: bigint
  readonly ino: bigint
  readonly mountId: bigint
  /** What its filesystem calls itself, eight bytes. */
  readonly fsid: ByteText
  /** Type of its filesystem. */
  readonly filesystem: string
  /** That filesystem does not tell of (all) its changes. */
  readonly isSilent: boolean
  readonly top: WatchNode
  /** Nodes with a watch. */
  watchCount: number
  /** Subtrees that a limit keeps from being watched, as told. */
  readonly unwatched: Set<ByteText>
  /** Directories in it on filesystems without events, as told. */
  readonly silentPaths: Set<ByteText>
}

export interface WatchNode {
  readonly root: WatchedRoot
  name: ByteText
  /** Undefined of a top node and of one that is off the tree. */
  parent: WatchNode | undefined
  children: Map<ByteText, WatchNode> | undefined
  /** -1: not watched (yet). */
  wd: number
  isDropped: boolean
}

export class WatchNodes {
  readonly #inotifyFd: number
  readonly #byWd = new Map<number, WatchNode[]>()
  /** Watches given back whose `ignored` event is still to come. */
  readonly #retired = new Set<number>()
  /** Never given back: the cookie folder's. */
  readonly #permanentWd: number

  constructor(inotifyFd: number, permanentWd: number) {
    this.#inotifyFd = inotifyFd
    this.#permanentWd = permanentWd
  }

  /** Watches in use. */
  get watchCount(): number {
    return this.#byWd.size
  }

  of(wd: number): readonly WatchNode[] {
    return this.#byWd.get(wd) ?? []
  }

  child(parent: WatchNode, name: ByteText): WatchNode {
    const known = parent.children?.get(name)
    if (known !== undefined) return known
    const node = { root: parent.root, name, parent, children: undefined, wd: -1, isDropped: false }
    this.#link(parent, node)
    return node
  }

  /** The node now stands for what this watch reports. What it knew about another inode of that name goes. */
  setWatch(node: WatchNode, wd: number): void {
    if (node.wd === wd) return
    if (node.wd >= 0) {
      this.dropChildren(node)
      this.#unwatch(node)
    }
    node.wd = wd
    node.root.watchCount++
    const nodes = this.#byWd.get(wd)
    if (nodes === undefined) this.#byWd.set(wd, [node])
    else nodes.push(node)
  }

  /** Takes a node off the tree with everything beneath; it may be attached again. */
  detach(node: WatchNode): void {
    node.parent?.children?.delete(node.name)
    node.parent = undefined
  }

  /** Puts a detached node under a parent of the same root, in the place of what had that name. */
  attach(node: WatchNode, place: { readonly parent: WatchNode; readonly name: ByteText }): void {
    const former = place.parent.children?.get(place.name)
    if (former !== undefined) this.drop(former)
    node.name = place.name
    node.parent = place.parent
    this.#link(place.parent, node)
  }

  /** Forgets a node and everything beneath, and gives back watches that nothing else needs. */
  drop(node: WatchNode): void {
    this.detach(node)
    const stack = [node]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      next.isDropped = true
      this.#unwatch(next)
      for (const child of next.children?.values() ?? []) stack.push(child)
      next.children = undefined
    }
  }

  dropChildren(node: WatchNode, keep?: ReadonlySet<ByteText>): void {
    for (const [name, child] of node.children ?? []) if (keep === undefined || !keep.has(name)) this.drop(child)
  }

  /** The kernel has ended this watch. The nodes that it stood for; none where it was given back by us. */
  ended(wd: number): readonly WatchNode[] {
    if (this.#retired.delete(wd)) return []
    const nodes = this.#byWd.get(wd) ?? []
    this.#byWd.delete(wd)
    for (const node of nodes) {
      node.wd = -1
      node.root.watchCount--
    }
    return nodes
  }

  /** After lost events `ignored` may never come. */
  forgetRetired(): void {
    this.#retired.clear()
  }

  #link(parent: WatchNode, node: WatchNode): void {
    parent.children ??= new Map()
    parent.children.set(node.name, node)
  }

  #unwatch(node: WatchNode): void {
    const { wd } = node
    if (wd < 0) return
    node.wd = -1
    node.root.watchCount--
    const rest = this.of(wd).filter((other) => other !== node)
    if (rest.length > 0) {
      this.#byWd.set(wd, rest)
      return
    }
    this.#byWd.delete(wd)
    if (wd === this.#permanentWd) return
    this.#retired.add(wd)
    removeWatch(this.#inotifyFd, wd)
  }
}

/** The node at a path from the root; undefined where none is. */
export function nodeAt(root: WatchedRoot, path: ByteText): WatchNode | undefined {
  let node: WatchNode | undefined = root.top
  for (const name of path === '' ? [] : path.split('/')) node = node?.children?.get(name as ByteText)
  return node
}

/** Path from the root; undefined of a node that is off the tree. */
export function pathOf(node: WatchNode): ByteText | undefined {
  let path = ''
  let at = node
  while (at.parent !== undefined) {
    path = path === '' ? at.name : `${at.name}/${path}`
    at = at.parent
  }
  return at === node.root.top && !at.isDropped ? (path as ByteText) : undefined
}

/** `directory/name`; the name alone beneath the root. */
export function joinText(directory: ByteText, name: ByteText): ByteText {
  return (directory === '' ? name : `${directory}/${name}`) as ByteText
}
