/** Advice to the page cache about one open file (posix_fadvise(2), always for the whole file). */

import { bind, LibcError } from './libc.ts'

/** Clean pages of the file leave the cache, so that the next read comes from the disk. Dirty pages stay. */
export function dropCache(fd: number): void {
  advise(fd, adviceDontNeed)
}

/** Doubles the read-ahead of this open file. */
export function readSequential(fd: number): void {
  advise(fd, adviceSequential)
}

const adviceSequential = 2
const adviceDontNeed = 4
const wholeFile = 0
const fadvise = bind<(fd: number, offset: number, length: number, advice: number) => number>(
  'int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)',
)

/** posix_fadvise returns the error number itself. */
function advise(fd: number, advice: number): void {
  const errno = fadvise(fd, 0, wholeFile, advice)
  if (errno !== 0) throw new LibcError({ call: 'posix_fadvise', errno, subject: `fd ${fd}` })
}
