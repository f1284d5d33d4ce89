/**
 * That all of a brick was analysed, by what, and what came of it: kept in the catalog, so that asking again while nothing
 * changed costs nothing. What the brick holds is compared; nobody takes the catalog's word for it.
 */
import { createHash } from 'node:crypto'
import { analyzerSetVersion } from '../analysis/analyzers.ts'
import { isOfThisMachine } from '../analysis/own-machine.ts'
import { packagesStamp } from '../analysis/packages.ts'
import type { AnalysisSummary } from '../analysis/tally.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import { contentsName } from '../brick/meta-analysis.ts'
import type { ReportCache } from '../catalog/report-cache.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { ProblemList } from './analysis-screen.ts'

/** What cannot be read from the brick again without reading all of its regions. */
export interface Sealed {
  readonly summary: Omit<AnalysisSummary, 'placeless'>
  readonly problems: ProblemList
}

/** Undefined where something changed since, or it was not analysed whole. */
export function readSeal(view: BrickView, cache: ReportCache): Sealed | undefined {
  const { analysis } = view.meta
  const { contentRoot, metaHash } = contentsName(view.record)
  const isOfThese = analysis?.contentRoot === contentRoot && analysis.metaHash === metaHash
  if (!isOfThese || analysis.state !== 'whole' || analysis.version !== analyzerSetVersion) return undefined
  const kept = cache.get(sealKey(view)) as Kept | undefined
  if (kept === undefined) return undefined
  const first = kept.problems.map(({ placeHex, analyzer, text }) => {
    return { place: fromHex(placeHex) ?? new Uint8Array(0), problem: { analyzer, text } }
  })
  return { summary: { ...kept.summary, known: kept.summary.analysed }, problems: { count: kept.problemCount, first } }
}

export function writeSeal(view: BrickView, cache: ReportCache, { summary, problems }: Sealed): void {
  const { version, entries, analysed, known, bytes, unread, findings } = summary
  const kept: Kept = {
    summary: { version, entries, analysed, known, bytes, problems: summary.problems, unread, findings },
    problemCount: problems.count,
    problems: problems.first.map(({ place, problem }) => ({ placeHex: toHex(place), ...problem })),
  }
  cache.put(sealKey(view), kept)
}

interface Kept {
  readonly summary: Sealed['summary']
  readonly problemCount: number
  readonly problems: readonly { readonly placeHex: string; readonly analyzer: string; readonly text: string }[]
}

/** Of all that decides what is said: contents, analyzers, and what this machine says of packages. */
function sealKey(view: BrickView): Uint8Array {
  const { contentRoot, metaHash } = contentsName(view.record)
  const packages = isOfThisMachine(view) ? packagesStamp() : undefined
  const parts = ['sfd seal', toHex(view.record.uuid), contentRoot, metaHash, analyzerSetVersion, packages ?? 'none']
  return new Uint8Array(createHash('sha256').update(parts.join('\0')).digest())
}
