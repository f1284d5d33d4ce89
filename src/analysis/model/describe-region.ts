/**
 * Asks a model to describe one region, and checks what it says. Everything that can go wrong gives a reason in the place
 * of a description; nothing is ever decided by the answer.
 */
import type { Clock, Random } from '../../base/ports.ts'
import { checked } from './answer-check.ts'
import { parseAnswer, schemaVersion } from './answer-schema.ts'
import { ask, type ChatAnswer, type ChatQuestion, type ChatResult } from './chat.ts'
import { type ChatFailure, failure, isPassing } from './chat-failure.ts'
import type { ChosenModel } from './choose-model.ts'
import type { DescribedBy, Description, Skipped } from './description.ts'
import { exchangeId } from './exchange.ts'
import type { ExchangeLog } from './exchange-log.ts'
import type { ModelLink } from './model-link.ts'
import {
  answerKey,
  answerTokensMax,
  type Prompt,
  promptOf,
  promptVersion,
  type RegionQuestion,
} from './region-question.ts'
import type { Timers } from './timers.ts'
import type { TokenRatio } from './token-ratio.ts'

/** Where answers are kept by key; losing it costs asking again. */
export interface AnswerCache {
  get(key: Uint8Array): unknown
  put(key: Uint8Array, value: unknown): void
}

export interface DescribeParts {
  readonly link: ModelLink
  readonly cache: AnswerCache
  readonly log: ExchangeLog
  readonly ratio: TokenRatio
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
}

export interface DescribeOptions {
  readonly signal: AbortSignal
  /** A person asks for this one: that its text speaks to models, or is not for all, does not keep it from being sent. */
  readonly isAsked?: boolean
  /** The model that a task names. */
  readonly wanted?: string | undefined
  /** For the log. */
  readonly brick?: string | undefined
  readonly path?: string | undefined
  /** Told the model's id before each attempt. */
  readonly onAsk?: (model: string) => void
  /** Told the answer's JSON so far, unchecked. */
  readonly onText?: (textSoFar: string) => void
  /** Told what one exchange cost. */
  readonly onSpent?: (tokens: number) => void
}

/** Of a server that does not say: Ollama's smallest default. */
const contextTokensGuess = 4_096
/** Of a context; the rest is for templates and what was guessed wrong. */
const contextShare = 0.7
export const promptTokensMax = 2_600

/** What was said of it before, by any model of that name: nobody is asked. */
export function knownDescription(cache: AnswerCache, question: RegionQuestion, name: string): Description | undefined {
  return kept(cache, answerKey(question, `any ${name}`))
}

/** Never throws but for defects and USAGE of the settings. */
export async function describeRegion(
  question: RegionQuestion,
  parts: DescribeParts,
  options: DescribeOptions,
): Promise<Description | Skipped> {
  const { link, clock, log } = parts
  if (question.facts.length === 0) return skipped('nothing-known', 'nothing is known of it that a model could explain')
  if (question.isSuspected && options.isAsked !== true) {
    return skipped('injection', 'it holds text that addresses AI tools; ask for it with --model')
  }
  if (question.isPrivate && options.isAsked !== true) {
    return skipped('private', 'not everybody may read it, so no model is told of it; ask for it with --model')
  }
  const state = await link.refreshed(options.wanted)
  const { model } = state
  if (state.state === 'off') return skipped('off', 'no model was used (off)')
  if (model === undefined) {
    const said = knownDescription(parts.cache, question, options.wanted ?? link.settings.model ?? '')
    if (said !== undefined) return said
    return skipped('no-server', `no model was used (${state.state}: ${state.reason})`)
  }
  const known = kept(parts.cache, answerKey(question, model.id))
  if (known !== undefined) return known
  if (!link.mayAsk()) return skipped('no-server', `no model was used (${state.state}: ${state.reason})`)
  const today = dayOf(clock)
  if (log.tokensOn(today) >= link.settings.budget.tokensPerDay) {
    return skipped('budget', `today's ${link.settings.budget.tokensPerDay} tokens are used up`)
  }
  const prompt = fittingPrompt(question, model, parts)
  if (prompt === undefined) {
    return skipped(
      'too-long',
      `what is known of it does not fit into the ${model.contextTokens} tokens that the model takes`,
    )
  }
  if (!log.prepare()) return skipped('failed', log.trouble ?? '')
  return asked({ question, prompt, model }, parts, options)
}

interface Asking {
  readonly question: RegionQuestion
  readonly prompt: Prompt
  readonly model: ChosenModel
}

async function asked(asking: Asking, parts: DescribeParts, options: DescribeOptions): Promise<Description | Skipped> {
  const { link, cache } = parts
  const first = await once(asking, parts, options)
  const again = first.kind === 'failed' && isPassing(first)
  if (again) await pause(parts, options.signal)
  const said = again && !options.signal.aborted ? await once(asking, parts, options) : first
  if (said.kind === 'failed') {
    link.failed(said)
    return skipped(whyOf(said), said.message)
  }
  link.succeeded()
  const { question, model } = asking
  cache.put(answerKey(question, model.id), said)
  cache.put(answerKey(question, `any ${options.wanted ?? link.settings.model ?? ''}`), said)
  return said
}

/** A server that is gone or not ready yet is no fault of the question. */
function whyOf({ cause }: ChatFailure): Skipped['why'] {
  if (cause === 'cancelled') return 'cancelled'
  return ['unreachable', 'loading', 'no-model'].includes(cause) ? 'no-server' : 'failed'
}

