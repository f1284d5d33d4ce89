/**
 * Directories by file descriptor: opened one component at a time, so that no link is ever followed and nobody can
 * lead a walk elsewhere by swapping a directory for a link.
 */

import { constants } from 'node:fs'
import {
  type ByteText,
  bind,
  bindSyscall,
  bytesOf,
  checked,
  cString,
  currentDirectory,
  failure,
  lastErrnoName,
  pathBytesMax,
  syscallNumbers,
} from './libc.ts'

export const openCloseOnExec = 0o2000000
export const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** What getdents64(2) says about a name; `unknown` on filesystems that do not tell. */
export type NameKind = 'dir' | 'other' | 'unknown'

/**
 * An fd, or the name of the errno; opening a link as a directory is ENOTDIR. Running out of fds or memory is no
 * property of the path and thrown as LibcError.
 */
export type Opened =
  | { readonly kind: 'open'; readonly fd: number }
  | { readonly kind: 'failed'; readonly errnoName: string }

/** Opens a directory for listing, the last component not followed. */
export function openDirectoryAt(directoryFd: number, path: Uint8Array | ByteText): Opened {
  return openAt(directoryFd, path, constants.O_DIRECTORY)
}

/** Whether it is a directory, asked without any right on it, such as the mount point of another user's FUSE. */
export function isDirectoryAt(directoryFd: number, path: Uint8Array | ByteText): boolean {
  const opened = openAt(directoryFd, path, constants.O_DIRECTORY | openPathOnly)
  if (opened.kind === 'open') closeFd(opened.fd)
  return opened.kind === 'open'
}

/** Opens for reading without following the last component, without blocking and, where allowed, without touching atime. */
export function openForReadingAt(directoryFd: number, path: Uint8Array | ByteText): Opened {
  const quiet = openAt(directoryFd, path, constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOATIME)
  if (quiet.kind === 'open' || quiet.errnoName !== 'EPERM') return quiet
  return openAt(directoryFd, path, constants.O_NONBLOCK | constants.O_NOCTTY)
}

/** A handle on what a link leads to, without opening it: nothing can be read, nothing happens to a device. */
export function handleFollowingAt(directoryFd: number, path: Uint8Array | ByteText): Opened {
  return opened(openat(directoryFd, cString(path), openCloseOnExec | openPathOnly, 0), path)
}

/** Opens for reading what a handle stands for. */
export function openHandle(fd: number): Opened {
  const flags = constants.O_RDONLY | openCloseOnExec | constants.O_NONBLOCK | constants.O_NOCTTY
  const path = `/proc/self/fd/${fd}` as ByteText
  return opened(openat(currentDirectory, cString(path), flags, 0), path)
}

/**
 * Calls `visit` with every name of an open directory but `.` and `..`, in the filesystem's order.
 * Starts at the fd's position (the beginning, of a fresh fd); `visit` must not list another directory itself.
 */
export function readDirectory(directoryFd: number, visit: (name: ByteText, kind: NameKind) => void): void {
  for (;;) {
    const filled = getdents64(syscallNumbers.getdents64, directoryFd, records, records.length)
    if (checked(filled, 'getdents64', directoryFd) === 0) return
    for (let at = 0; at < filled; at += fields.getUint16(at + 16, true)) {
      const nameStart = at + 19
      const name = records.toString('latin1', nameStart, records.indexOf(0, nameStart)) as ByteText
      if (name !== '.' && name !== '..') visit(name, nameKind(records[at + 18] as number))
    }
  }
}

/** Target of the link at `path`, or the errno's name. */
export function readLinkAt(directoryFd: number, path: Uint8Array | ByteText): Uint8Array | string {
  const length = readlinkat(directoryFd, cString(path), linkTarget, linkTarget.length)
  return length < 0 ? lastErrnoName() : linkTarget.slice(0, length)
}

/** For every fd that this folder opened: node:fs in a worker thread warns about closing what it did not open. */
export function closeFd(fd: number): void {
  if (close(fd) < 0) throw failure('close', fd)
}

/** `directory/name`, in memory of its own; the name alone where the directory is empty. */
export function joinName(directory: Uint8Array, name: ByteText): Uint8Array {
  if (directory.length === 0) return bytesOf(name)
  const joined = new Uint8Array(directory.length + 1 + name.length)
  joined.set(directory)
  joined[directory.length] = 0x2f
  for (let i = 0, at = directory.length + 1; i < name.length; i++, at++) joined[at] = name.charCodeAt(i)
  return joined
}

export const exhaustion: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])
const openPathOnly = 0o10000000
const typeUnknown = 0
const typeDirectory = 4
const linkTarget = new Uint8Array(pathBytesMax)
const records = Buffer.alloc(65_536)
const fields = new DataView(records.buffer, records.byteOffset, records.length)
const openat = bind<(directoryFd: number, path: Uint8Array, flags: number, mode: number) => number>(
  'int openat(int directory, const uint8_t *path, int flags, uint32_t mode)',
)
const close = bind<(fd: number) => number>('int close(int fd)')
const readlinkat = bind<(directoryFd: number, path: Uint8Array, target: Uint8Array, sizeBytes: number) => number>(
  'int64_t readlinkat(int directory, const uint8_t *path, uint8_t *target, uint64_t size)',
)
const getdents64 = bindSyscall<(call: number, fd: number, records: Uint8Array, sizeBytes: number) => number>([
  'int',
  'uint8_t *',
  'uint64_t',
])

function openAt(directoryFd: number, path: Uint8Array | ByteText, extraFlags: number): Opened {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | openCloseOnExec | extraFlags
  return opened(openat(directoryFd, cString(path), flags, 0), path)
}

function opened(fd: number, path: Uint8Array | ByteText): Opened {
  if (fd >= 0) return { kind: 'open', fd }
  const errnoName = lastErrnoName()
  if (exhaustion.has(errnoName)) throw failure('openat', path)
  return { kind: 'failed', errnoName }
}

function nameKind(type: number): NameKind {
  if (type === typeDirectory) return 'dir'
  return type === typeUnknown ? 'unknown' : 'other'
}
