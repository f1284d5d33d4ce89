/**
 * From fanotify events to hints, for all roots on filesystems with a mark.
 *
 * The mark is set first and the root listed second; every later change of a directory's names, contents or metadata
 * is an event that names the directory by its handle, so nothing has to be walked and a directory moved into the root
 * is watched at once. Events of other places on the filesystem cost a look into a table.
 */

import { closeFd, openDirectoryAt } from '../linux/directory.ts'
import {
  addMark,
  type FanotifyEvent,
  fanotifyMask as mask,
  openFanotify,
  parseFanotify,
  readFanotify,
  removeFilesystemMark,
} from '../linux/fanotify.ts'
import { handleOfPath, openHandle } from '../linux/file-handle.ts'
import { type ByteText, byteText, currentDirectory } from '../linux/libc.ts'
import { filesystemOfPath } from '../linux/statfs.ts'
import type { HintBatch } from './hint-batch.ts'
import { joinText, type WatchedRoot } from './watch-nodes.ts'
import { type PlaceInRoot, WatchPlaces } from './watch-places.ts'

export interface MarkedTreesOptions {
  readonly cookieFolder: Uint8Array
  readonly cookiePrefix: string
  /** Process whose writes to files are not hinted (what it makes, renames and removes is); 0: none. */
  readonly ignoredPid: number
  readonly hints: HintBatch
  /** A cookie file was made, and everything before it has been told. */
  readonly onCookie: (name: string) => void
  /** Events were lost; these roots may have changed anywhere. */
  readonly onOverflow: (roots: readonly WatchedRoot[]) => void
  /** A directory above some root was renamed or removed, or the root itself. */
  readonly onSuspect: () => void
}

export class MarkedTrees {
  readonly groupFd: number
  readonly #options: MarkedTreesOptions
  readonly #hints: HintBatch
  readonly #cookieKey: ByteText
  readonly #places = new WatchPlaces()
  #eventCount = 0
  #overflowCount = 0

  private constructor(groupFd: number, options: MarkedTreesOptions) {
    this.groupFd = groupFd
    this.#options = options
    this.#hints = options.hints
    this.#cookieKey = keyOf(options.cookieFolder) ?? ('' as ByteText)
  }

  /** The errno's name where the kernel or the process's rights do not allow it, or cookies would not be seen. */
  static open(options: MarkedTreesOptions): MarkedTrees | string {
    const group = openFanotify()
    if (group.kind === 'failed') return group.errnoName
    const cookies = { path: options.cookieFolder, reach: 'directory', mask: mask.create } as const
    const errnoName = missingRight(group.fd, options.cookieFolder) ?? addMark(group.fd, cookies)
    if (errnoName === undefined) return new MarkedTrees(group.fd, options)
    closeFd(group.fd)
    return errnoName
  }

  close(): void {
    closeFd(this.groupFd)
  }

