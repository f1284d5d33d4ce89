/** The calls relative to a folder fd that `beneath.ts` writes with; each gives below 0 with errno set where it failed. */

import { constants } from 'node:fs'
import type { Timestamp } from '../base/entry.ts'
import { openCloseOnExec } from './directory.ts'
import { type ByteText, bind, bindSyscall, cString, currentDirectory, lastErrnoName, syscallNumbers } from './libc.ts'

type At = (directoryFd: number, path: Uint8Array, number: number) => number
type TwoPaths = (oldFd: number, oldPath: Uint8Array, newFd: number, newPath: Uint8Array, flags: number) => number

const atSymlinkNoFollow = 0x100
/** tv_nsec that leaves a time as it is. */
const timeOmit = 0x3ffffffe

const openatFixed = bind<(fd: number, path: Uint8Array, flags: number, mode: number) => number>(
  'int openat(int directory, const uint8_t *path, int flags, uint32_t mode)',
)
const fchmodat2 = bindSyscall<(call: number, fd: number, path: Uint8Array, mode: number, flags: number) => number>([
  'int',
  'const uint8_t *',
  'uint32_t',
  'uint32_t',
])
const fchmodatOfLibc = bind<(fd: number, path: Uint8Array, mode: number, flags: number) => number>(
  'int fchmodat(int directory, const uint8_t *path, uint32_t mode, int flags)',
)
const fchownatFlagged = bind<(fd: number, path: Uint8Array, uid: number, gid: number, flags: number) => number>(
  'int fchownat(int directory, const uint8_t *path, uint32_t uid, uint32_t gid, int flags)',
)
const utimensatFlagged = bind<(fd: number, path: Uint8Array, times: Uint8Array, flags: number) => number>(
  'int utimensat(int directory, const uint8_t *path, const uint8_t *times, int flags)',
)
const mknodatNumbered = bindSyscall<(call: number, fd: number, path: Uint8Array, mode: number, rdev: number) => number>(
  ['int', 'const uint8_t *', 'uint32_t', 'uint32_t'],
)
const times = new Uint8Array(32)
const timeFields = new DataView(times.buffer)

export const call = {
  mkdirat: bind<At>('int mkdirat(int directory, const uint8_t *path, uint32_t mode)'),
  unlinkat: bind<At>('int unlinkat(int directory, const uint8_t *path, int flags)'),
  symlinkat: bind<(target: Uint8Array, fd: number, path: Uint8Array) => number>(
    'int symlinkat(const uint8_t *target, int directory, const uint8_t *path)',
  ),
  linkat: bind<TwoPaths>('int linkat(int from, const uint8_t *old, int to, const uint8_t *path, int flags)'),
  openRoot,
  openat,
  mknodat,
  fchmodat,
  fchownat,
  utimensat,
}

/** A folder by a path whose links are followed. */
function openRoot(path: Uint8Array): number {
  return openatFixed(currentDirectory, cString(path), constants.O_RDONLY | constants.O_DIRECTORY | openCloseOnExec, 0)
}

function openat(directoryFd: number, path: Uint8Array, flags: number, mode: number): number {
  return openatFixed(directoryFd, path, flags | openCloseOnExec, mode)
}

/** Through the system call: older glibc has no mknodat symbol. */
function mknodat(directoryFd: number, path: Uint8Array, mode: number, rdev: number): number {
  return mknodatNumbered(syscallNumbers.mknodat, directoryFd, path, mode, rdev)
}

/** Never through a link: fchmodat2 (Linux 6.6), before that libc's own way by way of O_PATH. */
function fchmodat(directoryFd: number, name: ByteText, mode: number): number {
  const result = fchmodat2(syscallNumbers.fchmodat2, directoryFd, cString(name), mode, atSymlinkNoFollow)
  if (result >= 0) return result
  const errnoName = lastErrnoName()
  if (errnoName !== 'ENOSYS' && errnoName !== 'EPERM') return result
  return fchmodatOfLibc(directoryFd, cString(name), mode, atSymlinkNoFollow)
}

function fchownat(directoryFd: number, path: Uint8Array, uid: number, gid: number): number {
  return fchownatFlagged(directoryFd, path, uid, gid, atSymlinkNoFollow)
}

function utimensat(
  directoryFd: number,
  path: Uint8Array,
  wanted: { readonly mtime?: Timestamp; readonly atime?: Timestamp },
): number {
  writeTime(0, wanted.atime)
  writeTime(16, wanted.mtime)
  return utimensatFlagged(directoryFd, path, times, atSymlinkNoFollow)
}

/** struct timespec: i64 seconds, i64 nanoseconds. */
function writeTime(offset: number, time: Timestamp | undefined): void {
  timeFields.setBigInt64(offset, BigInt(time?.seconds ?? 0), true)
  timeFields.setBigInt64(offset + 8, BigInt(time?.nanoseconds ?? timeOmit), true)
}
