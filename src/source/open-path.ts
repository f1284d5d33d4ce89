/** Opening a directory by its relative path, beneath a root and without following a link. */

import { closeFd, directoryFlags, openDirectoryAt } from '../linux/directory.ts'
import { type ByteText, byteText } from '../linux/libc.ts'
import { openBeneath } from '../linux/openat2.ts'

const dot = new Uint8Array([0x2e])

/** In one call by openat2, else component by component; undefined where there is no such directory any more. */
export function openPath(rootFd: number, path: Uint8Array): number | undefined {
  const opened = openBeneath(rootFd, path.length === 0 ? dot : path, directoryFlags)
  if (opened.kind === 'open') return opened.fd
  if (opened.errnoName !== 'ENOSYS' && opened.errnoName !== 'EPERM') return undefined
  let fd: number | undefined
  for (const name of `./${byteText(path)}`.replace(/\/$/, '').split('/')) {
    const next = openDirectoryAt(fd ?? rootFd, name as ByteText)
    if (fd !== undefined) closeFd(fd)
    if (next.kind === 'failed') return undefined
    fd = next.fd
  }
  return fd
}
