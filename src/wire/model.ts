/** The wire's shape of the model's status. Part of api.ts, which gives it out; the same rules hold. */
import type { ModelState } from '../brick/meta-analysis.ts'

/** GET /model */
export interface ModelStatusJson {
  readonly state: ModelState
  /** Why it is so, for a person; empty where there is nothing to say. */
  readonly reason: string
  /** The one that is asked for, or that answers; null: none. */
  readonly model: string | null
  /** Base address of its server, without user and password; null: none is known. */
  readonly server: string | null
  /** `lm-studio`, `ollama`, `llama.cpp`, `vllm`, `other`; null: none is known. */
  readonly serverKind: string | null
  /** Tokens of one request that it can take; null where the server does not say. */
  readonly contextTokens: number | null
  /** Requests that are made at once. */
  readonly parallel: number
  /** Requests that wait, and that run. */
  readonly queued: number
  readonly running: number
  /** Since the daemon began. */
  readonly described: number
  readonly failed: number
  /** What is left of today's budget; null: no bound. */
  readonly tokensLeftToday: number | null
}
