/**
 * Metadata of a file by statx(2), relative to an open directory: one path component, never following a link.
 *
 * The same numbers as lstat(2) gives; dev and rdev are encoded as in st_dev.
 */

import type { EntryKind, Timestamp } from '../base/entry.ts'
import {
  type ByteText,
  bindSyscall,
  cString,
  currentDirectory,
  failure,
  lastErrnoName,
  syscallNumbers,
} from './libc.ts'

export interface FileStat {
  readonly kind: EntryKind
  /** mode & 0o7777. */
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly dev: bigint
  readonly ino: bigint
  readonly rdev: bigint
  /** st_size, whatever the kind. */
  readonly size: number
  /** Allocated bytes: st_blocks * 512. */
  readonly allocatedBytes: number
  readonly mtime: Timestamp
  readonly ctime: Timestamp
}

/** What lies at `path` under an open directory, the last component not followed; undefined when nothing does. */
export function statAt(directoryFd: number, path: Uint8Array | ByteText): FileStat | undefined {
  const flags = atSymlinkNoFollow | atNoAutomount
  if (statx(syscallNumbers.statx, directoryFd, cString(path), flags, statxBasic, answer) === 0) return decode()
  const errnoName = lastErrnoName()
  // ESRCH: what lies beneath /proc/PID goes with the process.
  if (errnoName === 'ENOENT' || errnoName === 'ENOTDIR' || errnoName === 'ESRCH') return undefined
  throw failure('statx', path)
}

/** Metadata of an open file. */
export function statOpen(fd: number): FileStat {
  if (statx(syscallNumbers.statx, fd, emptyPath, atEmptyPath, statxBasic, answer) === 0) return decode()
  throw failure('statx', fd)
}

/** Which directory lies at a path, as told without asking another host. */
export interface DirectoryPlace {
  readonly dev: bigint
  readonly ino: bigint
  /** Of the mount that it is reached through: never used again on kernels from 6.8, 0 on those before 5.8. */
  readonly mountId: bigint
}

/** Undefined where there is no directory; the last component is not followed. */
export function directoryPlaceAt(path: Uint8Array | ByteText): DirectoryPlace | undefined {
  const flags = atSymlinkNoFollow | atNoAutomount | atNoSync
  const mask = statxBasic | statxMountId | statxMountIdUnique
  if (statx(syscallNumbers.statx, currentDirectory, cString(path), flags, mask, answer) !== 0) {
    const errnoName = lastErrnoName()
    if (errnoName === 'ENOENT' || errnoName === 'ENOTDIR') return undefined
    throw failure('statx', path)
  }
  const { kind, dev, ino } = decode()
  const hasMountId = (fields.getUint32(0, true) & (statxMountId | statxMountIdUnique)) !== 0
  return kind === 'dir' ? { dev, ino, mountId: hasMountId ? fields.getBigUint64(144, true) : 0n } : undefined
}

const atSymlinkNoFollow = 0x100
const atNoAutomount = 0x800
const atEmptyPath = 0x1000
const statxBasic = 0x7ff
const statxMountId = 0x1000
const statxMountIdUnique = 0x4000
const atNoSync = 0x4000
const emptyPath = new Uint8Array(1)
const kindOfType: readonly (EntryKind | undefined)[] = [
  undefined,
  'fifo',
  'char',
  undefined,
  'dir',
  undefined,
  'block',
  undefined,
  'file',
  undefined,
  'symlink',
  undefined,
  'socket',
]

const answer = new Uint8Array(256)
const fields = new DataView(answer.buffer)
const statx = bindSyscall<
  (call: number, fd: number, path: Uint8Array, flags: number, mask: number, answer: Uint8Array) => number
>(['int', 'const uint8_t *', 'int', 'uint32_t', 'uint8_t *'])

/** struct statx, the same on every 64-bit machine. */
function decode(): FileStat {
  const mode = fields.getUint16(28, true)
  return {
    kind: kindOfType[mode >> 12] ?? 'file',
    mode: mode & 0o7777,
    nlink: fields.getUint32(16, true),
    uid: fields.getUint32(20, true),
    gid: fields.getUint32(24, true),
    dev: deviceNumber({ major: fields.getUint32(136, true), minor: fields.getUint32(140, true) }),
    ino: fields.getBigUint64(32, true),
    rdev: deviceNumber({ major: fields.getUint32(128, true), minor: fields.getUint32(132, true) }),
    size: wholeNumberAt(40),
    allocatedBytes: wholeNumberAt(48) * 512,
    mtime: timestampAt(112),
    ctime: timestampAt(96),
  }
}

/** u64; values beyond 2^53 lose low bits (no filesystem has such a file). */
function wholeNumberAt(offset: number): number {
  return fields.getUint32(offset + 4, true) * 2 ** 32 + fields.getUint32(offset, true)
}

function timestampAt(offset: number): Timestamp {
  return {
    seconds: fields.getInt32(offset + 4, true) * 2 ** 32 + fields.getUint32(offset, true),
    nanoseconds: fields.getUint32(offset + 8, true),
  }
}

/** makedev(3). */
function deviceNumber(device: { readonly major: number; readonly minor: number }): bigint {
  const { major, minor } = device
  if (major < 0x1000 && minor < 0x100) return BigInt((major << 8) | minor)
  const low = BigInt((((minor & 0xfff00) << 12) | ((major & 0xfff) << 8) | (minor & 0xff)) >>> 0)
  const high = BigInt(((major & 0xfffff000) | (minor >>> 20)) >>> 0)
  return (high << 32n) | low
}
