/** `sfd model status | log | replay`: which model is there, what was asked of it, and asking the same again. */
import { rmSync } from 'node:fs'
import type { ChatQuestion } from '../analysis/model/chat.ts'
import type { DescribeParts } from '../analysis/model/describe-region.ts'
import type { Exchange } from '../analysis/model/exchange.ts'
import { FoundryError } from '../base/errors.ts'
import { systemTimers } from '../daemon/timers.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { catalogOf, type ModelOptions, wishOf, withModel, withModelOptions } from './model-tools.ts'
import { refuseClosedState } from './state.ts'
import { counted, grouped, pairs, shownText } from './text.ts'

const example = `
Without a model everything works but descriptions. One is used where a server of this machine has it (LM Studio, Ollama,
llama.cpp, vLLM); nothing goes to another machine unless you say so. SFD_MODEL=off turns it off.

Examples:
  sfd model status
  sfd model log
  sfd model log 20261122-2230
  sfd model replay 20261122-223014-3f9a`

interface LogOptions {
  readonly limit: string
  readonly clear?: boolean
}

export function addModel(shell: Shell): void {
  const group = shell.program
    .command('model')
    .description('the local model that describes: its state, what it was asked, the same question again')
    .helpCommand(false)
    .addHelpText('after', example)
  // Without a word: its status.
  const status = withModelOptions(
    group.command('status', { isDefault: true }).description('which server and model are there, and what is wrong'),
  )
  runs<ModelOptions>(shell, status, (call, { options }) => modelStatus(call, options))
  const log = group
    .command('log')
    .description('what was asked and answered, the newest last; with ID one exchange whole')
    .argument('[id]', 'as the list shows it, or how it begins')
    .option('--limit <count>', 'how many of the newest', '50')
    .option('--clear', 'delete what was recorded')
  runs<LogOptions>(shell, log, (call, { args, options }) => modelLog(call, args[0], options))
  const replay = withModelOptions(
    group
      .command('replay')
      .description('ask the same again, and compare; nothing of a brick changes')
      .argument('<id>', 'of the exchange'),
  )
  runs<ModelOptions>(shell, replay, (call, { args, options }) => modelReplay(call, args[0] as string, options))
}

/** Exit code 1 where none can be used. */
function modelStatus(call: Call, options: ModelOptions): Promise<ExitCode> {
  return withParts(call, options, async (parts) => {
    await parts.link.refreshed()
    const { statusOf } = await import('../analysis/model/model-status-of.ts')
    const { queued, running, described, failed, ...status } = statusOf(parts, noCounts)
    if (call.json) await call.output.json(status)
    else await call.output.text(statusText(status))
    return status.state === 'ready' ? exitCode.ok : exitCode.no
  })
}

const noCounts = { queued: 0, running: 0, described: 0, failed: 0 }

type ShownStatus = Omit<import('../analysis/model/model-status.ts').ModelStatus, keyof typeof noCounts>

function statusText({ state, reason, model, server, serverKind, contextTokens, tokensLeftToday }: ShownStatus): string {
  const rows: (readonly [string, string] | false)[] = [
    ['state', reason === '' ? state : `${state}: ${shownText(reason)}`],
    model !== null && ['model', shownText(model)],
    server !== null && ['server', `${shownText(server)} (${serverKind ?? 'other'})`],
    server !== null && ['context', contextTokens === null ? 'not told' : `${grouped(contextTokens)} tokens`],
    tokensLeftToday !== null && ['today', `${grouped(tokensLeftToday)} tokens left`],
  ]
  return pairs(rows.filter((row) => row !== false))
}

async function modelLog(call: Call, id: string | undefined, { limit, clear }: LogOptions): Promise<ExitCode> {
  const [{ ExchangeLog }, { modelFolder }] = await Promise.all([
    import('../analysis/model/exchange-log.ts'),
    import('../analysis/model/model-folder.ts'),
  ])
  const folder = modelFolder(call.state)
  if (clear === true) {
    rmSync(folder, { recursive: true, force: true })
    return exitCode.ok
  }
  const log = new ExchangeLog(folder)
  refuseClosedState(call.state)
  log.assertReadable()
  if (id !== undefined) {
    const exchange = exchangeOf(log.find(id), id)
    if (call.json) await call.output.json(exchange)
    else await call.output.text(exchangeText(exchange))
    return exitCode.ok
  }
  const countMax = Number(limit)
  if (!Number.isSafeInteger(countMax) || countMax < 1) throw new FoundryError('USAGE', `--limit ${limit} is no count.`)
  const newest: Exchange[] = []
  for (const exchange of log.newest()) if (newest.push(exchange) === countMax) break
  for (const exchange of newest.reverse()) {
    if (call.json) await call.output.json(exchange)
    else await call.output.text(`${line(exchange)}\n`)
  }
  if (newest.length === 0) call.warn('no model was asked anything yet')
  return exitCode.ok
}

function exchangeOf(found: Exchange | undefined, id: string): Exchange {
  if (found !== undefined) return found
  throw new FoundryError(
    'USAGE',
    `There is no exchange ${shownText(id)}, or several begin so: \`sfd model log\` lists them.`,
  )
}

