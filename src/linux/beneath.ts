/**
 * A destination folder that nothing leaves: what extraction writes with.
 *
 * Every path is relative, is checked part by part, and its parent is resolved by openat2 with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS; the last part is never followed. So neither a path nor a link in the destination, put there
 * before or meanwhile, leads a write elsewhere. Parents stay open in a small cache: while one is open, a rename of
 * it moves what is written with it. Refusals are FoundryError DEST_UNSAFE, failing calls LibcError.
 */

import { constants } from 'node:fs'
import { bytesKey, displayPath } from '../base/bytes.ts'
import type { Timestamp, Xattr } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import { call } from './beneath-calls.ts'
import { closeFd, type Opened } from './directory.ts'
import { type ByteText, checked, cString, failure, lastErrnoName } from './libc.ts'
import { openBeneath } from './openat2.ts'
import { type FileStat, statAt } from './stat.ts'
import { setXattrAt } from './xattr.ts'

export type NodeKind = 'fifo' | 'socket' | 'char' | 'block'

/** Parent folders kept open; more than any tree's depth in common use. */
export const openParentsMax = 64

export class Beneath {
  readonly #rootFd: number
  /** Folder path -> fd, least recently used first. */
  readonly #parents = new Map<string, number>()

  /** Opens the destination; links in this one path are followed, it is the user's own choice. */
  static open(directory: Uint8Array): Beneath {
    const opened = call.openRoot(directory)
    if (opened < 0) throw failure('open', directory)
    return new Beneath(opened)
  }

  /** Takes over an fd of the destination folder. */
  constructor(rootFd: number) {
    this.#rootFd = rootFd
  }

