/** Why a log cannot be followed, for people. */
import { displayPath } from '../../base/bytes.ts'
import { FoundryError } from '../../base/errors.ts'

export function notAFile(path: Uint8Array): FoundryError {
  return new FoundryError('SOURCE_KIND', `${displayPath(path)} is no regular file. Name a log file.`)
}

export function explained(path: Uint8Array, failed: NodeJS.ErrnoException): unknown {
  if (failed.code === undefined) return failed
  const shown = displayPath(path)
  if (failed.code === 'ENOENT' || failed.code === 'ENOTDIR') {
    return new FoundryError('SOURCE_MISSING', `${shown} does not exist. Check the path.`, failed)
  }
  const advice = ' Run with more rights, or name another log.'
  return new FoundryError('SOURCE_UNREADABLE', `${shown} cannot be read: ${failed.code}.${advice}`, failed)
}
