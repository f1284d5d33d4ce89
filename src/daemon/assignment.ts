/** What is to be kept as one brick, and how: said on the command line, by a task, or by a brick that is there already. */
import { displayPath } from '../base/bytes.ts'
import { isOfSource, type Source, sourceName } from '../source/open.ts'
import type { MemoryChoice } from '../source/open-artifact.ts'

export interface Assignment {
  readonly source: Source
  /** How people call the brick. */
  readonly name: string
  readonly brickPath: Uint8Array
  /** The task that says so; null where the command line does. */
  readonly taskId: string | null
  readonly rules: KeepingRules
}

export interface KeepingRules {
  /** Globs; files that match none are left out where there are any. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Files beyond that many are left out and counted. */
  readonly maxFiles: number | null
  /** Where the source gives no events; null: the default. Milliseconds. */
  readonly pollMs: number | null
  /** `once`: folded when the rules are new, then left. */
  readonly follow: 'always' | 'once'
  readonly retention: { readonly last: number; readonly hourly: number; readonly daily: number } | null
  /** Of a process: what is read beside the default; null: nothing. */
  readonly memory: MemoryChoice | null
  readonly analysis: AnalysisRules
}

export interface AnalysisRules extends ModelRules {
  /** `asked`: it is not analysed by itself. */
  readonly when: 'always' | 'asked'
}

export interface ModelRules {
  /** Null: the default one. */
  readonly model: string | null
  /** A commit; null: the default. */
  readonly maxTokens: number | null
}

export const usualAnalysis: AnalysisRules = { when: 'always', model: null, maxTokens: null }

/** A bare command line. */
export function plainRules(exclude: readonly string[]): KeepingRules {
  return {
    include: [],
    exclude,
    maxFiles: null,
    pollMs: null,
    follow: 'always',
    retention: null,
    memory: null,
    analysis: usualAnalysis,
  }
}

/** Named twice is followed once. */
export function eachOnce(sources: readonly Source[]): Source[] {
  const isSame = (a: Source, b: Source): boolean => isOfSource({ kind: a.kind, source: sourceName(a) }, b)
  return sources.filter((source, index) => sources.findIndex((other) => isSame(other, source)) === index)
}

export function shownSource(source: Source): string {
  return displayPath(sourceName(source))
}