  close(): void {
    for (const fd of this.#parents.values()) closeFd(fd)
    this.#parents.clear()
    closeFd(this.#rootFd)
  }

  makeDirectory(path: Uint8Array, mode: number): void {
    const { parentFd, name } = this.#place(path)
    checked(call.mkdirat(parentFd, cString(name), mode), 'mkdirat', path)
  }

  /** A new file, open for reading and writing; EEXIST where the name is taken, by a link too. The caller closes it. */
  createFile(path: Uint8Array, mode: number): number {
    const { parentFd, name } = this.#place(path)
    return checked(call.openat(parentFd, cString(name), createFlags, mode), 'openat', path)
  }

  /** Opens an existing regular file; `access` is 'read' or 'write' (which does not truncate). */
  openFile(path: Uint8Array, access: 'read' | 'write'): number {
    const flags =
      (access === 'read' ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK | constants.O_NOCTTY
    return this.#opened(openBeneath(this.#rootFd, checkPath(path), flags), path)
  }

  openDirectory(path: Uint8Array): number {
    return this.#opened(openBeneath(this.#rootFd, checkPath(path), directoryFlags), path)
  }

  /** The target is written as it is: it is the reader of a link who follows it. */
  makeSymlink(link: { readonly path: Uint8Array; readonly target: Uint8Array }): void {
    const { parentFd, name } = this.#place(link.path)
    checked(call.symlinkat(cString(link.target), parentFd, cString(name)), 'symlinkat', link.path)
  }

  /** Another name for `existing`, which lies in the same destination and is not followed if it is a link. */
  makeHardLink(link: { readonly path: Uint8Array; readonly existing: Uint8Array }): void {
    const old = this.#place(link.existing)
    const fresh = this.#place(link.path)
    const result = call.linkat(old.parentFd, cString(old.name), fresh.parentFd, cString(fresh.name), 0)
    checked(result, 'linkat', link.path)
  }

  /** A special file; a socket is a name without a listener. Devices need CAP_MKNOD. `rdev` as in EntryMeta. */
  makeNode(node: { path: Uint8Array; kind: NodeKind; mode: number; rdev: bigint }): void {
    const { parentFd, name } = this.#place(node.path)
    const type = nodeTypes[node.kind] | (node.mode & 0o7777)
    checked(call.mknodat(parentFd, cString(name), type, Number(node.rdev & 0xffffffffn)), 'mknodat', node.path)
  }

  /** Of anything but a link (ENOTSUP). The empty path is the destination itself, here and in the next three. */
  setMode(path: Uint8Array, mode: number): void {
    const { parentFd, name } = this.#placeOrRoot(path)
    checked(call.fchmodat(parentFd, name, mode), 'fchmodat', path)
  }

  setOwner(path: Uint8Array, owner: { readonly uid: number; readonly gid: number }): void {
    const { parentFd, name } = this.#placeOrRoot(path)
    checked(call.fchownat(parentFd, cString(name), owner.uid, owner.gid), 'fchownat', path)
  }

  /** To the nanosecond, of links too; a time left out stays as it is. */
  setTimes(path: Uint8Array, times: { readonly mtime?: Timestamp; readonly atime?: Timestamp }): void {
    const { parentFd, name } = this.#placeOrRoot(path)
    checked(call.utimensat(parentFd, cString(name), times), 'utimensat', path)
  }

  setXattr(path: Uint8Array, xattr: Xattr): void {
    const { parentFd, name } = this.#placeOrRoot(path)
    setXattrAt(parentFd, name, xattr)
  }

  /** What lies there, not followed; undefined when nothing does. */
  stat(path: Uint8Array): FileStat | undefined {
    const { parentFd, name } = this.#placeOrRoot(path)
    return statAt(parentFd, name)
  }

  /** Removes one name: a file, a link, an empty folder. */
  remove(path: Uint8Array): void {
    const { parentFd, name } = this.#place(path)
    if (call.unlinkat(parentFd, cString(name), 0) === 0) return
    if (lastErrnoName() !== 'EISDIR') throw failure('unlinkat', path)
    checked(call.unlinkat(parentFd, cString(name), removeDirectory), 'unlinkat', path)
    this.#forget(bytesKey(path))
  }

  #place(path: Uint8Array): Place {
    checkPath(path)
    const slash = path.lastIndexOf(slashByte)
    if (slash < 0) return { parentFd: this.#rootFd, name: bytesKey(path) as ByteText }
    return {
      parentFd: this.#parent(path.subarray(0, slash)),
      name: bytesKey(path.subarray(slash + 1)) as ByteText,
    }
  }

  #placeOrRoot(path: Uint8Array): Place {
    return path.length === 0 ? { parentFd: this.#rootFd, name: '.' as ByteText } : this.#place(path)
  }

  /** The open folder at `path`, from the cache or resolved anew. */
  #parent(path: Uint8Array): number {
    const key = bytesKey(path)
    const known = this.#parents.get(key)
    if (known !== undefined) {
      this.#parents.delete(key)
      this.#parents.set(key, known)
      return known
    }
    const fd = this.#opened(openBeneath(this.#rootFd, path, directoryFlags), path)
    if (this.#parents.size === openParentsMax) this.#closeOldest()
    this.#parents.set(key, fd)
    return fd
  }

  /** That one alone: what lies beneath it may have been asked for a moment ago. */
  #closeOldest(): void {
    const [oldest] = this.#parents
    if (oldest === undefined) return
    this.#parents.delete(oldest[0])
    closeFd(oldest[1])
  }

  /** Closes the cached folder at `path` and all beneath it. */
  #forget(path: string): void {
    for (const [key, fd] of this.#parents) {
      if (key !== path && !key.startsWith(`${path}/`)) continue
      this.#parents.delete(key)
      closeFd(fd)
    }
  }

  #opened(opened: Opened, path: Uint8Array): number {
    if (opened.kind === 'open') return opened.fd
    if (opened.errnoName === 'ELOOP' || opened.errnoName === 'EXDEV') {
      throw unsafe(path, 'a link stands in its way, and extraction follows none. Use an empty destination.')
    }
    if (opened.errnoName === 'ENOSYS') throw unsafe(path, 'this kernel has no openat2 (Linux 5.6 and newer have it).')
    throw failure('openat2', path)
  }
}

interface Place {
  readonly parentFd: number
  /** One component. */
  readonly name: ByteText
}

const slashByte = 0x2f
const dotByte = 0x2e
const removeDirectory = 0x200
const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY
const createFlags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const nodeTypes: Record<NodeKind, number> = { fifo: 0o010000, char: 0o020000, block: 0o060000, socket: 0o140000 }

/** The path itself where it is relative and has neither an empty part nor `.`, `..` or NUL; else DEST_UNSAFE. */
function checkPath(path: Uint8Array): Uint8Array {
  let partStart = 0
  for (let at = 0; at <= path.length; at++) {
    if (path[at] === 0) throw unsafe(path, 'it contains a NUL byte.')
    if (at < path.length && path[at] !== slashByte) continue
    const length = at - partStart
    const dots = path[partStart] === dotByte && (length === 1 || (length === 2 && path[partStart + 1] === dotByte))
    if (length === 0 || dots) throw unsafe(path, 'it is not a plain relative path.')
    partStart = at + 1
  }
  return path
}

function unsafe(path: Uint8Array, why: string): FoundryError {
  return new FoundryError('DEST_UNSAFE', `${displayPath(path)} is not written: ${why}`)
}