/** Before the second and last attempt; shorter where it is called off. */
function pause({ link, timers }: DescribeParts, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = timers.after(link.settings.deadlines.retryMs, resolve)
    signal.addEventListener('abort', () => {
      stop()
      resolve()
    })
    if (signal.aborted) resolve()
  })
}

async function once(
  asking: Asking,
  parts: DescribeParts,
  options: DescribeOptions,
): Promise<Description | ChatFailure> {
  const { prompt, model } = asking
  const { link, clock, random, ratio } = parts
  const { token, deadlines } = link.settings
  const startMs = clock.monotonicMs()
  const time = timeText(clock)
  const id = exchangeId(time, random.bytes(2))
  const ended = link.began(model)
  options.onAsk?.(model.id)
  const { onText } = options
  const result = await ask(prompt.question, {
    ...{ base: model.endpoint.base, token, deadlines, timers: parts.timers, signal: options.signal },
    ...(onText && { onText }),
  })
  ended()
  const by = describedBy(result.outcome, { model, id })
  const said =
    result.outcome.kind === 'answered' && by ? judged(result.outcome, prompt, by) : (result.outcome as ChatFailure)
  const spent = spentBy(result, prompt.question, ratio)
  const milliseconds = Math.round(clock.monotonicMs() - startMs)
  record({ asking, result, said, spent, id, time, milliseconds }, parts, options)
  options.onSpent?.(spent.tokensIn + spent.tokensOut)
  return said
}

function judged(outcome: ChatAnswer, prompt: Prompt, by: DescribedBy): Description | ChatFailure {
  const parsed = parseAnswer(outcome.text)
  if (parsed.kind === 'not-json') return failure('not-json', 'The model answered something that is no JSON.')
  if (parsed.kind === 'not-as-asked')
    return failure('not-as-asked', `The model did not answer as asked: ${parsed.problem}.`)
  const said = checked(parsed.answer, prompt, by)
  return typeof said === 'string' ? failure('not-as-asked', `The model's answer is not used: ${said}.`) : said
}

function describedBy(
  outcome: ChatResult['outcome'],
  { model, id }: { readonly model: ChosenModel; readonly id: string },
): DescribedBy | undefined {
  if (outcome.kind === 'failed') return undefined
  return {
    server: model.endpoint.origin,
    modelRequested: model.id,
    modelReported: outcome.modelReported,
    prompt: promptVersion,
    schema: schemaVersion,
    from: outcome.from,
    exchange: id,
    isCached: false,
  }
}

interface Spent {
  readonly tokensIn: number
  readonly tokensOut: number
}

/** As the server counts, else as we guess: a server that fails has worked, too. */
function spentBy({ tokensIn, tokensOut, raw, outcome }: ChatResult, question: ChatQuestion, ratio: TokenRatio): Spent {
  const sizeBytes = question.system.length + question.user.length
  if (tokensIn !== undefined) ratio.learn({ sizeBytes, tokens: tokensIn })
  const isSent = outcome.kind === 'answered' || outcome.cause !== 'unreachable'
  return {
    tokensIn: tokensIn ?? (isSent ? ratio.tokensOf(sizeBytes) : 0),
    tokensOut: tokensOut ?? (raw === '' ? 0 : Math.min(answerTokensMax, ratio.tokensOf(raw.length))),
  }
}

interface Ended {
  readonly asking: Asking
  readonly result: ChatResult
  readonly said: Description | ChatFailure
  readonly spent: Spent
  readonly id: string
  readonly time: string
  readonly milliseconds: number
}

function record(ended: Ended, { log }: DescribeParts, { brick, path }: DescribeOptions): void {
  const { asking, result, said, spent, id, time, milliseconds } = ended
  const { question, prompt, model } = asking
  log.add({
    ...{ id, time, brick: brick ?? null, path: path ?? null, ...question.place },
    ...{ prompt: promptVersion, schema: schemaVersion, server: model.endpoint.origin, serverKind: model.kind },
    contextTokens: model.contextTokens ?? null,
    question: prompt.question,
    answer: result.raw,
    outcome: said.kind === 'described' ? 'described' : said.cause,
    reason: said.kind === 'described' ? '' : said.message,
    modelReported: result.outcome.kind === 'answered' ? result.outcome.modelReported : null,
    ...spent,
    milliseconds,
  })
}

function fittingPrompt(
  question: RegionQuestion,
  model: ChosenModel,
  { ratio, random }: DescribeParts,
): Prompt | undefined {
  const context = (model.contextTokens ?? contextTokensGuess) * contextShare - answerTokensMax
  const bytesMax = ratio.bytesOf(Math.min(promptTokensMax, context))
  const nonce = Buffer.from(random.bytes(8)).toString('hex')
  return promptOf(question, { model: model.id, bytesMax, nonce })
}

function kept(cache: AnswerCache, key: Uint8Array): Description | undefined {
  const value = cache.get(key) as Description | undefined
  return value?.kind === 'described' ? { ...value, by: { ...value.by, isCached: true } } : undefined
}

function skipped(why: Skipped['why'], reason: string): Skipped {
  return { kind: 'skipped', why, reason }
}

/** RFC 3339, whole seconds. */
function timeText(clock: Clock): string {
  const ms = Number(clock.nowNs() / 1_000_000n)
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

export function dayOf(clock: Clock): string {
  return timeText(clock).slice(0, 10)
}
