/** Which model of which server is used: the one that was named, else the default one, else one that is loaded. */
import type { Endpoint } from './endpoint.ts'
import type { ServedModel, ServerLook } from './model-server.ts'
import { modelDefault } from './model-settings.ts'
import type { ServerKind } from './model-status.ts'

export interface ChosenModel {
  readonly endpoint: Endpoint
  readonly kind: ServerKind
  readonly id: string
  readonly isLoaded: boolean | undefined
  readonly contextTokens: number | undefined
  /** 1 .. parallelMax. */
  readonly parallel: number
}

export type Choice =
  | { readonly state: 'ready'; readonly model: ChosenModel; readonly reason: string }
  | { readonly state: 'unreachable' | 'no-model' | 'loading'; readonly reason: string }

/** Whatever a server offers: a model of this machine is not ours alone. */
export const parallelMax = 2

export interface Looked {
  readonly endpoint: Endpoint
  readonly look: ServerLook
}

/** `looks` in the order of preference; `wanted` undefined: nobody named one. */
export function chooseModel(looks: readonly Looked[], wanted: string | undefined): Choice {
  const name = wanted ?? modelDefault
  const offers = looks.flatMap(({ look }) =>
    look.kind === 'server' ? look.server.models.map((model) => ({ server: look.server, model })) : [],
  )
  const fitting = offers.filter(({ model }) => isNamed(model.id, name))
  const [best] = fitting.sort((a, b) => rank(a.model, name) - rank(b.model, name))
  const other = wanted === undefined ? offers.find(({ model }) => model.isChat && model.isLoaded === true) : undefined
  const offer = best ?? other
  if (offer === undefined) return missing(looks, name)
  const { model, server } = offer
  const { id, isLoaded, contextTokens } = model
  const parallel = Math.min(parallelMax, model.parallel ?? 1)
  const chosen = { endpoint: server.endpoint, kind: server.kind, id, isLoaded, contextTokens, parallel }
  const instead = best === undefined ? `${name} is not there, ${id} is loaded` : ''
  return {
    state: 'ready',
    model: chosen,
    reason: isLoaded === false ? 'not loaded yet: the first request loads it' : instead,
  }
}

/** Whether an id, such as `qwen/qwen2.5-coder-7b-instruct` or `/models/Qwen2.5-Coder-7B.gguf`, is a model of that name. */
export function isNamed(id: string, name: string): boolean {
  const [a, b] = [plainName(id), plainName(name)]
  if (a === b || id === name) return true
  const next = a.startsWith(b) ? a[b.length] : undefined
  return next !== undefined && !/[a-z0-9.]/.test(next)
}

/** Whether what a server says it answered with is what was asked of it. */
export function isSameModel(reported: string, requested: string): boolean {
  return isNamed(reported, requested) || isNamed(requested, reported)
}

/** Without publisher, folder, ending and tag of the newest: what people call it. */
function plainName(id: string): string {
  const base = id.slice(id.lastIndexOf('/') + 1)
  return base
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/:latest$/, '')
}

function rank({ id, isLoaded, isChat }: ServedModel, name: string): number {
  return (isChat ? 0 : 8) + (isLoaded === true ? 0 : 4) + (plainName(id) === plainName(name) ? 0 : 2)
}

function missing(looks: readonly Looked[], name: string): Choice {
  const loading = looks.find(({ look }) => look.kind === 'loading')
  if (loading !== undefined) return { state: 'loading', reason: `${loading.endpoint.origin} loads its model` }
  const servers = looks.flatMap(({ look }) => (look.kind === 'server' ? [look.server] : []))
  if (servers.length === 0) return { state: 'unreachable', reason: silence(looks) }
  const ids = servers.flatMap(({ models }) => models.map(({ id }) => id))
  const has = ids.length === 0 ? 'no model' : ids.slice(0, shownMax).join(', ')
  const more = ids.length > shownMax ? ` and ${ids.length - shownMax} more` : ''
  const where = servers.map(({ endpoint }) => endpoint.origin).join(', ')
  return { state: 'no-model', reason: `${where} has ${has}${more}, not ${name}` }
}

const shownMax = 5

/** What nobody named and nobody answers at is not worth a word each. */
function silence(looks: readonly Looked[]): string {
  const worth = looks.filter(({ endpoint, look }) => {
    return !endpoint.isGuess || (look.kind === 'none' && look.reason !== 'connection refused')
  })
  if (worth.length === 0)
    return `no model server on ports ${looks.map(({ endpoint }) => endpoint.port).join(', ')} of this machine`
  return worth
    .map(({ endpoint, look }) => `${endpoint.origin}: ${look.kind === 'none' ? look.reason : look.kind}`)
    .join('; ')
}
