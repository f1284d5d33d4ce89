/**
 * Extended attributes, ACLs and capabilities among them, never through a link.
 *
 * A file without any costs one call. On Linux 6.13 and newer the list is taken relative to the directory fd; before
 * that through /proc/self/fd, which is as safe and some microseconds slower.
 */

import { compareBytes } from '../base/bytes.ts'
import type { Xattr } from '../base/entry.ts'
import {
  type ByteText,
  bind,
  bindSyscall,
  bytesOf,
  byteText,
  checked,
  cString,
  lastErrnoName,
  syscallNumbers,
} from './libc.ts'

/** Names and values together; attributes that do not fit are left out. */
export const xattrBytesMax = 65_536

export interface XattrList {
  /** Ascending by name. */
  readonly xattrs: readonly Xattr[]
  /** Some did not fit into `xattrBytesMax`. */
  readonly truncated: boolean
  /** Why the list or a value could not be read, such as EACCES. */
  readonly failed?: string
}

/** All attributes of what lies at `path` under an open directory, a link's own where it is a link. */
export function listXattrsAt(directoryFd: number, path: ByteText): XattrList {
  const listed = listNamesAt(directoryFd, path)
  if (listed === 0) return none
  if (listed > 0) return readValues(listed, pathOfFd(directoryFd, path))
  return failedList(lastErrnoName())
}

/** All attributes of an absolute path, the last component not followed. */
export function listXattrs(path: Uint8Array): XattrList {
  const listed = llistxattr(cString(path), names, names.length)
  if (listed === 0) return none
  if (listed > 0) return readValues(listed, byteText(path))
  return failedList(lastErrnoName())
}

/** Sets one attribute of an absolute path, the last component not followed. */
export function setXattr(path: Uint8Array, xattr: Xattr): void {
  checked(lsetxattr(cString(path), cString(xattr.name), xattr.value, xattr.value.length, 0), 'lsetxattr', path)
}

/** Sets one attribute of what lies at `path` under an open directory, the last component not followed. */
export function setXattrAt(directoryFd: number, path: ByteText, xattr: Xattr): void {
  setXattr(bytesOf(pathOfFd(directoryFd, path)), xattr)
}

/** Sets one attribute of an open file. */
export function setXattrOfFd(fd: number, xattr: Xattr): void {
  checked(fsetxattr(fd, cString(xattr.name), xattr.value, xattr.value.length, 0), 'fsetxattr', fd)
}

const none: XattrList = { xattrs: [], truncated: false }
const names = Buffer.alloc(xattrBytesMax)
const value = Buffer.alloc(xattrBytesMax)
let listxattratMissing = false

const llistxattr = bind<(path: Uint8Array, names: Uint8Array, sizeBytes: number) => number>(
  'int64_t llistxattr(const uint8_t *path, uint8_t *names, uint64_t size)',
)
const lgetxattr = bind<(path: Uint8Array, name: Uint8Array, value: Uint8Array, sizeBytes: number) => number>(
  'int64_t lgetxattr(const uint8_t *path, const uint8_t *name, uint8_t *value, uint64_t size)',
)
type SetByPath = (path: Uint8Array, name: Uint8Array, value: Uint8Array, sizeBytes: number, flags: number) => number
const lsetxattr = bind<SetByPath>(
  'int lsetxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, uint64_t size, int flags)',
)
type SetByFd = (fd: number, name: Uint8Array, value: Uint8Array, sizeBytes: number, flags: number) => number
const fsetxattr = bind<SetByFd>(
  'int fsetxattr(int fd, const uint8_t *name, const uint8_t *value, uint64_t size, int flags)',
)
type ListAt = (
  call: number,
  fd: number,
  path: Uint8Array,
  flags: number,
  names: Uint8Array,
  sizeBytes: number,
) => number
const listxattrat = bindSyscall<ListAt>(['int', 'const uint8_t *', 'uint32_t', 'uint8_t *', 'uint64_t'])
const atSymlinkNoFollow = 0x100

/** Bytes of names now in `names`, below 0 with errno set. EPERM is what a seccomp filter says to an unknown call. */
function listNamesAt(directoryFd: number, path: ByteText): number {
  if (!listxattratMissing) {
    const call = syscallNumbers.listxattrat
    const listed = listxattrat(call, directoryFd, cString(path), atSymlinkNoFollow, names, names.length)
    if (listed >= 0) return listed
    const errnoName = lastErrnoName()
    if (errnoName !== 'ENOSYS' && errnoName !== 'EPERM') return listed
    listxattratMissing = errnoName === 'ENOSYS'
  }
  return llistxattr(cString(pathOfFd(directoryFd, path)), names, names.length)
}

/** `/proc/self/fd/N` is the directory itself, whatever its path is by now. */
function pathOfFd(directoryFd: number, path: ByteText): ByteText {
  return `/proc/self/fd/${directoryFd}/${path}` as ByteText
}

function readValues(namesLength: number, path: ByteText): XattrList {
  const xattrs: Xattr[] = []
  let truncated = false
  let failed: string | undefined
  let totalBytes = 0
  for (const name of splitNames(namesLength)) {
    const length = lgetxattr(cString(path), cString(name), value, value.length)
    if (length < 0) {
      const errnoName = lastErrnoName()
      if (errnoName === 'ERANGE' || errnoName === 'E2BIG') truncated = true
      else if (errnoName !== 'ENODATA') failed = errnoName
    } else if (totalBytes + name.length + length > xattrBytesMax) truncated = true
    else {
      totalBytes += name.length + length
      xattrs.push({ name, value: Uint8Array.from(value.subarray(0, length)) })
    }
  }
  return failed === undefined ? { xattrs, truncated } : { xattrs, truncated, failed }
}

/** Names end with a NUL each; they come back sorted, so that the same file always gives the same list. */
function splitNames(namesLength: number): Uint8Array[] {
  const split: Uint8Array[] = []
  for (let at = 0; at < namesLength; ) {
    const end = names.indexOf(0, at)
    split.push(Uint8Array.from(names.subarray(at, end)))
    at = end + 1
  }
  return split.sort(compareBytes)
}

/** A filesystem without attributes has none; a list too long for the kernel's own limit is truncated. */
function failedList(errnoName: string): XattrList {
  if (errnoName === 'ENOTSUP' || errnoName === 'ENODATA') return none
  if (errnoName === 'ERANGE' || errnoName === 'E2BIG') return { xattrs: [], truncated: true }
  return { xattrs: [], truncated: false, failed: errnoName }
}
