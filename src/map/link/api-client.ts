/** The JSON questions to the server. Every answer is a value: a failed request says why and never throws. */

import type {
  BricksAnswer,
  CommitsAnswer,
  DiffAnswer,
  ErrorAnswer,
  FindAnswer,
  HeatAnswer,
  InspectAnswer,
  OutlinesAnswer,
  TasksAnswer,
} from '../../wire/api.ts'
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
