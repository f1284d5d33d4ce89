/** What is said of the model everywhere: command line, server, map, META. */
import type { ModelState } from '../../brick/meta-analysis.ts'

export type { ModelState }

export interface ModelStatus {
  readonly state: ModelState
  /** Why it is so, for a person; empty where there is nothing to say. */
  readonly reason: string
  /** The one that is asked for, or that answers; null: none. */
  readonly model: string | null
  /** Base address of its server, without user and password; null: none is known. */
  readonly server: string | null
  readonly serverKind: ServerKind | null
  /** Tokens of one request that it can take; null where the server does not say. */
  readonly contextTokens: number | null
  /** Requests that the server takes at once, as far as it says; at most 2 are used. */
  readonly parallel: number
  readonly queued: number
  readonly running: number
  /** Since this program began. */
  readonly described: number
  readonly failed: number
  /** Null: no bound. */
  readonly tokensLeftToday: number | null
}

export const serverKinds = ['lm-studio', 'ollama', 'llama.cpp', 'vllm', 'other'] as const
export type ServerKind = (typeof serverKinds)[number]
