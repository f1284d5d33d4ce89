/**
 * The secrets of a running server: the token, and the session that a page holds as a cookie.
 *
 * The session is derived from the token, so it outlives a restart of the daemon and ends when the token changes; the
 * cookie never holds the token itself. Wrong ones are compared in constant time and answered slower and slower in
 * number; the right one is always let in.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Secrets } from './access.ts'
import type { RefusalReason } from './refusal.ts'

/** Wrong tokens in a row that are told so; then one more for each `failureEveryMs`. */
const failuresMax = 8
const failureEveryMs = 250

export interface SecretKeeper extends Secrets {
  /** Set-Cookie of a new session. */
  readonly setCookie: string
  /** To be called for each wrong token: why it is refused. */
  countFailure(reason: RefusalReason): RefusalReason
}

export function makeSecrets(options: { token: string; stateId: string; monotonicMs: () => number }): SecretKeeper {
  const { token, stateId, monotonicMs } = options
  const session = createHmac('sha256', token).update(`sfd session 1\0${stateId}`).digest('base64url')
  const cookieName = `sfd-${stateId.slice(0, 8)}`
  const [isToken, isSession] = [equalTo(token), equalTo(session)]
  let failures = 0
  let countedMs = monotonicMs()
  return {
    cookieName,
    setCookie: `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict`,
    isToken,
    isSession,
    countFailure(reason) {
      const nowMs = monotonicMs()
      failures = Math.max(0, failures - (nowMs - countedMs) / failureEveryMs)
      countedMs = nowMs
      if (failures < failuresMax) {
        failures++
        return reason
      }
      const message = 'Too many wrong tokens; wait a second.'
      return { status: 429, code: 'TOO_MANY_REQUESTS', message, headers: { 'Retry-After': '1' } }
    },
  }
}

/** Compares hashes, so that neither length nor content shows in the time it takes. */
function equalTo(secret: string): (text: string) => boolean {
  const expected = digest(secret)
  return (text) => timingSafeEqual(expected, digest(text))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
