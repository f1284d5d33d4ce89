/**
 * One step of a walk: a directory is watched, then listed, and the directories in it are put on the walk's stack.
 *
 * In that order nothing slips through: what comes after the watch is an event, what came before is in the listing.
 */

import { closeFd, openDirectoryAt, readDirectory } from '../linux/directory.ts'
import { addWatch, inotifyMask as mask } from '../linux/inotify.ts'
import { type ByteText, currentDirectory, LibcError, pathBytesMax } from '../linux/libc.ts'
import { type FileStat, statAt, statOpen } from '../linux/stat.ts'
import { filesystemOfFd } from '../linux/statfs.ts'
import { joinText, pathOf, type WatchedRoot, type WatchNode, type WatchNodes } from './watch-nodes.ts'
import type { FromThread } from './watch-protocol.ts'
import { isSilent, limitMessage } from './watch-roots.ts'

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

export interface Covering {
  readonly inotifyFd: number
  readonly nodes: WatchNodes
  readonly tell: (message: FromThread) => void
}

/**
 * A directory still to be watched: by name, because the node that had that name may be dropped meanwhile (the end of
 * the watch of a former directory is told late).
 */
export type Target = WatchedRoot | { readonly parent: WatchNode; readonly name: ByteText }

/** A directory that is gone loses its node; names in it that are gone lose theirs. At the limit the walk ends. */
export function coverDirectory(covering: Covering, target: Target, stack: Target[]): void {
  const path = pathOfTarget(target)
  if (path === undefined) return
  const node = 'top' in target ? target.top : covering.nodes.child(target.parent, target.name)
  const { root } = node
  const fd = openNode(covering, node, path)
  if (fd === undefined) return
  try {
    if (node !== root.top && !belongs(covering, node, fd)) return
    const watched = addWatch(covering.inotifyFd, absoluteText(root, path), watchMask)
    if (watched.kind === 'watched') {
      covering.nodes.setWatch(node, watched.wd)
      if (root.onlyName === undefined) descend(covering, node, { path, fd, stack })
    } else if (limitErrnos.has(watched.errnoName)) {
      stack.length = 0
      tellLimit(covering, root, path)
    } else if (node !== root.top && goneErrnos.has(watched.errnoName)) covering.nodes.drop(node)
  } catch (failed) {
    if (!(failed instanceof LibcError)) throw failed
  } finally {
    closeFd(fd)
  }
}

/** Undefined where the directory it is in, or the root, is no longer watched. */
export function pathOfTarget(target: Target): ByteText | undefined {
  if ('top' in target) return pathOf(target.top)
  const directory = pathOf(target.parent)
  return directory === undefined ? undefined : joinText(directory, target.name)
}

/** A filesystem that reports nothing, or nothing of what other hosts do. */
export function silentProblem(index: number, filesystem: string): FromThread {
  const message = `${filesystem} gives no events of (all) its changes: it has to be polled.`
  return { kind: 'problem', root: index, code: 'UNSUPPORTED', message }
}

const limitErrnos: ReadonlySet<string> = new Set(['ENOSPC', 'ENOMEM'])
const goneErrnos: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

/**
 * The directory's fd. One that may not be listed keeps its node, unwatched, until its mode changes; one whose absolute
 * path is too long for a call cannot be watched at all: the slow rescan still sees it.
 */
function openNode(covering: Covering, node: WatchNode, path: ByteText): number | undefined {
  const absolute = absoluteText(node.root, path)
  if (absolute.length >= pathBytesMax) return undefined
  const opened = openDirectoryAt(currentDirectory, absolute)
  if (opened.kind === 'open') return opened.fd
  if (node !== node.root.top && goneErrnos.has(opened.errnoName)) covering.nodes.drop(node)
  return undefined
}

/** Whether a directory found beneath a root is to be watched; else its node is dropped. */
function belongs(covering: Covering, node: WatchNode, fd: number): boolean {
  const { root } = node
  const stat = statOpen(fd)
  const isWanted = !root.exclude.excludesInode(stat) && isWatchable(covering, root, { stat, fd })
  if (!isWanted) covering.nodes.drop(node)
  return isWanted
}

function isWatchable(
  covering: Covering,
  root: WatchedRoot,
  directory: { readonly stat: FileStat; readonly fd: number },
): boolean {
  if (directory.stat.dev === root.dev) return true
  if (root.order.crossFilesystems === 'no') return false
  const filesystem = filesystemOfFd(directory.fd)
  if (!isSilent(filesystem.kind)) return true
  if (!root.isPartlySilent) covering.tell(silentProblem(root.order.index, filesystem.name))
  root.isPartlySilent = true
  return false
}

function descend(
  covering: Covering,
  node: WatchNode,
  at: { readonly path: ByteText; readonly fd: number; readonly stack: Target[] },
): void {
  const names = new Set<ByteText>()
  const { exclude } = node.root
  readDirectory(at.fd, (name, kind) => {
    if (kind === 'other' || (kind === 'unknown' && statAt(at.fd, name)?.kind !== 'dir')) return
    if (!exclude.excludesText(joinText(at.path, name), 'dir')) names.add(name)
  })
  covering.nodes.dropChildren(node, names)
  for (const name of names) at.stack.push({ parent: node, name })
}

/** Once a root: every further directory would say the same. */
function tellLimit(covering: Covering, root: WatchedRoot, path: ByteText): void {
  if (root.isLimited) return
  root.isLimited = true
  const message = limitMessage(root, path)
  covering.tell({ kind: 'problem', root: root.order.index, code: 'WATCH_LIMIT', message })
}

function absoluteText(root: WatchedRoot, path: ByteText): ByteText {
  if (path === '') return root.directory
  return (root.directory === '/' ? `/${path}` : `${root.directory}/${path}`) as ByteText
}
