/** What a root to be watched is at the moment: which directory, on which filesystem, and whether it still is. */

import { displayPath } from '../base/bytes.ts'
import { type ByteText, bytesOf, byteText, currentDirectory, LibcError } from '../linux/libc.ts'
import { type DirectoryPlace, directoryPlaceAt, statAt } from '../linux/stat.ts'
import { filesystemOfPath } from '../linux/statfs.ts'
import { ExcludeMatcher } from './exclude.ts'
import type { WatchedRoot, WatchNode } from './watch-nodes.ts'
import type { RootIdentity, RootOrder } from './watch-protocol.ts'

/** The root as it is now; undefined where it, or the file that is all of it, is not there. */
export function findRoot(order: RootOrder): WatchedRoot | undefined {
  const { onlyName } = split(order)
  if (onlyName !== undefined && statAt(currentDirectory, order.path) === undefined) return undefined
  return findDirectory(order)
}

/** The same where of a single file only the directory has to be there. */
export function findDirectory(order: RootOrder): WatchedRoot | undefined {
  const parts = split(order)
  const place = placeAt(parts.directory)
  if (place === undefined || place === 'unknown') return undefined
  return makeRoot(order, { ...parts, place })
}

/**
 * - `same`: the watched directory is where it was (or that cannot be found out now).
 * - `gone`: no directory is there.
 * - `recreated`: another directory of the same filesystem, on the same mount.
 * - `remounted`: the same directory of the same filesystem, by another mount.
 * - `other`: something is mounted over it, or what held it was unmounted.
 */
export type RootChange = 'same' | 'gone' | 'recreated' | 'remounted' | 'other'

export function changeOf(root: WatchedRoot): RootChange {
  const place = placeAt(root.directory)
  if (place === 'unknown') return 'same'
  if (place === undefined) return 'gone'
  if (place.mountId !== root.mountId)
    return place.ino === root.ino && isSameFilesystem(root, place) ? 'remounted' : 'other'
  if (place.dev !== root.dev) return 'other'
  return place.ino === root.ino ? 'same' : 'recreated'
}

/** Filesystems that report nothing, or nothing of what other hosts do: they are polled. */
export function isSilent(kind: string): boolean {
  return kind === 'pseudo' || kind === 'network' || kind === 'fuse'
}

/** Absolute path of what lies at a path from the root's directory. */
export function absoluteText(root: WatchedRoot, path: ByteText): ByteText {
  if (path === '') return root.directory
  return (root.directory === '/' ? `/${path}` : `${root.directory}/${path}`) as ByteText
}

/** The path from the root's directory; undefined where an absolute path does not lie in it. */
export function pathWithin(root: Pick<WatchedRoot, 'directory'>, absolute: ByteText): ByteText | undefined {
  const { directory } = root
  if (absolute === directory) return '' as ByteText
  const prefix = directory === '/' ? '/' : `${directory}/`
  return absolute.startsWith(prefix) ? (absolute.slice(prefix.length) as ByteText) : undefined
}

export function identityOf({ dev, ino }: WatchedRoot): RootIdentity {
  return { dev, ino }
}

export function shownRoot(root: WatchedRoot): string {
  return displayPath(root.order.path)
}

interface Parts {
  readonly directory: ByteText
  readonly onlyName: ByteText | undefined
}

const noFsid = '\0'.repeat(8)

function split(order: RootOrder): Parts {
  const path = byteText(order.path)
  if (order.kind === 'tree') return { directory: path, onlyName: undefined }
  const slash = path.lastIndexOf('/')
  return { directory: path.slice(0, Math.max(slash, 1)) as ByteText, onlyName: path.slice(slash + 1) as ByteText }
}

function makeRoot(order: RootOrder, found: Parts & { readonly place: DirectoryPlace }): WatchedRoot {
  const { directory, onlyName, place } = found
  const { name, kind, fsid } = filesystemOfPath(onlyName === undefined ? bytesOf(directory) : order.path)
  const root = {
    order,
    exclude: new ExcludeMatcher(order.exclude),
    directory,
    ...place,
    fsid,
    filesystem: name,
    isSilent: isSilent(kind),
    watchCount: 0,
    unwatched: new Set<ByteText>(),
    silentPaths: new Set<ByteText>(),
    ...(onlyName === undefined ? {} : { onlyName }),
  }
  const top: WatchNode = {
    root: root as unknown as WatchedRoot,
    name: '' as ByteText,
    parent: undefined,
    children: undefined,
    wd: -1,
    isDropped: false,
  }
  return Object.assign(root, { top })
}

/** `unknown`: a directory above it may not be searched, or the filesystem does not answer. */
function placeAt(path: ByteText): DirectoryPlace | undefined | 'unknown' {
  try {
    return directoryPlaceAt(path)
  } catch (failed) {
    if (failed instanceof LibcError) return 'unknown'
    throw failed
  }
}

/**
 * A disk that is attached again may get another device number, and a tmpfs gets the number of one that is gone: what
 * the filesystem calls itself counts, where it calls itself anything.
 */
function isSameFilesystem(root: WatchedRoot, place: DirectoryPlace): boolean {
  if (root.fsid === noFsid) return place.dev === root.dev
  try {
    return filesystemOfPath(bytesOf(root.directory)).fsid === root.fsid
  } catch (failed) {
    if (failed instanceof LibcError) return false
    throw failed
  }
}
