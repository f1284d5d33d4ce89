/**
 * One question to a model server, and its answer or how it failed. The only file that knows the client library.
 *
 * Only `/v1/chat/completions` with `json_schema`, always streamed, never repeated by the library (it would three times
 * over), with deadlines of our own: a server may be silent for minutes and well, or for ever.
 */
import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions'
import { type ChatFailure, failure, failureIn, isWebPage } from './chat-failure.ts'
import { isSameModel } from './choose-model.ts'
import { Deadlines } from './deadlines.ts'
import { networkReason } from './http-json.ts'
import { type JsonObject, objectOf, objectsOf, textOf } from './json-fields.ts'
import type { ModelDeadlines } from './model-settings.ts'
import { TappedFetch } from './tapped-fetch.ts'
import type { Timers } from './timers.ts'

export interface ChatQuestion {
  /** As the server names it. */
  readonly model: string
  readonly system: string
  readonly user: string
  readonly schemaName: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
}

export interface ChatParts {
  /** `http://127.0.0.1:1234/v1` */
  readonly base: string
  readonly token: string | undefined
  readonly deadlines: ModelDeadlines
  readonly timers: Timers
  readonly signal: AbortSignal
  /** Told what came so far, as it comes: unchecked. */
  readonly onText?: (textSoFar: string) => void
}

export interface ChatAnswer {
  readonly kind: 'answered'
  readonly text: string
  readonly from: 'content' | 'reasoning'
  readonly modelReported: string
}

export interface ChatResult {
  readonly outcome: ChatAnswer | ChatFailure
  /** What came, as it came, cut at 64 KiB: for the log. */
  readonly raw: string
  readonly tokensIn: number | undefined
  readonly tokensOut: number | undefined
}

/** Never throws. */
export async function ask(question: ChatQuestion, parts: ChatParts): Promise<ChatResult> {
  const tap = new TappedFetch(parts.token)
  const deadlines = new Deadlines(parts)
  const heard = new Heard(parts.onText)
  let outcome: ChatAnswer | ChatFailure
  try {
    await listen(question, { parts, tap, deadlines, heard })
    outcome = deadlines.failure ?? judged(question, tap, heard)
  } catch (error) {
    outcome = deadlines.failure ?? thrown(error, tap, heard)
  } finally {
    deadlines.stop()
  }
  return { outcome, raw: tap.text, tokensIn: heard.tokensIn, tokensOut: heard.tokensOut }
}

interface Listening {
  readonly parts: ChatParts
  readonly tap: TappedFetch
  readonly deadlines: Deadlines
  readonly heard: Heard
}

async function listen(question: ChatQuestion, { parts, tap, deadlines, heard }: Listening): Promise<void> {
  const { OpenAI } = await import('openai')
  // All that it would take from the environment is said here: keys of other services stay where they are.
  const client = new OpenAI({
    baseURL: parts.base,
    apiKey: 'unused',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: parts.deadlines.totalMs + marginMs,
    fetch: tap.fetch,
  })
  const stream = await client.chat.completions.create(bodyOf(question), { signal: deadlines.signal })
  for await (const chunk of stream) {
    const isWord = heard.take(chunk)
    if (isWord) deadlines.heard()
    if (heard.length > answerLengthMax) return
  }
}

/** Our own deadline comes first. */
const marginMs = 60_000
/** Of 400 tokens nobody makes more. */
export const answerLengthMax = 16 * 1024

/** What is sent. */
export function bodyOf(question: ChatQuestion): ChatCompletionCreateParamsStreaming {
  const { model, system, user, schemaName, schema, maxTokens, temperature, seed } = question
  return {
    model,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    temperature,
    seed,
    max_tokens: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    response_format: { type: 'json_schema', json_schema: { name: schemaName, strict: true, schema } },
  }
}

/** What was said so far. */
class Heard {
  readonly #onText: ((textSoFar: string) => void) | undefined
  content = ''
  reasoning = ''
  refusal = ''
  finishReason: string | undefined
  model: string | undefined
  tokensIn: number | undefined
  tokensOut: number | undefined
  /** Of the first event that was no part of a completion. */
  strange: string | undefined

  constructor(onText: ((textSoFar: string) => void) | undefined) {
    this.#onText = onText
  }

  get length(): number {
    return this.content.length + this.reasoning.length
  }

