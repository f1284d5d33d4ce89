/** What a root to be watched is at the moment, and what to say when it cannot be watched. */

import fs from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { type ByteText, bytesOf, byteText, currentDirectory } from '../linux/libc.ts'
import { type FileStat, statAt } from '../linux/stat.ts'
import { filesystemOfPath } from '../linux/statfs.ts'
import { ExcludeMatcher } from './exclude.ts'
import type { WatchedRoot, WatchNode } from './watch-nodes.ts'
import type { RootOrder } from './watch-protocol.ts'

export type RootFound =
  | { readonly kind: 'root'; readonly root: WatchedRoot }
  | { readonly kind: 'missing' }
  /** Its filesystem gives no events, or not those of other hosts. */
  | { readonly kind: 'silent'; readonly filesystem: string }

const limitFile = '/proc/sys/fs/inotify/max_user_watches'
/** What distributions with a large default have. */
const usualLimit = 524_288

export function findRoot(order: RootOrder): RootFound {
  const { directory, onlyName } = split(order)
  const stat = directoryAt(directory)
  if (stat === undefined) return { kind: 'missing' }
  if (onlyName !== undefined && statAt(currentDirectory, order.path) === undefined) return { kind: 'missing' }
  const filesystem = filesystemOfPath(onlyName === undefined ? bytesOf(directory) : order.path)
  if (isSilent(filesystem.kind)) return { kind: 'silent', filesystem: filesystem.name }
  return { kind: 'root', root: makeRoot(order, { directory, onlyName, stat }) }
}

/** Whether the watched directory is still the same inode at its path. */
export function isInPlace(root: WatchedRoot): boolean {
  const stat = directoryAt(root.directory)
  return stat !== undefined && stat.dev === root.dev && stat.ino === root.ino
}

/** Filesystems that report nothing, or nothing of what other hosts do: they are polled. */
export function isSilent(kind: string): boolean {
  return kind === 'pseudo' || kind === 'network' || kind === 'fuse'
}

export function limitMessage(root: WatchedRoot, path: ByteText): string {
  const limit = Number(fs.readFileSync(limitFile, 'utf8'))
  const wanted = Math.max(usualLimit, limit * 2)
  return (
    `No inotify watch was left for ${displayPath(root.order.path)} (at "${displayPath(bytesOf(path))}" and beyond; ` +
    `${root.watchCount} directories of it are watched). fs.inotify.max_user_watches is ${limit}: ` +
    `set it higher with  sysctl -w fs.inotify.max_user_watches=${wanted}  and restart.`
  )
}

interface Parts {
  readonly directory: ByteText
  readonly onlyName: ByteText | undefined
}

function split(order: RootOrder): Parts {
  const path = byteText(order.path)
  if (order.kind === 'tree') return { directory: path, onlyName: undefined }
  const slash = path.lastIndexOf('/')
  return { directory: path.slice(0, Math.max(slash, 1)) as ByteText, onlyName: path.slice(slash + 1) as ByteText }
}

function makeRoot(order: RootOrder, found: Parts & { readonly stat: FileStat }): WatchedRoot {
  const root = {
    order,
    exclude: new ExcludeMatcher(order.exclude),
    directory: found.directory,
    dev: found.stat.dev,
    ino: found.stat.ino,
    watchCount: 0,
    isLimited: false,
    isPartlySilent: false,
    ...(found.onlyName === undefined ? {} : { onlyName: found.onlyName }),
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

function directoryAt(path: ByteText): FileStat | undefined {
  const stat = statAt(currentDirectory, path)
  return stat?.kind === 'dir' ? stat : undefined
}
