/** How many regions of a commit are labels, findings and problems: kept up by what comes and what goes. */
import { type Severity, severities } from '../base/region.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import type { MetaAnalysis } from '../brick/meta-analysis.ts'
import { type PageStore, scan } from '../brick/page-map.ts'
import { detectorOf, kindToCount } from '../brick/region-record.ts'
import { isModel } from './regions-before.ts'

export class RegionCounts {
  readonly findings: Record<Severity, number> = { info: 0, low: 0, medium: 0, high: 0, critical: 0 }
  problems = 0
  labels = 0
  /** Of the labels, those of a model. */
  described = 0

  /** Of all regions of a map. Errors: BrickDamage. */
  static of(pages: PageStore, root: MapRoot): RegionCounts {
    const counts = new RegionCounts()
    if (root.count === 0) return counts
    for (const { value } of scan(pages, 'regions', root)) counts.add(value, 1)
    return counts
  }

  /** A region's record, once more or once less. Errors: BrickDamage. */
  add(value: Uint8Array, by: 1 | -1): void {
    const detector = detectorOf(value)
    if (detector !== undefined) this.labels += by
    if (detector !== undefined && isModel(detector)) this.described += by
    const kind = kindToCount(value)
    if (kind === 'problem') this.problems += by
    else if (kind !== undefined) this.findings[kind] += by
  }

  /** That many more than there were; findings of entries without bytes are counted apart. */
  after(before: RegionTotals): RegionTotals {
    const findings = Object.fromEntries(
      severities.map((severity) => [severity, atLeast0(before.findings[severity] + this.findings[severity])]),
    ) as MetaAnalysis['findings']
    return {
      findings,
      problems: atLeast0(before.problems + this.problems),
      labels: atLeast0(before.labels + this.labels),
      described: atLeast0(before.described + this.described),
    }
  }
}

export interface RegionTotals extends Pick<MetaAnalysis, 'findings' | 'problems' | 'labels'> {
  readonly described: number
}

export function totalsOf({ findings, problems, labels, model }: MetaAnalysis): RegionTotals {
  return { findings, problems, labels, described: model.labelled }
}

/** What META says with these totals. */
export function withTotals<T extends Pick<MetaAnalysis, 'model'>>(
  analysis: T,
  { described, ...totals }: RegionTotals,
): T & Pick<MetaAnalysis, 'findings' | 'problems' | 'labels'> {
  return { ...analysis, ...totals, model: { ...analysis.model, labelled: described } }
}

/** Anyone may have written what was before. */
function atLeast0(count: number): number {
  return Math.max(0, count)
}
