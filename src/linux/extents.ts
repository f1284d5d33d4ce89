/** Where a sparse file holds data (lseek(2) SEEK_DATA and SEEK_HOLE). Moves the file position of the fd. */

import type { Run } from '../base/entry.ts'
import { bind, failure, lastErrnoName } from './libc.ts'

/** More runs than this: the last one covers the rest of the file, holes and all. */
export const extentCountMax = 65_536

/**
 * Data runs of an open regular file of `sizeBytes`, ascending, disjoint, never adjacent, clipped to [0, sizeBytes).
 * Undefined where the filesystem cannot tell; then all is data. A file that changes meanwhile gives runs of a mix.
 */
export function dataExtents(fd: number, sizeBytes: number): Run[] | undefined {
  const runs: Run[] = []
  let at = 0
  while (at < sizeBytes) {
    const start = seek(fd, at, seekData)
    if (start === undefined) return runs
    if (start === 'unsupported') return undefined
    if (start >= sizeBytes) return runs
    const found = runs.length + 1 === extentCountMax ? sizeBytes : seek(fd, start, seekHole)
    if (found === 'unsupported') return undefined
    const end = Math.min(found ?? sizeBytes, sizeBytes)
    addRun(runs, { start, end })
    at = Math.max(end, at + 1)
  }
  return runs
}

/** A file that changes between two seeks may seem to have an empty run, or one that touches the run before. */
function addRun(runs: Run[], { start, end }: { start: number; end: number }): void {
  const last = runs.at(-1)
  if (end === start) return
  if (last !== undefined && last.start + last.length >= start) {
    runs[runs.length - 1] = { start: last.start, length: end - last.start }
  } else runs.push({ start, length: end - start })
}

const seekData = 3
const seekHole = 4
const lseek = bind<(fd: number, offset: number, whence: number) => number>(
  'int64_t lseek(int fd, int64_t offset, int whence)',
)

/** The offset found; undefined where none follows (ENXIO). */
function seek(fd: number, offset: number, whence: number): number | 'unsupported' | undefined {
  const found = Number(lseek(fd, offset, whence))
  if (found >= 0) return found
  const errnoName = lastErrnoName()
  if (errnoName === 'ENXIO') return undefined
  if (errnoName === 'EINVAL' || errnoName === 'ENOTSUP' || errnoName === 'ESPIPE') return 'unsupported'
  throw failure('lseek', fd)
}
