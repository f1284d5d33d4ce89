/**
 * Failures at the edge of the program: a file, a brick, a request, an argument.
 *
 * Every code is explained in docs/errors.md (a test proves both lists equal). A message says what failed, which
 * thing it was, and what to do next.
 */

export const errorCodes = [
  'USAGE',
  'SOURCE_MISSING',
  'SOURCE_UNREADABLE',
  'SOURCE_KIND',
  'SOURCE_REPLACED',
  'SOURCE_ENDED',
  'BRICK_MISSING',
  'BRICK_FOREIGN',
  'BRICK_VERSION_NEWER',
  'BRICK_DAMAGED',
  'BRICK_LIMIT',
  'BRICK_BUSY',
  'BRICK_OTHER_SOURCE',
  'BRICK_READ_ONLY',
  'BRICK_EXISTS',
  'ENTRY_MISSING',
  'ENTRY_KIND',
  'COMMIT_MISSING',
  'RANGE_INVALID',
  'BYTES_FORGOTTEN',
  'DEST_NOT_EMPTY',
  'DEST_UNSAFE',
  'DEST_SPACE',
  'DISK_FULL',
  'DISK_FAILED',
  'STATE_BUSY',
  'STATE_UNREADABLE',
  'STATE_NEWER',
  'STATE_DAMAGED',
  'DAEMON_ABSENT',
  'DAEMON_FAILED',
  'WATCH_LIMIT',
  'LIBC_FAILED',
  'CANCELLED',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export class FoundryError extends Error {
  override readonly name = 'FoundryError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