function line({ id, outcome, tokensIn, tokensOut, milliseconds, brick, path, offset, reason }: Exchange): string {
  const place = [brick ?? '', path ?? '', offset === 0 ? '' : `0x${offset.toString(16)}`].filter((part) => part !== '')
  const cost = `${String(tokensIn + tokensOut).padStart(6)} tokens  ${(milliseconds / 1_000).toFixed(1).padStart(6)} s`
  return `${shownText(id)}  ${shownText(outcome).padEnd(14)}  ${cost}  ${shownText(place.join(' '))}  ${shownText(reason)}`.trimEnd()
}

function exchangeText(exchange: Exchange): string {
  const { question, answer, reason, ...rest } = exchange
  const rows = [
    ['id', rest.id],
    ['time', rest.time],
    [
      'about',
      `${rest.brick ?? ''} ${rest.path ?? ''} at ${rest.offset}, ${counted(rest.length, { one: 'byte', many: 'bytes' })}`,
    ],
    ['server', `${rest.server} (${rest.serverKind})`],
    ['model', `${question.model}; it says it is ${rest.modelReported ?? 'nothing'}`],
    ['prompt', `${rest.prompt}, schema ${rest.schema}`],
    ['outcome', reason === '' ? rest.outcome : `${rest.outcome}: ${reason}`],
    ['cost', `${rest.tokensIn} tokens in, ${rest.tokensOut} out, ${rest.milliseconds} ms`],
  ] as const
  const shown = pairs(rows.map(([name, value]) => [name, shownText(value)] as const))
  const texts = [
    ['Asked, system', question.system],
    ['Asked, user', question.user],
    ['Answered', answer],
  ] as const
  return shown + texts.map(([name, text]) => `\n${name}\n${indented(text)}`).join('')
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((each) => `  ${shownText(each)}`.trimEnd())
    .map((each) => `${each}\n`)
    .join('')
}

/** Exit code 1 where the answer is another one, or there is none. */
function modelReplay(call: Call, id: string, options: ModelOptions): Promise<ExitCode> {
  return withParts(call, options, async (parts) => {
    const exchange = exchangeOf(parts.log.find(id), id)
    const { model, state, reason } = await parts.link.refreshed(options.modelName)
    if (model === undefined) {
      call.warn(`no model can be asked (${state}: ${shownText(reason)})`)
      return exitCode.no
    }
    const again = await askAgain(call, { ...exchange.question, model: model.id }, parts)
    const before = wordsOf(exchange.answer)
    const isSame = again.text !== undefined && again.text === before
    const answer = { id: exchange.id, model: model.id, before, now: again.text ?? null, reason: again.reason, isSame }
    if (call.json) await call.output.json(answer)
    else await call.output.text(replayText(answer))
    return isSame ? exitCode.ok : exitCode.no
  })
}

interface Again {
  /** Undefined where it failed. */
  readonly text: string | undefined
  readonly reason: string
}

async function askAgain(call: Call, question: ChatQuestion, { link }: DescribeParts): Promise<Again> {
  const { ask } = await import('../analysis/model/chat.ts')
  const base = link.state().model?.endpoint.base ?? ''
  const { token, deadlines } = link.settings
  const { outcome } = await ask(question, { base, token, deadlines, timers: systemTimers, signal: call.signal })
  return outcome.kind === 'answered' ? { text: outcome.text, reason: '' } : { text: undefined, reason: outcome.message }
}

/** What the events of a recorded answer say, put together. */
function wordsOf(raw: string): string {
  const events = raw.split('\n').flatMap((each) => (each.startsWith('data:') ? [each.slice(5)] : []))
  let content = ''
  let reasoning = ''
  for (const event of events.length === 0 ? [raw] : events) {
    const { delta = {}, message = delta } = firstChoice(event)
    content += message.content ?? ''
    reasoning += message.reasoning_content ?? message.reasoning ?? ''
  }
  return content === '' ? reasoning : content
}

interface Words {
  readonly content?: string
  readonly reasoning_content?: string
  readonly reasoning?: string
}

function firstChoice(event: string): { readonly delta?: Words; readonly message?: Words } {
  try {
    return JSON.parse(event).choices?.[0] ?? {}
  } catch {
    return {}
  }
}

function replayText({
  before,
  now,
  reason,
  isSame,
  model,
}: {
  before: string
  now: string | null
  reason: string
  isSame: boolean
  model: string
}): string {
  const verdict = isSame ? 'The same answer.' : now === null ? `No answer now: ${reason}` : 'Another answer.'
  return `${shownText(verdict)} (${shownText(model)})\n\nBefore\n${indented(before)}${now === null || isSame ? '' : `\nNow\n${indented(now)}`}`
}

async function withParts(
  call: Call,
  options: ModelOptions,
  use: (parts: DescribeParts) => Promise<ExitCode>,
): Promise<ExitCode> {
  const catalog = catalogOf(call.state)
  try {
    return await withModel(call, { wish: wishOf(options), catalog }, use)
  } finally {
    catalog.close()
  }
}
