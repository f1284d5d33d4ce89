/** A brick that cannot be given labels was looked at all the same: what was found is told first, then why it is not kept. */
import { type ErrorCode, FoundryError } from '../base/errors.ts'
import type { ExitCode } from './exit.ts'

/** Of the brick's own file or disk; anything else ends the command. */
const codes: ReadonlySet<ErrorCode> = new Set(['BRICK_BUSY', 'BRICK_READ_ONLY', 'DISK_FULL', 'DISK_FAILED'])

/** Errors: those that are no such failure, as they are. */
export function unwritten(error: unknown): { readonly failure: FoundryError } {
  if (error instanceof FoundryError && codes.has(error.code)) return { failure: error }
  throw error
}

/** `code`, of a screen that was shown. Errors: `failure`, with what to do. */
export function afterwards(code: ExitCode, failure: unknown): ExitCode {
  if (!(failure instanceof FoundryError)) return code
  const text = `${failure.message} The labels are not in the brick; with --no-write nothing is written.`
  throw new FoundryError(failure.code, text, failure)
}
