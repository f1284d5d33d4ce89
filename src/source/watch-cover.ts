/**
 * One step of a walk: a directory is watched, then listed, and the directories in it are put on the walk's stack.
 *
 * In that order nothing slips through: what comes after the watch is an event, what came before is in the listing.
 */

import { displayPath } from '../base/bytes.ts'
import { closeFd, exhaustion, openDirectoryAt, readDirectory } from '../linux/directory.ts'
import { addWatch, inotifyMask as mask } from '../linux/inotify.ts'
import { type ByteText, bytesOf, currentDirectory, LibcError, pathBytesMax } from '../linux/libc.ts'
import { type FileStat, statAt, statOpen } from '../linux/stat.ts'
import { filesystemOfFd } from '../linux/statfs.ts'
import { addUnwatched, type Limit, limitMessage } from './watch-limit.ts'
import { joinText, pathOf, type WatchedRoot, type WatchNode, type WatchNodes } from './watch-nodes.ts'
import type { FromThread } from './watch-protocol.ts'
import { absoluteText, identityOf, isSilent } from './watch-roots.ts'

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

/** A directory that is gone loses its node; names in it that are gone lose theirs. `limited`: the walk ends there. */
export function coverDirectory(covering: Covering, target: Target, stack: Target[]): 'covered' | 'limited' {
  const path = pathOfTarget(target)
  if (path === undefined) return 'covered'
  const node = 'top' in target ? target.top : covering.nodes.child(target.parent, target.name)
  const limit = coverNode(covering, node, { path, stack })
  if (limit === undefined) return 'covered'
  const rest = stack.splice(0).map(pathOfTarget)
  tellUnwatched(covering, node.root, { paths: [path, ...rest.filter((each) => each !== undefined)], limit })
  return 'limited'
}

/** Undefined where the directory it is in, or the root, is no longer watched. */
export function pathOfTarget(target: Target): ByteText | undefined {
  if ('top' in target) return pathOf(target.top)
  const directory = pathOf(target.parent)
  return directory === undefined ? undefined : joinText(directory, target.name)
}

/** A subtree on a filesystem that reports nothing, or nothing of what other hosts do. */
export function silentProblem(
  root: WatchedRoot,
  { path, filesystem }: { readonly path: ByteText; readonly filesystem: string },
): FromThread {
  const message = `${filesystem} gives no events of (all) its changes: ${displayPath(bytesOf(absoluteText(root, path)))} has to be polled.`
  return { kind: 'problem', root: root.order.index, code: 'SILENT', path, message }
}

/** Says of subtrees, once each, that a limit keeps them from being watched. */
export function tellUnwatched(
  { tell }: Pick<Covering, 'tell'>,
  root: WatchedRoot,
  { paths, limit }: { readonly paths: readonly ByteText[]; readonly limit: Limit },
): void {
  const { added, absorbed } = addUnwatched(root.unwatched, paths)
  const common = { root: root.order.index, code: 'WATCH_LIMIT' } as const
  for (const path of added) tell({ kind: 'problem', ...common, path, message: limitMessage(root, path, limit) })
  for (const path of absorbed) tell({ kind: 'recovered', ...common, path, identity: identityOf(root) })
}

const limitErrnos: ReadonlySet<string> = new Set(['ENOSPC', 'ENOMEM'])
const goneErrnos: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])
const silentPathsMax = 256

/** The limit that was reached, if one was. */
function coverNode(
  covering: Covering,
  node: WatchNode,
  at: { readonly path: ByteText; readonly stack: Target[] },
): Limit | undefined {
  let fd: number | undefined
  try {
    fd = openNode(covering, node, at.path)
    return fd === undefined ? undefined : coverOpen(covering, node, { ...at, fd })
  } catch (failed) {
    if (!(failed instanceof LibcError)) throw failed
    return exhaustion.has(failed.errnoName) ? 'files' : undefined
  } finally {
    if (fd !== undefined) closeFd(fd)
  }
}

function coverOpen(covering: Covering, node: WatchNode, at: OpenNode): Limit | undefined {
  const { root } = node
  if (node !== root.top && !belongs(covering, node, at)) return undefined
  const watched = addWatch(covering.inotifyFd, absoluteText(root, at.path), watchMask)
  if (watched.kind === 'watched') {
    covering.nodes.setWatch(node, watched.wd)
    if (root.onlyName === undefined) descend(covering, node, at)
  } else if (limitErrnos.has(watched.errnoName)) return 'watches'
  else if (node !== root.top && goneErrnos.has(watched.errnoName)) covering.nodes.drop(node)
  return undefined
}

interface OpenNode {
  readonly path: ByteText
  readonly fd: number
  readonly stack: Target[]
}

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
function belongs(covering: Covering, node: WatchNode, at: OpenNode): boolean {
  const { root } = node
  const stat = statOpen(at.fd)
  const isWanted = !root.exclude.excludesInode(stat) && isWatchable(covering, root, { ...at, stat })
  if (!isWanted) covering.nodes.drop(node)
  return isWanted
}

function isWatchable(covering: Covering, root: WatchedRoot, at: OpenNode & { readonly stat: FileStat }): boolean {
  if (at.stat.dev === root.dev) return true
  if (root.order.crossFilesystems === 'no') return false
  const filesystem = filesystemOfFd(at.fd)
  if (!isSilent(filesystem.kind)) return true
  if (!root.silentPaths.has(at.path) && root.silentPaths.size < silentPathsMax) {
    root.silentPaths.add(at.path)
    covering.tell(silentProblem(root, { path: at.path, filesystem: filesystem.name }))
  }
  return false
}

function descend(covering: Covering, node: WatchNode, at: OpenNode): void {
  const names = new Set<ByteText>()
  const { exclude } = node.root
  readDirectory(at.fd, (name, kind) => {
    if (kind === 'other' || (kind === 'unknown' && statAt(at.fd, name)?.kind !== 'dir')) return
    if (!exclude.excludesText(joinText(at.path, name), 'dir')) names.add(name)
  })
  covering.nodes.dropChildren(node, names)
  for (const name of names) at.stack.push({ parent: node, name })
}
