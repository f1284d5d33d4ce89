/**
 * Requests that are not answered: a status, a code, a sentence. Nothing of an unexpected error leaves the process.
 *
 * Codes in capitals that docs/errors.md does not explain are of HTTP alone.
 */
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type ErrorCode, FoundryError } from '../base/errors.ts'
import type { ErrorAnswer } from '../wire/api.ts'

/** Codes that exist only in HTTP answers. */
export type RequestCode =
  | 'REQUEST_INVALID'
  | 'REQUEST_TOO_LARGE'
  | 'HOST_REFUSED'
  | 'ORIGIN_REFUSED'
  | 'TOKEN_MISSING'
  | 'TOKEN_WRONG'
  | 'TOO_MANY_REQUESTS'
  | 'METHOD_REFUSED'
  | 'NOT_FOUND'
  | 'COMMIT_GONE'
  | 'INTERNAL'

export interface RefusalReason {
  readonly status: ContentfulStatusCode
  readonly code: RequestCode | ErrorCode
  readonly message: string
  /** Fields beside `error` in the answer. */
  readonly more?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason) {
    super(reason.message)
    this.reason = reason
  }
}

export function invalid(message: string): Refusal {
  return new Refusal({ status: 400, code: 'REQUEST_INVALID', message })
}

/** What the client is told of any error. */
export function reasonOf(error: unknown): RefusalReason {
  if (error instanceof Refusal) return error.reason
  if (error instanceof FoundryError) {
    return { status: statusOfCode(error.code), code: error.code, message: error.message }
  }
  return {
    status: 500,
    code: 'INTERNAL',
    message: 'The server failed at this request; the log of the daemon says why.',
  }
}

export function errorAnswer({ code, message, more }: RefusalReason): ErrorAnswer {
  return { error: { code, message }, ...more }
}

export function statusOfCode(code: ErrorCode): ContentfulStatusCode {
  return statuses[code] ?? 500
}

const statuses: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  USAGE: 400,
  RANGE_INVALID: 400,
  SOURCE_KIND: 400,
  SOURCE_MISSING: 404,
  BRICK_MISSING: 404,
  ENTRY_MISSING: 404,
  COMMIT_MISSING: 404,
  BYTES_FORGOTTEN: 410,
  ENTRY_KIND: 400,
  SOURCE_UNREADABLE: 403,
  BRICK_READ_ONLY: 403,
  BRICK_BUSY: 409,
  BRICK_EXISTS: 409,
  BRICK_OTHER_SOURCE: 409,
  STATE_BUSY: 409,
  DEST_NOT_EMPTY: 409,
  CANCELLED: 503,
  DAEMON_ABSENT: 503,
  WATCH_LIMIT: 503,
  DISK_FULL: 507,
  DEST_SPACE: 507,
}