  get counts(): {
    readonly events: number
    readonly overflows: number
    readonly marks: number
    readonly known: number
  } {
    const { filesystemCount, size } = this.#places
    return { events: this.#eventCount, overflows: this.#overflowCount, marks: filesystemCount, known: size }
  }

  /** From now on everything in the root is told; false where its filesystem cannot be marked, or handles not opened. */
  add(root: WatchedRoot): boolean {
    const isFirst = this.#places.rootsOf(root.fsid).size === 0
    const mark = { path: root.directory, reach: 'filesystem', mask: watchMask } as const
    if (addMark(this.groupFd, mark) !== undefined) return false
    const key = keyOf(root.directory)
    this.#places.add(root)
    const isFound = key !== undefined && this.#places.of(key).inside.some((at) => at.root === root && at.path === '')
    this.#places.rest()
    if (isFound) return true
    this.#places.remove(root)
    if (isFirst) removeFilesystemMark(this.groupFd, mark)
    return false
  }

  /** Where the last root of a filesystem is not at its place any more, the mark stays: its events are dropped. */
  remove(root: WatchedRoot): void {
    if (!this.#places.rootsOf(root.fsid).has(root)) return
    this.#places.remove(root)
    if (this.#places.rootsOf(root.fsid).size > 0 || keyOf(root.directory)?.startsWith(root.fsid) !== true) return
    removeFilesystemMark(this.groupFd, { path: root.directory, mask: watchMask })
  }

  /** A mark ends with its filesystem, also when the same is mounted again at once: all are set anew. */
  renew(): void {
    for (const root of this.#places.roots) {
      addMark(this.groupFd, { path: root.directory, reach: 'filesystem', mask: watchMask })
    }
    this.#places.forget()
  }

  /** Takes what fits into `buffer` from the kernel's queue; `elsewhere`: nothing of it was of any use. */
  read(buffer: Uint8Array): 'here' | 'elsewhere' {
    const filled = readFanotify(this.groupFd, buffer)
    let isHere = false
    for (const event of parseFanotify(buffer, filled)) {
      this.#eventCount++
      if (this.#handle(event) === 'here') isHere = true
    }
    this.#places.rest()
    return isHere ? 'here' : 'elsewhere'
  }

  #handle(event: FanotifyEvent): 'here' | 'elsewhere' {
    const { cookiePrefix, ignoredPid, onCookie, onOverflow, onSuspect } = this.#options
    if (event.mask & mask.overflow) {
      this.#overflowCount++
      this.#places.forget()
      onOverflow(this.#places.roots)
      return 'here'
    }
    if (event.pid === ignoredPid && ignoredPid !== 0 && !(event.mask & changesNames)) return 'elsewhere'
    if (event.directory === this.#cookieKey && event.name.startsWith(cookiePrefix)) {
      if (event.mask & mask.create) onCookie(event.name)
      return 'here'
    }
    const place = this.#places.of(event.directory)
    for (const at of place.inside) this.#hintAt(at, event)
    if (event.mask & mask.isDirectory && event.mask & changesNames) {
      if (event.mask & (mask.movedFrom | mask.movedTo)) this.#places.forget()
      if (place.isAbove) onSuspect()
    }
    return place.inside.length > 0 ? 'here' : 'elsewhere'
  }

  #hintAt({ root, path, isFar }: PlaceInRoot, event: FanotifyEvent): void {
    const { index } = root.order
    if (root.onlyName !== undefined) {
      if (path === '' && !isFar && event.name === root.onlyName) this.#hints.add(index, event.name, 'entry')
      return
    }
    if (isFar || event.name === '.') {
      this.#hints.add(index, path, isFar ? 'subtree' : 'entry')
      return
    }
    if (event.mask & changesNames) this.#hints.add(index, path, 'entry')
    const at = joinText(path, event.name)
    const isDirectory = (event.mask & mask.isDirectory) !== 0
    if (root.exclude.excludesText(at, isDirectory ? 'dir' : 'other')) return
    this.#hints.add(index, at, isDirectory && event.mask & changesNames ? 'subtree' : 'entry')
  }
}

/** Everything that changes an entry; reading, and closing what was only read, is not asked for. */
const watchMask =
  mask.create |
  mask.delete |
  mask.modify |
  mask.attrib |
  mask.movedFrom |
  mask.movedTo |
  mask.closeWrite |
  mask.isDirectory

const changesNames = mask.create | mask.delete | mask.movedFrom | mask.movedTo

/**
 * Since Linux 5.13 a group is there for everybody; marks of filesystems and opening handles still need rights. The
 * cookie folder has to lie on a filesystem that has both.
 */
function missingRight(groupFd: number, folder: Uint8Array): string | undefined {
  const mark = { path: folder, reach: 'filesystem', mask: mask.create } as const
  const refused = addMark(groupFd, mark)
  if (refused !== undefined) return refused
  removeFilesystemMark(groupFd, mark)
  const handle = handleOfPath(folder)
  if (handle === undefined) return 'EOPNOTSUPP'
  const mount = openDirectoryAt(currentDirectory, folder)
  if (mount.kind === 'failed') return mount.errnoName
  const opened = openHandle(mount.fd, handle)
  closeFd(mount.fd)
  if (opened.kind === 'failed') return opened.errnoName
  closeFd(opened.fd)
  return undefined
}

/** As events name the directory; undefined where its filesystem has no handles. */
function keyOf(path: Uint8Array | ByteText): ByteText | undefined {
  const handle = handleOfPath(path)
  if (handle === undefined) return undefined
  const { fsid } = filesystemOfPath(typeof path === 'string' ? Buffer.from(path, 'latin1') : path)
  return (fsid + byteText(handle)) as ByteText
}
