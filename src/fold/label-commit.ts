/**
 * A commit that only says more of the same contents: what analyzers or a model found, as regions with a detector, and
 * META's `analysis` (spec 8.3, 8.4). Hashes, entries and slots are those of the commit before.
 *
 * What the source itself said stays; what is said of an entry whose content is another by now is left out.
 */
import { must } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { type Region, severities } from '../base/region.ts'
import { analysisJson, type MetaAnalysis, type PlacelessFinding, storedAnalysis } from '../brick/meta-analysis.ts'
import { problemClass } from '../brick/region-record.ts'
import type { Head } from '../store/brick-file.ts'
import type { BrickView } from '../store/brick-view.ts'
import { diskError } from '../store/disk-error.ts'
import { contentsText } from '../store/past-contents.ts'
import type { OpenBrick } from './open-brick.ts'
import { RegionCounts, type RegionTotals, totalsOf, withTotals } from './region-counts.ts'
import type { SaidOfEntry } from './region-plan.ts'
import { writeLabels } from './regions.ts'

/** What is said of one entry; all that analyzers said of it before goes, and what a model said where it says anything. */
export interface EntryLabels extends SaidOfEntry {
  /** What was not looked at, and why; each becomes a region of the whole entry, beside `regions`. */
  readonly problems?: readonly { readonly analyzer: string; readonly text: string }[]
}

export interface LabelRequest {
  /** Entries that are not named keep what they have. Each at most once. */
  readonly labels: Iterable<EntryLabels>
  /** What is known of the brick as a whole. Findings, problems and labels are counted here: what it says of them does not matter. */
  readonly analysis: Omit<MetaAnalysis, 'findings' | 'problems' | 'labels'>
  readonly time: Timestamp
  /** The commit that was looked at; left out: the newest. */
  readonly of?: BrickView
}

export const labelReason = 'analysed'

/** Undefined where the brick says all that already, or has no commit. Errors: DISK_*, BRICK_DAMAGED; then it must be closed. */
export function labelCommit(brick: OpenBrick, request: LabelRequest): Head | undefined {
  const { writer, model } = brick
  const { head, meta } = writer
  if (head === undefined || meta === undefined) return undefined
  try {
    const { labels, analysis, time } = request
    const { analysis: known } = meta
    const before = known === undefined ? RegionCounts.of(writer.pages, head.record.regions) : totalsOf(known)
    const written = writeLabels(writer, model, trueLabels(brick, labels, request.of))
    const totals = withoutPlaceless(before, meta.analysis?.placeless ?? [])
    const said = storedAnalysis(withTotals(analysis, withPlaceless(written.counts.after(totals), analysis)))
    if (written.isSame && meta.analysis !== undefined && saysTheSame(said, meta.analysis)) return undefined
    const { extras } = writer.file.commit(head.commit, head.record)
    const { length, height, root, topOverview, entries, slots, contentRoot, treeHash, metaHash } = head.record
    return writer.commit({
      time,
      ...{ length, height, root, topOverview, entries, slots, contentRoot, treeHash, metaHash },
      regions: written.root,
      meta,
      analysis: said,
      replacedBytes: written.replacedBytes,
      extras: { reason: labelReason, dirty: [], dirtyTiles: 0, counts: extras.counts },
    })
  } catch (error) {
    throw diskError(writer.file.path, error)
  }
}

/** Labels of contents that the brick still has. */
function* trueLabels(
  { model, writer }: OpenBrick,
  labels: Iterable<EntryLabels>,
  view: BrickView | undefined,
): Generator<SaidOfEntry> {
  const isNow = view === undefined || contentsText(view.record) === contentsText(must(writer.head, 'a head').record)
  for (const label of labels) {
    const entry = model.get(label.path)
    if (entry === undefined) continue
    const then = isNow ? entry.contentId : view.entry(label.path)?.contentId
    const isTrue = isNow || (then !== undefined && entry.contentId !== undefined && equalBytes(then, entry.contentId))
    if (!isTrue) continue
    const { path, regions, described } = label
    yield {
      path,
      ...(regions && { regions: [...regions, ...problemRegions(label, entry.size)] }),
      ...(described && { described }),
    }
  }
}

function problemRegions({ problems = [] }: EntryLabels, size: number): Region[] {
  return problems.map(({ analyzer, text }) => ({
    ...{ offset: 0, length: size, layer: 0, class: problemClass },
    name: text,
    detector: analyzer,
  }))
}

function withPlaceless(totals: RegionTotals, { placeless }: Pick<MetaAnalysis, 'placeless'>): RegionTotals {
  return { ...totals, findings: shifted(totals.findings, placeless, 1) }
}

function withoutPlaceless(totals: RegionTotals, placeless: readonly PlacelessFinding[]): RegionTotals {
  return { ...totals, findings: shifted(totals.findings, placeless, -1) }
}

function shifted(
  counts: MetaAnalysis['findings'],
  placeless: readonly PlacelessFinding[],
  by: 1 | -1,
): MetaAnalysis['findings'] {
  const shown = { ...counts }
  for (const { finding } of placeless) shown[finding.severity] = Math.max(0, shown[finding.severity] + by)
  return Object.fromEntries(severities.map((severity) => [severity, shown[severity]])) as MetaAnalysis['findings']
}

/** But for the generation, which another commit of the same contents has, and for how a model is doing. */
function saysTheSame(a: MetaAnalysis, b: MetaAnalysis): boolean {
  const text = (analysis: MetaAnalysis): string =>
    JSON.stringify(analysisJson({ ...analysis, generation: 0, model: { state: 'off', labelled: 0 } }))
  return text(a) === text(b)
}
