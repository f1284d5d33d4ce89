/** The way in: the token of the address is traded for a cookie and taken out of the address before anything else. */
import { openSession } from './api-client.ts'

/** The token in `hash` (`#token=..`), or undefined. */
export function tokenIn(hash: string): string | undefined {
  return /^#token=([^&,]+)$/.exec(hash)?.[1]
}

/**
 * Opens a session where the address has a token. Whether there is one afterwards the first question to the server tells: a
 * token that is wrong, or of an older daemon, does not end a session that the browser holds.
 */
export async function enter(): Promise<void> {
  const token = tokenIn(location.hash)
  if (token === undefined) return
  history.replaceState(null, '', location.pathname)
  await openSession(decoded(token))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
