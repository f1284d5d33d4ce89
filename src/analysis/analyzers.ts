/**
 * All analyzers in the order in which they run, and the text that names this set: where it differs, what was kept of a
 * content counts no more.
 *
 * Loaded by analysis threads, and by those who need the version: what is large or compiled belongs into `prepare`.
 */
import type { ContentAnalyzer, EntryAnalyzer } from './analyzer.ts'
import { bytesAnalyzers } from './bytes/analyzers.ts'
import { detectorOf } from './detector.ts'
import { elfAnalyzers } from './elf/analyzers.ts'
import { policyContentAnalyzers, policyEntryAnalyzers } from './policy/analyzers.ts'

/** What came first may not depend on what comes later: each sees the subject, none sees another's report. */
export const contentAnalyzers: readonly ContentAnalyzer[] = [
  ...bytesAnalyzers,
  ...elfAnalyzers,
  ...policyContentAnalyzers,
]

/** Run on every entry, after its content. */
export const entryAnalyzers: readonly EntryAnalyzer[] = [...policyEntryAnalyzers]

/** Raised where the engine itself says something else of the same content. */
const engineVersion = 2

/** `engine/1 elf/1 hardening/2 ...`: of content analyzers, whose reports are kept. */
export const contentSetVersion = versionText([{ name: 'engine', version: engineVersion }, ...contentAnalyzers])

/** The same of all: what a label commit says it was made with. */
export const analyzerSetVersion = versionText([
  { name: 'engine', version: engineVersion },
  ...contentAnalyzers,
  ...entryAnalyzers,
])

function versionText(set: readonly { readonly name: string; readonly version: number }[]): string {
  return set.map(detectorOf).join(' ')
}
