/**
 * File handles: names of inodes that survive renames (name_to_handle_at(2), open_by_handle_at(2)).
 *
 * Opening one needs CAP_DAC_READ_SEARCH. A handle of an inode that is gone is ESTALE, also when its number was given
 * to another since.
 */

import { constants } from 'node:fs'
import { type Opened, openCloseOnExec, readLinkAt } from './directory.ts'
import { type ByteText, bind, byteText, cString, currentDirectory, lastErrnoName } from './libc.ts'

/**
 * The directory of a handle (a struct file_handle), as a place only, on the mount that `mountFd` lies on (an open
 * directory, not a place only). It keeps the filesystem busy until it is closed.
 */
export function openHandle(mountFd: number, handle: Uint8Array): Opened {
  const fd = openByHandle(mountFd, handle, placeFlags)
  return fd < 0 ? { kind: 'failed', errnoName: lastErrnoName() } : { kind: 'open', fd }
}

/** Opens a directory as a place only: no right to list it is needed. The last component is not followed. */
export function openPlaceAt(directoryFd: number, path: Uint8Array | ByteText): Opened {
  const fd = openat(directoryFd, cString(path), placeFlags | constants.O_NOFOLLOW, 0)
  return fd < 0 ? { kind: 'failed', errnoName: lastErrnoName() } : { kind: 'open', fd }
}

/** Struct file_handle of a path, not following a link; undefined where its filesystem has none. */
export function handleOfPath(path: Uint8Array | ByteText): Uint8Array | undefined {
  fields.setUint32(0, answer.length - headerBytes, true)
  if (nameToHandle(currentDirectory, cString(path), answer, mountId, 0) < 0) return undefined
  return answer.slice(0, headerBytes + fields.getUint32(0, true))
}

/** Absolute path of an open directory as it is now; undefined where it is longer than a page, or /proc is not there. */
export function pathOfFd(fd: number): ByteText | undefined {
  const path = readLinkAt(currentDirectory, `/proc/self/fd/${fd}` as ByteText)
  return typeof path === 'string' ? undefined : byteText(path)
}

const placeFlags = 0o10000000 | constants.O_DIRECTORY | openCloseOnExec
const headerBytes = 8
const answer = new Uint8Array(headerBytes + 128)
const fields = new DataView(answer.buffer)
const mountId = new Uint8Array(8)
const openByHandle = bind<(mountFd: number, handle: Uint8Array, flags: number) => number>(
  'int open_by_handle_at(int mount, uint8_t *handle, int flags)',
)
const nameToHandle = bind<
  (directoryFd: number, path: Uint8Array, handle: Uint8Array, mountId: Uint8Array, flags: number) => number
>('int name_to_handle_at(int directory, const uint8_t *path, uint8_t *handle, uint8_t *mount_id, int flags)')
const openat = bind<(directoryFd: number, path: Uint8Array, flags: number, mode: number) => number>(
  'int openat(int directory, const uint8_t *path, int flags, uint32_t mode)',
)
