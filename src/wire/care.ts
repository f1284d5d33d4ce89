/** What the command line and the daemon say to each other about a brick's history: tags, compaction, forgetting. */
import type { PathText } from './api.ts'

/** POST /api/tag; answered with TagAnswer. */
export interface TagOrder {
  /** Of the brick. */
  readonly name: string
  readonly generation: number
  /** null takes the name away. */
  readonly tag: string | null
}

export interface TagAnswer {
  readonly generation: number
  readonly tag: string | null
  /** Of the commit that says so. */
  readonly newest: number
}

/** POST /api/compact with the name; answered with CompactAnswer. */
export interface CompactAnswer {
  readonly beforeBytes: number
  readonly afterBytes: number
  readonly commits: number
}

/** POST /api/forget; answered with ForgetAnswer. */
export interface ForgetOrder extends PathText {
  /** Of the brick; path or pathHex is that of the entry. */
  readonly name: string
}

export interface ForgetAnswer extends CompactAnswer {
  /** What is never read again. */
  readonly names: readonly PathText[]
  /** What shared tiles with it: old bytes of these are gone, too. */
  readonly alsoLost: readonly PathText[]
  /** What has the same content and keeps it. */
  readonly copies: readonly PathText[]
  /** Retained commits that held bytes of it. */
  readonly heldCommits: number
  readonly tiles: number
  /** What could not be taken away beside the brick, each a sentence; empty where all went. */
  readonly stays: readonly string[]
}

/** POST /api/analyze: analyses what is new of the brick, and says so in a commit; answered with AnalyzeAnswer. */
export interface AnalyzeOrder {
  /** Of the brick. */
  readonly name: string
}

export interface AnalyzeAnswer {
  /** Of the newest commit afterwards. */
  readonly generation: number
  /** Whether that commit is of this order: nothing was different otherwise. */
  readonly isNew: boolean
}