  /** Whether there was something of the answer in it. The chunk is whatever the server sent. */
  take(chunk: unknown): boolean {
    const json = objectOf(chunk)
    const usage = objectOf(json?.['usage'])
    if (json === undefined || (json['choices'] === undefined && usage === undefined)) {
      this.strange ??= JSON.stringify(chunk) ?? ''
      return false
    }
    this.model ??= textOf(json['model'])
    this.tokensIn = tokensOf(usage?.['prompt_tokens']) ?? this.tokensIn
    this.tokensOut = tokensOf(usage?.['completion_tokens']) ?? this.tokensOut
    const [choice] = objectsOf(json['choices'])
    this.finishReason = textOf(choice?.['finish_reason']) ?? this.finishReason
    // A server that does not stream sends the message whole.
    return this.#takeDelta(objectOf(choice?.['delta']) ?? objectOf(choice?.['message']))
  }

  #takeDelta(delta: JsonObject | undefined): boolean {
    const content = textOf(delta?.['content']) ?? ''
    // LM Studio, llama.cpp; newer vLLM, Ollama.
    const reasoning = textOf(delta?.['reasoning_content']) ?? textOf(delta?.['reasoning']) ?? ''
    this.refusal += textOf(delta?.['refusal']) ?? ''
    this.content += content
    this.reasoning += reasoning
    if (content !== '') this.#onText?.(this.content)
    // White space is no word: a model that gives nothing else is as good as silent.
    return content.trim() !== '' || reasoning.trim() !== ''
  }
}

function judged(question: ChatQuestion, tap: TappedFetch, heard: Heard): ChatAnswer | ChatFailure {
  if (tap.isRedirect) return failure('redirected', 'The server sends elsewhere; nothing is sent there.', tap.status)
  if (tap.isTooMuch || heard.length > answerLengthMax) {
    return failure('too-much', 'The server said much more than it was asked for; it was cut off.')
  }
  if (tap.plain !== undefined) {
    const problem = plainProblem(tap.plain, tap.status ?? 0, heard)
    if (problem !== undefined) return problem
  }
  return complete(question, tap, heard)
}

/** Of an answer that is no stream: a whole completion is as good; `heard` takes it. */
function plainProblem(body: string, status: number, heard: Heard): ChatFailure | undefined {
  if (status !== 200 || isWebPage(body)) return failureIn(body, status)
  if (body.trim() === '') return failure('empty', 'The server answered nothing.', status)
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return failure(
      'broken-stream',
      'The server answered something that is neither JSON nor a stream of events.',
      status,
    )
  }
  const error = objectOf(value)?.['error']
  if (error !== undefined && error !== null) return failureIn(body, status)
  heard.take(value)
  return undefined
}

function complete(question: ChatQuestion, tap: TappedFetch, heard: Heard): ChatAnswer | ChatFailure {
  const { content, reasoning, finishReason, refusal, strange } = heard
  if (finishReason === 'length') {
    return failure('length', `The model did not come to an end within ${question.maxTokens} tokens.`)
  }
  if (refusal !== '' || finishReason === 'content_filter') return failure('refused', 'The model refused to answer.')
  if (content === '' && reasoning === '') {
    if (strange !== undefined) return failureIn(strange, tap.status ?? 0)
    return failure('empty', 'The server answered nothing: the question may be longer than the model takes.')
  }
  if (tap.plain === undefined && !(tap.isDone && finishReason !== undefined)) {
    return failure('cut', 'The answer ended in the middle.')
  }
  const modelReported = heard.model ?? question.model
  if (!isSameModel(modelReported, question.model)) {
    return failure('other-model', `The server answered with ${modelReported}, asked was ${question.model}.`)
  }
  const [text, from] = content.trim() === '' ? [reasoning, 'reasoning' as const] : [content, 'content' as const]
  return { kind: 'answered', text, from, modelReported }
}

function thrown(error: unknown, tap: TappedFetch, heard: Heard): ChatFailure {
  if (tap.isTooMuch) return failure('too-much', 'The server said much more than it was asked for; it was cut off.')
  const told = objectOf((error as { error?: unknown } | null)?.error) ?? (error as { error?: unknown } | null)?.error
  // An event that says what went wrong, after HTTP 200.
  if (told !== undefined) return failureIn(JSON.stringify({ error: told }), tap.status ?? 0)
  if (error instanceof SyntaxError) return failure('broken-stream', 'The server sent an event that is no JSON.')
  if (error instanceof TypeError && error.cause === undefined) {
    return failure('broken-stream', 'The server sent an event that is no part of an answer.')
  }
  const reason = networkReason(error)
  if (tap.status === undefined) return failure('unreachable', `The server did not answer: ${reason}.`)
  return failure('cut', `The answer ended after ${heard.length} characters: ${reason}.`)
}

function tokensOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
