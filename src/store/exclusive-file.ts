/**
 * Files that one writer has to itself, by flock(2): a brick that exists, or the temporary file of one that is being made.
 *
 * The lock is on the file, not on its name: after locking, both are compared again.
 */
import { closeSync, constants, fstatSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { tryLockExclusive } from '../linux/flock.ts'
import { renameNoReplace } from '../linux/rename.ts'
import { BrickFile } from './brick-file.ts'
import { temporaryName } from './leftovers.ts'

/** Errors: BRICK_MISSING, BRICK_FOREIGN, BRICK_READ_ONLY, BRICK_BUSY. */
export function openLocked(path: Uint8Array): BrickFile {
  for (;;) {
    const file = openReadWrite(path)
    if (!tryLockExclusive(file.fd)) {
      file.close()
      throw new FoundryError('BRICK_BUSY', `${displayPath(path)} is being written by another process; stop it or wait.`)
    }
    const here = fstatSync(file.fd, { bigint: true })
    const named = statSync(Buffer.from(path), { bigint: true, throwIfNoEntry: false })
    if (named !== undefined && named.ino === here.ino && named.dev === here.dev) return file
    file.close()
  }
}

/** A new file beside `path`, for its owner alone. Errors of the operating system. */
export function openTemporary(path: Uint8Array, random: Random): { fd: number; temporary: Uint8Array } {
  for (;;) {
    const temporary = temporaryName(path, random)
    const fd = openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    // Before it was locked another maker of the same brick may have taken it for a leftover.
    if (tryLockExclusive(fd) && fstatSync(fd).nlink > 0) return { fd, temporary }
    closeSync(fd)
    rmSync(temporary, { force: true })
  }
}

/** Gives the temporary file its name, durably. Errors: BRICK_EXISTS, and those of the operating system. */
export function publish({ fd, temporary, path }: { fd: number; temporary: Uint8Array; path: Uint8Array }): void {
  fsyncSync(fd)
  if (!renameNoReplace({ from: temporary, to: path })) {
    const shown = displayPath(path)
    throw new FoundryError('BRICK_EXISTS', `${shown} appeared while it was being made; nothing was overwritten.`)
  }
  syncFolderOf(path)
}

/** Puts a file that was synced in the place of a brick whose lock is held, durably. Errors of the operating system. */
export function replace({ temporary, path }: { temporary: Uint8Array; path: Uint8Array }): void {
  renameSync(Buffer.from(temporary), Buffer.from(path))
  syncFolderOf(path)
}

function openReadWrite(path: Uint8Array): BrickFile {
  try {
    return new BrickFile(path, openSync(Buffer.from(path), constants.O_RDWR | constants.O_NONBLOCK)).checked()
  } catch (error) {
    if (error instanceof FoundryError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') throw new FoundryError('BRICK_MISSING', `There is no brick ${displayPath(path)}.`, error)
    throw new FoundryError('BRICK_READ_ONLY', `${displayPath(path)} cannot be written (${code}).`, error)
  }
}

/** Makes the names in the folder of `path` durable. Errors of the operating system. */
export function syncFolderOf(path: Uint8Array): void {
  const fd = openSync(folderOf(path), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The folder that a path names something in. */
export function folderOf(path: Uint8Array): Buffer {
  const text = Buffer.from(path)
  const slash = text.lastIndexOf(0x2f)
  return slash < 0 ? Buffer.from('.') : text.subarray(0, Math.max(1, slash))
}
