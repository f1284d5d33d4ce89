/** Failures of the disk that holds a brick, in our own words. */
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'

/** What the action gives; what the operating system refuses is DISK_FULL or DISK_FAILED. */
export function guard<T>(path: Uint8Array, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw diskError(path, error)
  }
}

/** Errors of the operating system translated; any other as it is. */
export function diskError(path: Uint8Array, error: unknown): unknown {
  if (error instanceof FoundryError || !(error instanceof Error) || !('code' in error)) return error
  const code = String(error.code)
  if (!errnoName.test(code)) return error
  const shown = displayPath(path)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FoundryError(
      'DISK_FULL',
      `No space is left for ${shown} (${code}); its last commit is untouched. Free some space and try again.`,
      error,
    )
  }
  return new FoundryError('DISK_FAILED', `Writing ${shown} failed (${code}); its last commit is untouched.`, error)
}

/** ENOSPC, not ERR_OUT_OF_RANGE, which is a mistake of ours. */
const errnoName = /^E[A-Z0-9]+$/
