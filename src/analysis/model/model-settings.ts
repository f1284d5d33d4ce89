/**
 * What a user says of the model: whether one may be used, where, which, and how much.
 *
 * Nothing leaves this machine unless `allowRemote` says so: it is never true by default, and no task file can set it.
 */
import { FoundryError } from '../../base/errors.ts'

export interface ModelSettings {
  /** `auto`: where a server is found. */
  readonly use: 'auto' | 'off'
  /** Address of the server, with or without `/v1`; undefined: the usual places of this machine are asked. */
  readonly url: string | undefined
  /** Undefined: `modelDefault`, else whatever chat model is loaded. */
  readonly model: string | undefined
  /** Bytes of artifacts may go to another machine. */
  readonly allowRemote: boolean
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | undefined
  readonly deadlines: ModelDeadlines
  readonly budget: ModelBudget
}

export interface ModelDeadlines {
  /** From sending to the first word: a model may have to be loaded, and reads the whole prompt first. */
  readonly firstTokenMs: number
  /** Between two words. */
  readonly idleMs: number
  readonly totalMs: number
  /** Of one question about the server itself. */
  readonly probeMs: number
  /** Before a question that failed for a passing reason is sent once more. */
  readonly retryMs: number
}

export interface ModelBudget {
  /** Tokens in and out, of all bricks, a UTC day. */
  readonly tokensPerDay: number
  /** Of one offer of one brick, which is one commit of labels. */
  readonly tokensPerBrick: number
  readonly regionsPerBrick: number
}

export const modelDefault = 'qwen2.5-coder'
export const deadlinesDefault: ModelDeadlines = {
  firstTokenMs: 180_000,
  idleMs: 60_000,
  totalMs: 240_000,
  probeMs: 800,
  retryMs: 2_000,
}
export const budgetDefault: ModelBudget = { tokensPerDay: 1_000_000, tokensPerBrick: 150_000, regionsPerBrick: 64 }

/** What options and environment say; options go first. */
export interface ModelWish {
  readonly use?: 'auto' | 'off'
  readonly url?: string
  readonly model?: string
  readonly allowRemote?: boolean
}

/**
 * SFD_MODEL (a name, or `off`), SFD_MODEL_URL, SFD_MODEL_ALLOW_REMOTE=1, SFD_MODEL_TOKEN (else LM_API_TOKEN, which
 * goes to this machine alone). Error: USAGE where a value says nothing.
 */
export function modelSettings(env: Readonly<Record<string, string | undefined>>, wish: ModelWish = {}): ModelSettings {
  const named = nonEmpty(env['SFD_MODEL'])
  const use = wish.use ?? (named === 'off' && wish.model === undefined ? 'off' : 'auto')
  const allowRemote = wish.allowRemote ?? isYes('SFD_MODEL_ALLOW_REMOTE', env['SFD_MODEL_ALLOW_REMOTE'])
  return {
    use,
    url: wish.url ?? nonEmpty(env['SFD_MODEL_URL']),
    model: wish.model ?? (named === 'off' ? undefined : named),
    allowRemote,
    token: nonEmpty(env['SFD_MODEL_TOKEN']) ?? (allowRemote ? undefined : nonEmpty(env['LM_API_TOKEN'])),
    deadlines: deadlinesDefault,
    budget: budgetDefault,
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

function isYes(name: string, text: string | undefined): boolean {
  if (text === undefined || text === '' || text === '0' || text === 'no') return false
  if (text === '1' || text === 'yes') return true
  throw new FoundryError('USAGE', `${name} is ${JSON.stringify(text)}: set it to 1 or 0.`)
}
