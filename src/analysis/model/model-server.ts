/**
 * What one model server says of itself: which models it has, which are loaded, how much they take at once.
 *
 * `/v1/models` decides whether it is one at all; the servers' own interfaces add what that does not tell. Only GET, and
 * nothing of an artifact.
 */
import type { Endpoint } from './endpoint.ts'
import { getJson, type JsonAnswer } from './http-json.ts'
import { countOf, type JsonObject, objectOf, objectsOf, textOf } from './json-fields.ts'
import type { ServerKind } from './model-status.ts'
import type { Timers } from './timers.ts'

export interface ModelServer {
  readonly endpoint: Endpoint
  readonly kind: ServerKind
  readonly models: readonly ServedModel[]
}

export interface ServedModel {
  /** As requests name it. */
  readonly id: string
  /** Undefined where the server does not say. */
  readonly isLoaded: boolean | undefined
  /** Tokens of one request, of the loaded model; undefined where the server does not say. */
  readonly contextTokens: number | undefined
  /** Requests at once. */
  readonly parallel: number | undefined
  /** Not one for embeddings or pictures. */
  readonly isChat: boolean
}

export type ServerLook =
  | { readonly kind: 'server'; readonly server: ModelServer }
  | { readonly kind: 'loading'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string }

export interface LookParts {
  readonly token: string | undefined
  readonly probeMs: number
  readonly timers: Timers
  readonly signal: AbortSignal
}

/** Never throws. */
export async function lookAtServer(endpoint: Endpoint, parts: LookParts): Promise<ServerLook> {
  const get = (path: string): Promise<JsonAnswer> =>
    getJson({ url: `${endpoint.origin}${path}`, deadlineMs: parts.probeMs, ...parts })
  const listed = await get('/v1/models')
  if (listed.kind === 'status') return refused(listed)
  if (listed.kind !== 'json') return { kind: 'none', reason: listed.reason }
  const rows = objectOf(listed.value)?.['data']
  if (!Array.isArray(rows)) return { kind: 'none', reason: 'what answers there is no model server' }
  const plain = objectsOf(rows).slice(0, modelsMax).flatMap(plainModel)
  const isVllm = objectsOf(rows).some((row) => row['owned_by'] === 'vllm')
  if (isVllm) return found(endpoint, 'vllm', plain)
  return (await native(get, plain, endpoint)) ?? found(endpoint, 'other', plain)
}

const modelsMax = 1_000
const idLengthMax = 512

/** The servers' own interfaces; the first that answers as itself is it. */
async function native(
  get: (path: string) => Promise<JsonAnswer>,
  plain: readonly ServedModel[],
  endpoint: Endpoint,
): Promise<ServerLook | undefined> {
  const [v1, v0, ps, props] = await Promise.all([
    get('/api/v1/models'),
    get('/api/v0/models'),
    get('/api/ps'),
    get('/props'),
  ])
  const newer = v1.kind === 'json' ? objectOf(v1.value)?.['models'] : undefined
  if (Array.isArray(newer)) return found(endpoint, 'lm-studio', objectsOf(newer).flatMap(lmStudioModel))
  const older = v0.kind === 'json' ? objectOf(v0.value)?.['data'] : undefined
  if (Array.isArray(older)) return found(endpoint, 'lm-studio', objectsOf(older).flatMap(olderLmStudioModel))
  const running = ps.kind === 'json' ? objectOf(ps.value)?.['models'] : undefined
  if (Array.isArray(running)) return found(endpoint, 'ollama', plain.map(ollamaModel(objectsOf(running))))
  const said = props.kind === 'json' ? objectOf(props.value) : undefined
  if (said?.['default_generation_settings'] !== undefined) {
    return found(endpoint, 'llama.cpp', plain.map(llamaModel(said)))
  }
  if (props.kind === 'status' && isLoading(props.value)) return { kind: 'loading', reason: 'it loads its model' }
  return undefined
}

function found(endpoint: Endpoint, kind: ServerKind, models: readonly ServedModel[]): ServerLook {
  return { kind: 'server', server: { endpoint, kind, models } }
}

function refused({ status, value }: { readonly status: number; readonly value: unknown }): ServerLook {
  if (status === 503 && isLoading(value)) return { kind: 'loading', reason: 'it loads its model' }
  if (status === 401 || status === 403) {
    return { kind: 'none', reason: `it wants a token (HTTP ${status}): set SFD_MODEL_TOKEN` }
  }
  return { kind: 'none', reason: `it answered HTTP ${status}` }
}

function isLoading(value: unknown): boolean {
  const error = objectOf(objectOf(value)?.['error'])
  return /loading/i.test(textOf(error?.['message']) ?? '')
}

function plainModel(row: JsonObject): ServedModel[] {
  const id = textOf(row['id'])
  if (id === undefined || id.length > idLengthMax) return []
  const contextTokens = countOf(row['max_model_len'])
  // vLLM, and llama.cpp, list what they serve; others list what they could load.
  const isLoaded = row['owned_by'] === 'vllm' ? true : undefined
  return [{ id, isLoaded, contextTokens, parallel: isLoaded ? vllmParallel : undefined, isChat: isChatName(id) }]
}

/** It batches as it goes and names no number. */
const vllmParallel = 2

function lmStudioModel(row: JsonObject): ServedModel[] {
  const id = textOf(row['key'])
  if (id === undefined || id.length > idLengthMax) return []
  const [instance] = objectsOf(row['loaded_instances'])
  const config = objectOf(instance?.['config'])
  return [
    {
      id,
      isLoaded: instance !== undefined,
      contextTokens: countOf(config?.['context_length']),
      parallel: countOf(config?.['parallel']),
      isChat: row['type'] !== 'embedding' && isChatName(id),
    },
  ]
}

function olderLmStudioModel(row: JsonObject): ServedModel[] {
  const id = textOf(row['id'])
  if (id === undefined || id.length > idLengthMax) return []
  const isLoaded = row['state'] === 'loaded'
  return [
    {
      id,
      isLoaded,
      contextTokens: isLoaded ? countOf(row['loaded_context_length']) : undefined,
      parallel: undefined,
      isChat: row['type'] !== 'embeddings' && isChatName(id),
    },
  ]
}

function ollamaModel(running: readonly JsonObject[]): (model: ServedModel) => ServedModel {
  return (model) => {
    const row = running.find(({ name, model: id }) => name === model.id || id === model.id)
    return { ...model, isLoaded: row !== undefined, contextTokens: countOf(row?.['context_length']), parallel: 1 }
  }
}

function llamaModel(said: JsonObject): (model: ServedModel) => ServedModel {
  const context = countOf(objectOf(said['default_generation_settings'])?.['n_ctx'])
  return (model) => ({ ...model, isLoaded: true, contextTokens: context, parallel: countOf(said['total_slots']) })
}

function isChatName(id: string): boolean {
  return !/embed|rerank|whisper|bge-|clip/i.test(id)
}
