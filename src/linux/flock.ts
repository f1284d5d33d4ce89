/** Whole-file advisory locks (flock(2)): held by the open file, gone when the last copy of the fd is closed. */

import { bind, checked, failure, lastErrnoName } from './libc.ts'

/** Takes the exclusive lock without waiting; false where somebody else holds one. */
export function tryLockExclusive(fd: number): boolean {
  if (flock(fd, lockExclusive | lockWithoutWaiting) === 0) return true
  if (lastErrnoName() === 'EAGAIN') return false
  throw failure('flock', fd)
}

export function unlock(fd: number): void {
  checked(flock(fd, lockRelease), 'flock', fd)
}

const lockExclusive = 2
const lockWithoutWaiting = 4
const lockRelease = 8
const flock = bind<(fd: number, operation: number) => number>('int flock(int fd, int operation)')
