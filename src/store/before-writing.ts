/** What has to be so before anyone writes to a brick that is there. */
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Head } from './brick-file.ts'
import { syncFolderOf } from './exclusive-file.ts'

/**
 * A rename whose folder could not be synced may be undone by a power cut: then commits would be lost with the new file.
 * So nobody writes to a brick before its name is durable. Error: BRICK_READ_ONLY.
 */
export function makeNameDurable(path: Uint8Array): void {
  try {
    syncFolderOf(path)
  } catch (error) {
    // Who may not open the folder did not rename in it, either.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return
    const shown = displayPath(path)
    throw new FoundryError('BRICK_READ_ONLY', `The folder of ${shown} cannot be synced; the brick is only read.`, error)
  }
}

/** A hostile brick may say that it is at the end of what numbers can count. Error: BRICK_LIMIT. */
export function refuseLast(path: Uint8Array, { record }: Head): void {
  const { generation, time } = record
  if (generation < Number.MAX_SAFE_INTEGER && Math.abs(time.seconds) < historySecondsEnd) return
  const shown = displayPath(path)
  throw new FoundryError(
    'BRICK_LIMIT',
    `${shown} is at generation ${generation} of second ${time.seconds}: no commit can follow. Fold into a new brick.`,
  )
}

/** HISTORY holds times as zigzag numbers. */
const historySecondsEnd = 2 ** 52
