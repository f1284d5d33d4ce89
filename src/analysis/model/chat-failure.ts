/** All the ways in which a model server fails to answer, in words that say what to do about it. */
import { objectOf, textOf } from './json-fields.ts'

export type FailureCause =
  | 'unreachable'
  | 'redirected'
  | 'unauthorised'
  | 'busy'
  | 'loading'
  | 'server-error'
  | 'refused'
  | 'context'
  | 'no-model'
  | 'other-model'
  | 'web-page'
  | 'broken-stream'
  | 'empty'
  | 'cut'
  | 'length'
  | 'no-first-word'
  | 'silent'
  | 'too-slow'
  | 'too-much'
  | 'not-json'
  | 'not-as-asked'
  | 'cancelled'

export interface ChatFailure {
  readonly kind: 'failed'
  readonly cause: FailureCause
  /** For a person: what happened, and what to do where there is something. At most 400 characters. */
  readonly message: string
  /** HTTP status where there was one. */
  readonly status?: number
}

export function failure(cause: FailureCause, message: string, status?: number): ChatFailure {
  const shown = message.length > messageMax ? `${message.slice(0, messageMax - 1)}…` : message
  return { kind: 'failed', cause, message: shown, ...(status !== undefined && { status }) }
}

const messageMax = 400
const quotedMax = 200

/** Worth one more attempt: the server may have recovered by then. */
export function isPassing({ cause }: ChatFailure): boolean {
  return cause === 'busy' || cause === 'server-error'
}

/** Of what the server answered in the place of a completion: HTTP status other than 200, or an error inside of one with 200. */
export function failureIn(body: string, status: number): ChatFailure {
  if (isWebPage(body)) {
    return failure(
      'web-page',
      `A web page answered (HTTP ${status}): there is no model server at this address.`,
      status,
    )
  }
  const told = errorText(body)
  const shown = told === '' ? `HTTP ${status}` : `${JSON.stringify(told.slice(0, quotedMax))} (HTTP ${status})`
  const cause = causeOf(told, status)
  return failure(cause, `${meanings[cause] ?? 'The server refused'}: ${shown}.`, status)
}

/** Servers write `{error: "..."}`, `{error: {message}}`, `{message}` or plain text. */
export function errorText(body: string): string {
  const json = parsed(body)
  if (json === undefined) return body.trim()
  const error = json['error']
  const inner = objectOf(error)
  const text = textOf(error) ?? textOf(inner?.['message']) ?? textOf(inner?.['code']) ?? textOf(json['message'])
  return text ?? (error === undefined || error === null ? '' : JSON.stringify(error))
}

export function isWebPage(body: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(body)
}

const meanings: Partial<Record<FailureCause, string>> = {
  unauthorised: 'The server wants a token (SFD_MODEL_TOKEN)',
  busy: 'The server is busy',
  loading: 'The server loads its model',
  'server-error': 'The server failed',
  context: 'The question is longer than the model takes',
  'no-model': 'The server has not loaded the model',
  refused: 'The server refused the question',
}

function causeOf(told: string, status: number): FailureCause {
  if (status === 401 || status === 403) return 'unauthorised'
  if (/loading model|model is loading/i.test(told)) return 'loading'
  if (
    /context (length|size|window)|exceed_context|context_length|n_ctx|maximum context|prompt is too long/i.test(told)
  ) {
    return 'context'
  }
  if (/no models? (is |are )?loaded|model .*not (found|loaded)|not found, try pulling|does not exist/i.test(told)) {
    return 'no-model'
  }
  if (status === 429 || status === 503) return 'busy'
  if (status >= 500) return 'server-error'
  return 'refused'
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(body))
  } catch {
    return undefined
  }
}
