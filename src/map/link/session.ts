/** The way in: the token of the address is traded for a cookie and taken out of the address before anything else. */
import { openSession } from './api-client.ts'

/** The token in `hash` (`#token=..`), or undefined. */
export function tokenIn(hash: string): string | undefined {
  return /^#token=([^&,]+)$/.exec(hash)?.[1]
}

/** `held`: there may be a session already; the first question to the server tells. */
export async function enter(): Promise<'entered' | 'held' | 'refused'> {
  const token = tokenIn(location.hash)
  if (token === undefined) return 'held'
  history.replaceState(null, '', location.pathname)
  const answer = await openSession(decodeURIComponent(token))
  return answer.kind === 'ok' ? 'entered' : 'refused'
}
