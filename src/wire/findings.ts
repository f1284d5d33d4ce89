/**
 * The wire's shapes of what analyzers said: findings over all bricks, what is known of an analysis, and the page that
 * explains one place. Part of api.ts, which gives them out; the same rules hold. Names, titles, evidence and descriptions
 * are data that anyone may have written: shown as text, never as anything else. Secrets in them are masked.
 */
import type { Finding, JsonValue, Severity } from '../base/region.ts'
import type { ModelState, SeverityCounts } from '../brick/meta-analysis.ts'
import type { PathText } from './api.ts'
import type { RegionJson } from './regions.ts'

/** One finding at one place of one brick. Its entry is `path` or `pathHex`, relative to the brick's source. */
export interface FindingJson extends PathText {
  readonly uuid: string
  /** Name of the brick. */
  readonly brick: string
  /** The commit that it is read from: the newest one, or the one that was asked for. */
  readonly commit: string
  readonly generation: number
  /** Absolute path of the entry, escaped for display. */
  readonly place: string
  /** Kind of the entry: `file`, `directory`, .. */
  readonly kind: string
  /** Position in the brick's space; null: the entry owns no bytes, and the finding is about its owner, mode or place. */
  readonly start: number | null
  /** Bytes from the beginning of the entry's content; 0 where `start` is null. */
  readonly offset: number
  readonly length: number
  /** The title. */
  readonly name: string
  readonly attributes?: { readonly [key: string]: JsonValue }
  readonly finding: Finding
  readonly detector?: string
  /** `finding.check` with the entry's absolute path in the place of FILE, quoted for a shell. */
  readonly command?: string
  /** Stays the same over commits while the finding does: of rule, place and title, 32 hex digits. */
  readonly fingerprint: string
  /** Somebody has looked at it and accepts it: why, and since when (RFC 3339). Not counted in `counts` and `rules`. */
  readonly accepted?: { readonly reason: string; readonly at: string }
}

/**
 * GET /findings?severity=&rule=&brick=&from=&limit=&accepted= : of all bricks, at their newest commits; the gravest first, then the
 * surest, then by brick, path and place. `severity` is the mildest that is wanted (default `low`), `brick` a uuid, `rule` a rule's
 * name, `from` (default 0) how many are left out at the beginning, `limit` 1 .. findingsMax (default 200).
 * GET /b/{uuid}/{commit}/findings with the same of one commit, `brick` excepted.
 */
export interface FindingsAnswer {
  readonly findings: readonly FindingJson[]
  /** All that match, whatever `from` and `limit`. */
  readonly total: number
  /** Of all that match but for `severity`: what one would see with another. */
  readonly counts: SeverityCounts
  /** Of the same, those that are accepted: not in `findings` but with `accepted=1`, then last. */
  readonly acceptedCount: number
  /** Of the same, the most frequent rules first; at most `findingRulesMax`. */
  readonly rules: readonly { readonly rule: string; readonly severity: Severity; readonly count: number }[]
  /** What was looked at. */
  readonly bricks: readonly AnalysedBrick[]
}
export const findingsMax = 1_000
export const findingRulesMax = 200

export interface AnalysedBrick {
  readonly uuid: string
  readonly name: string
  readonly commit: string
  readonly generation: number
  /** Null: not analysed yet, or not at all. */
  readonly analysis: AnalysisJson | null
  /** The brick has more findings than are read: the counts are too low. */
  readonly truncated?: true
  /** Its regions cannot be read: it has findings that are not here. */
  readonly damaged?: true
}

/** What a commit says of its analysis, from META. */
export interface AnalysisJson {
  /** Analyzers and their versions, `name/version` and spaces. */
  readonly version: string
  /** Of the commit whose contents were analysed. */
  readonly generation: number
  /** `stale`: contents changed since, and what is said of them is not there yet. */
  readonly state: 'current' | 'stale'
  readonly entries: number
  readonly analysed: number
  /** Contents of which something could not be looked at. */
  readonly problems: number
  readonly findings: SeverityCounts
  readonly model: { readonly state: ModelState; readonly reason?: string; readonly labelled: number }
}

/**
 * GET /b/{uuid}/{commit}/explain?path= (or pathHex=) or ?position= : what that entry, or the byte at that position of the
 * brick's space, is, as far as the commit says. Deterministic; what a model said is marked.
 */
export interface ExplainAnswer {
  readonly uuid: string
  readonly brick: string
  readonly commit: string
  readonly generation: number
  /** Null where no entry owns the position. */
  readonly entry: ExplainedEntry | null
  /** What was asked for: from the beginning of the content; null where the whole entry was. */
  readonly offset: number | null
  /** What the byte lies in, innermost first; of a whole entry what covers all of it. At most `inspectRegionsMax`. */
  readonly regions: readonly RegionJson[]
  /** The entry's structure: the largest of its segments and sections, by start; at most `explainOutlineMax`. */
  readonly outline: readonly RegionJson[]
  /** How many regions of each class the entry has, the most frequent first. */
  readonly classes: readonly { readonly class: string; readonly count: number }[]
  /** Findings of the entry, the gravest first; at most `explainFindingsMax`. */
  readonly findings: readonly FindingJson[]
  /** Some parts are not all that there is. */
  readonly truncated: boolean
  /** How one sees the same with public tools, each with what for; quoted for a shell, not run by anybody. */
  readonly commands: readonly { readonly command: string; readonly shows: string }[]
  readonly description: ModelDescription | null
  readonly analysis: AnalysisJson | null
  /** Its regions cannot be read. */
  readonly damaged?: true
}
export const explainOutlineMax = 256
export const explainFindingsMax = 100

export interface ExplainedEntry extends PathText {
  /** Absolute, escaped for display. */
  readonly place: string
  readonly kind: string
  readonly size: number
  readonly mode: string
  readonly owner: string
  readonly mtime: string
  readonly contentId: string | null
  readonly slot: { readonly start: number; readonly length: number } | null
  /** As file(1) would say it; null where it was not recognised. */
  readonly type: string | null
}

/** What a model said of a region: a description that nobody has verified. */
export interface ModelDescription {
  /** Plain text. */
  readonly text: string
  /** As the server named it. */
  readonly model: string
  readonly confidence: number
  /** The region that it is about. */
  readonly region: RegionJson
}
