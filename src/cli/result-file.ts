/** A result that goes into a file that the user named. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { statToWrite } from '../store/look-at.ts'

export interface ResultFile {
  readonly existing: 'refuse' | 'replace'
  /** `owner`: what was written may not be read by more people than its source was. A file that is there keeps its mode. */
  readonly readers: 'owner' | 'all'
}

/** Who may read what comes out of a brick: everyone where everyone could read the source, of an entry where its mode says so. */
export function readersOf({ worldReadable }: Pick<BrickMeta, 'worldReadable'>, mode = 0o004): ResultFile['readers'] {
  return worldReadable && (mode & 0o004) !== 0 ? 'all' : 'owner'
}

/**
 * Writes the pieces one after another. Errors: DEST_NOT_EMPTY where there is something already (`refuse`), DEST_UNSAFE
 * where the file cannot be made, DISK_FULL, DISK_FAILED.
 */
export function writeResult(path: Uint8Array, pieces: Iterable<Uint8Array>, { existing, readers }: ResultFile): void {
  const shown = displayPath(path)
  const there = statToWrite(path)
  if (existing === 'refuse' && there?.isFile() && there.size > 0) {
    throw new FoundryError('DEST_NOT_EMPTY', `${shown} is there and not empty. Name another file, or use --force.`)
  }
  const fd = openResult(path, { shown, mode: readers === 'owner' ? 0o600 : 0o666 })
  try {
    for (const piece of pieces) write(fd, piece, shown)
  } finally {
    closeSync(fd)
  }
}

function openResult(path: Uint8Array, { shown, mode }: { shown: string; mode: number }): number {
  try {
    return openSync(Buffer.from(path), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new FoundryError('DEST_UNSAFE', `${shown} cannot be written (${code}). Name another file.`, error)
  }
}

function write(fd: number, piece: Uint8Array, shown: string): void {
  try {
    for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new FoundryError('DISK_FULL', `No space is left for ${shown}.`, error)
    throw new FoundryError('DISK_FAILED', `Writing ${shown} failed (${code}).`, error)
  }
}
