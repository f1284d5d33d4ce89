/**
 * Giving a file its name only where nothing has it: renameat2(2) with RENAME_NOREPLACE.
 *
 * Filesystems that lack it (some network ones) get a hard link and the removal of the old name, which refuses just as
 * surely; those that lack both get a look and a rename, with a moment in between.
 */

import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { asBuffer, bindSyscall, cString, currentDirectory, failure, lastErrnoName } from './libc.ts'

/** False where `to` exists; then nothing was changed. Errors: LIBC_FAILED, those of node:fs. */
export function renameNoReplace({ from, to }: { from: Uint8Array; to: Uint8Array }): boolean {
  const result = renameat2(callNumber, currentDirectory, cString(from), currentDirectory, cString(to), noReplace)
  if (result === 0) return true
  const errnoName = lastErrnoName()
  if (errnoName === 'EEXIST') return false
  if (!lacking.has(errnoName)) throw failure('renameat2', to)
  return linkAndUnlink({ from: asBuffer(from), to: asBuffer(to) })
}

const noReplace = 1
const callNumber = process.arch === 'arm64' ? 276 : 316
/** The kernel, the filesystem or a filter does not offer it. */
const lacking = new Set(['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'EPERM'])
const renameat2 = bindSyscall<
  (call: number, fromFd: number, from: Uint8Array, toFd: number, to: Uint8Array, flags: number) => number
>(['int', 'const uint8_t *', 'int', 'const uint8_t *', 'uint32_t'])

function linkAndUnlink({ from, to }: { from: Buffer; to: Buffer }): boolean {
  try {
    linkSync(from, to)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!lacking.has(code)) throw error
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false
    renameSync(from, to)
    return true
  }
  unlinkSync(from)
  return true
}
