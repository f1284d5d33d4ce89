/** The JSON questions to the server. Every answer is a value: a failed request says why and never throws. */

import type { Severity } from '../../base/region.ts'
import type {
  BricksAnswer,
  CommitsAnswer,
  DiffAnswer,
  ErrorAnswer,
  FindAnswer,
  FindingsAnswer,
  HeatAnswer,
  InspectAnswer,
  ModelStatusJson,
  OutlinesAnswer,
  RegionsAnswer,
  SeriesAnswer,
  TasksAnswer,
} from '../../wire/api.ts'
import type { NameKind, NamesAnswer, SearchForm } from '../../wire/search.ts'
import { timeLimit } from '../clock.ts'

export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  /** 401 or 403: there is no session. */
  | { readonly kind: 'unauthorized' }
  /** 404 or 410: the brick or that commit of it is gone. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'aborted' }

const timeoutMs = 15_000

/** Trades the token of the address for a session cookie. */
export async function openSession(token: string): Promise<Answer<undefined>> {
  try {
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
      signal: timeLimit(timeoutMs),
    })
    if (response.ok) return { kind: 'ok', value: undefined }
    return response.status < 500 ? { kind: 'unauthorized' } : { kind: 'failed', message: `HTTP ${response.status}` }
  } catch (cause) {
    return { kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) }
  }
}

export const getBricks = (signal?: AbortSignal) => getJson<BricksAnswer>('/api/bricks', signal)

export const findEntries = (query: string, signal: AbortSignal) =>
  getJson<FindAnswer>(`/api/find?q=${encodeURIComponent(query)}`, signal)

export const inspectAt = (place: { uuid: string; commit: string; offset: number }, signal: AbortSignal) =>
  getJson<InspectAnswer>(`/b/${place.uuid}/${place.commit}/at?offset=${place.offset}`, signal)

export const getOutlines = (
  range: { uuid: string; commit: string; from: number; to: number; min: number },
  signal: AbortSignal,
) =>
  getJson<OutlinesAnswer>(
    `/b/${range.uuid}/${range.commit}/outlines?from=${range.from}&to=${range.to}&min=${range.min}`,
    signal,
  )

/** Regions that touch [from, to) and are at least `min` bytes long. */
export const getRegions = (
  range: { uuid: string; commit: string; from: number; to: number; min: number; limit: number },
  signal: AbortSignal,
) => {
  const { uuid, commit, from, to, min, limit } = range
  const query = `start=${from}&end=${to}&min=${min}&limit=${limit}`
  return getJson<RegionsAnswer>(`/b/${uuid}/${commit}/regions?${query}`, signal)
}

/** What should be looked at in the newest commits of all bricks, the gravest first. */
export const getFindings = (asked: { severity: Severity; limit: number }, signal: AbortSignal) =>
  getJson<FindingsAnswer>(`/findings?severity=${asked.severity}&limit=${asked.limit}`, signal)

/** The same of one commit of one brick. */
export const getBrickFindings = (
  asked: { uuid: string; commit: string; severity: Severity; limit: number },
  signal: AbortSignal,
) => {
  const { uuid, commit, severity, limit } = asked
  return getJson<FindingsAnswer>(`/b/${uuid}/${commit}/findings?severity=${severity}&limit=${limit}`, signal)
}

export const getModel = (signal: AbortSignal) => getJson<ModelStatusJson>('/model', signal)

/** Names of symbols, or of what else is known of bytes, in the newest commits. */
export const findNames = (asked: { query: string; kind: NameKind; limit: number }, signal: AbortSignal) =>
  getJson<NamesAnswer>(`/search?q=${encodeURIComponent(asked.query)}&kind=${asked.kind}&limit=${asked.limit}`, signal)

/** Where a search through the bytes of a commit streams from; after `limit` hits it goes on to count. */
export function searchUrl(asked: {
  uuid: string
  commit: string
  query: string
  form: SearchForm
  from: number
  limit: number
}): string {
  const { uuid, commit, query, form, from, limit } = asked
  const options = `as=${form}&limit=${limit}&then=count&from=${from}`
  return `/b/${uuid}/${commit}/search?q=${encodeURIComponent(query)}&${options}`
}

/** Numbers of one entry over the commits; without names those that matter first. */
export const getSeries = (
  asked: { uuid: string; path?: string; pathHex?: string; names?: readonly string[] },
  signal: AbortSignal,
) => {
  const { uuid, path, pathHex = '', names = [] } = asked
  const entry = path === undefined ? `pathHex=${pathHex}` : `path=${encodeURIComponent(path)}`
  const wanted = names.map((name) => `&name=${encodeURIComponent(name)}`).join('')
  return getJson<SeriesAnswer>(`/b/${uuid}/series?${entry}${wanted}`, signal)
}

/** Retained commits before generation `before`, newest first. */
export const getCommits = (brick: { uuid: string; before?: number }) =>
  getJson<CommitsAnswer>(`/b/${brick.uuid}/commits${brick.before === undefined ? '' : `?before=${brick.before}`}`)

/** What is different in `commit`, seen from `from`. */
export const getDiff = (asked: { uuid: string; commit: string; from: string; limit: number }, signal?: AbortSignal) =>
  getJson<DiffAnswer>(`/b/${asked.uuid}/${asked.commit}/diff?from=${asked.from}&limit=${asked.limit}`, signal)

export const getHeat = (brick: { uuid: string; commit: string }, signal?: AbortSignal) =>
  getJson<HeatAnswer>(`/b/${brick.uuid}/${brick.commit}/heat`, signal)

export const getTasks = () => getJson<TasksAnswer>('/api/tasks')

async function getJson<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const limit = timeLimit(timeoutMs)
    const response = await fetch(path, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) })
    if (response.ok) return { kind: 'ok', value: (await response.json()) as T }
    if (response.status === 401 || response.status === 403) return { kind: 'unauthorized' }
    if (response.status === 404 || response.status === 410) return { kind: 'gone' }
    return { kind: 'failed', message: await errorMessage(response) }
  } catch (cause) {
    if (signal?.aborted) return { kind: 'aborted' }
    return { kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) }
  }
}

async function errorMessage(response: Response): Promise<string> {
  try {
    return ((await response.json()) as ErrorAnswer).error.message
  } catch {
    return `HTTP ${response.status}`
  }
}
