/** What to say of a root that cannot be listed: it must never be taken for a tree without entries. */

import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'

/** Why a root cannot be listed, by the errno's name. */
export function rootFailure(root: Uint8Array, errnoName: string): FoundryError {
  const shown = displayPath(root)
  if (errnoName === 'EACCES' || errnoName === 'EPERM') {
    return new FoundryError('SOURCE_UNREADABLE', `${shown} may not be listed (${errnoName}). Run with more rights.`)
  }
  if (errnoName === 'ENOENT' || errnoName === 'ENOTDIR' || errnoName === 'ELOOP') {
    return new FoundryError('SOURCE_MISSING', `${shown} is not there, or no directory any more (${errnoName}).`)
  }
  return new FoundryError('SOURCE_UNREADABLE', `${shown} cannot be opened: ${errnoName}.`)
}

/** A root on another filesystem than before. */
export function rootReplaced(root: Uint8Array): FoundryError {
  const shown = displayPath(root)
  return new FoundryError(
    'SOURCE_REPLACED',
    `${shown} lies on another filesystem than before: something was mounted or unmounted there. Nothing counts as removed; mount the right one again.`,
  )
}
