/**
 * Who may ask: the checks of every request and of the upgrade to a WebSocket, on header texts alone.
 *
 * Host is checked against DNS rebinding, Origin and Sec-Fetch-Site against other pages of the same browser (another
 * port of this machine is the same "site" to it), and only then what proves the caller. Nothing here reads a clock, a
 * socket or a secret; see session.ts for the secrets.
 */
import type { RefusalReason } from './refusal.ts'

/** Header texts of a request; undefined where missing. */
export interface Asked {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly fetchSite: string | undefined
  readonly authorization: string | undefined
  readonly cookie: string | undefined
}

/** What a caller has shown. `wrong`: a bearer token that is not ours. */
export type Proof = 'bearer' | 'cookie' | 'wrong' | 'none'

export interface Secrets {
  isToken(text: string): boolean
  isSession(text: string): boolean
  readonly cookieName: string
}

/** Why a request from this place is refused whoever asks, or undefined. `port` is the one the server listens on. */
export function refusedPlace(asked: Pick<Asked, 'host' | 'origin'>, port: number): RefusalReason | undefined {
  const host = asked.host?.toLowerCase()
  if (host === undefined || !ownHosts(port).includes(host)) {
    const message = 'The Host header does not name this server; use the address that `sfd status` prints.'
    return { status: 403, code: 'HOST_REFUSED', message }
  }
  if (asked.origin !== undefined && asked.origin.toLowerCase() !== `http://${host}`) {
    return { status: 403, code: 'ORIGIN_REFUSED', message: 'Pages of another origin may not ask this server.' }
  }
  return undefined
}

/** What the request proves. A bearer token that is there decides, whatever the cookie says. */
export function proofOf(asked: Pick<Asked, 'authorization' | 'cookie'>, secrets: Secrets): Proof {
  if (asked.authorization !== undefined) {
    const token = bearerOf(asked.authorization)
    return token !== undefined && secrets.isToken(token) ? 'bearer' : 'wrong'
  }
  const session = cookieNamed(asked.cookie, secrets.cookieName)
  return session !== undefined && secrets.isSession(session) ? 'cookie' : 'none'
}

/** Why a caller with this proof may not ask for what needs the token, or undefined. */
export function refusedCaller(asked: Asked, proof: Proof): RefusalReason | undefined {
  if (proof === 'bearer') return undefined
  if (proof === 'wrong') return { status: 403, code: 'TOKEN_WRONG', message: 'That is not the token of this server.' }
  if (proof === 'none') {
    const message = 'This needs the token: open the address that `sfd status` prints, or send Authorization: Bearer.'
    return { status: 401, code: 'TOKEN_MISSING', message, headers: { 'WWW-Authenticate': 'Bearer' } }
  }
  if (asked.method !== 'GET') {
    return { status: 403, code: 'TOKEN_MISSING', message: 'Changes need Authorization: Bearer, not a cookie.' }
  }
  if (!isFirstHand(asked.fetchSite)) {
    return { status: 403, code: 'ORIGIN_REFUSED', message: 'Another page may not use the cookie of this one.' }
  }
  return undefined
}

/** Why this request may not trade a token for a cookie, or undefined: it comes from our own page, or has the token. */
export function refusedSession(asked: Asked, proof: Proof): RefusalReason | undefined {
  if (proof === 'wrong') return refusedCaller(asked, proof)
  if (proof === 'bearer') return undefined
  if (asked.origin === undefined || !isFirstHand(asked.fetchSite)) {
    return { status: 403, code: 'ORIGIN_REFUSED', message: 'A session is opened by the page of this server alone.' }
  }
  return undefined
}

/** The same for a WebSocket: browsers always say their origin there, so a cookie without one is refused. */
export function refusedSocket(asked: Asked, proof: Proof): RefusalReason | undefined {
  const refused = refusedCaller(asked, proof)
  if (refused !== undefined || proof === 'bearer' || asked.origin !== undefined) return refused
  return { status: 403, code: 'ORIGIN_REFUSED', message: 'A feed with a cookie must say its origin.' }
}

export function bearerOf(authorization: string): string | undefined {
  return /^bearer +([\w-]{1,128})$/i.exec(authorization)?.[1]
}

/** The first value of that name. */
export function cookieNamed(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [left = '', ...right] = part.split('=')
    if (left.trim() === name) return right.join('=').trim()
  }
  return undefined
}

/** Typed, bookmarked or from our own page. Old browsers do not say. */
function isFirstHand(fetchSite: string | undefined): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none'
}

/** Browsers leave port 80 out. */
function ownHosts(port: number): string[] {
  const names = ['127.0.0.1', 'localhost', '[::1]']
  return [...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : [])]
}
