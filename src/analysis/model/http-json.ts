/**
 * One GET to a model server for what it says of itself: bounded in time and size, never followed elsewhere.
 *
 * Nothing of an artifact is in such a request.
 */
import type { Timers } from './timers.ts'

export interface JsonRequest {
  readonly url: string
  readonly token: string | undefined
  readonly deadlineMs: number
  readonly timers: Timers
  readonly signal: AbortSignal
}

export type JsonAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'status'; readonly status: number; readonly value: unknown }
  | { readonly kind: 'no-json'; readonly reason: string }
  | { readonly kind: 'silent'; readonly reason: string }

const bytesMax = 4 * 2 ** 20

/** Never throws. */
export async function getJson({ url, token, deadlineMs, timers, signal }: JsonRequest): Promise<JsonAnswer> {
  const stopper = new AbortController()
  const cancelTimer = timers.after(deadlineMs, () => stopper.abort())
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', ...bearer(token) },
      redirect: 'manual',
      signal: AbortSignal.any([signal, stopper.signal]),
    })
    const text = await boundedText(response, bytesMax)
    if (text === undefined) return { kind: 'no-json', reason: `it answered more than ${bytesMax} bytes` }
    return judged(response, text)
  } catch (error) {
    if (stopper.signal.aborted) return { kind: 'silent', reason: `no answer within ${deadlineMs} ms` }
    return { kind: 'silent', reason: networkReason(error) }
  } finally {
    cancelTimer()
  }
}

export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** The whole body as text; undefined where it is longer. */
export async function boundedText(response: Response, sizeBytesMax: number): Promise<string | undefined> {
  if (response.body === null) return ''
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > sizeBytesMax) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What kept a request from being answered, in a few words: `connection refused`. */
export function networkReason(error: unknown): string {
  const codes: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'the connection was closed',
    UND_ERR_SOCKET: 'the connection was closed',
    ENOTFOUND: 'no such host',
    EHOSTUNREACH: 'no way to the host',
    ETIMEDOUT: 'no answer',
    UND_ERR_CONNECT_TIMEOUT: 'no answer',
  }
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code !== undefined) return codes[code] ?? code
  }
  return error instanceof Error ? error.message : String(error)
}

function judged({ status, ok }: Response, text: string): JsonAnswer {
  const value = parsed(text)
  if (status >= 300 && status < 400) return { kind: 'no-json', reason: `it sends elsewhere (HTTP ${status})` }
  if (!ok) return { kind: 'status', status, value: value ?? text.slice(0, 200) }
  return value === undefined ? { kind: 'no-json', reason: 'it answered no JSON' } : { kind: 'json', value }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
