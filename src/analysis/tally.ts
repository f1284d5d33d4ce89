/** Counts over what was said of many entries: what a summary and META tell. */
import { gravityOf, type Severity } from '../base/region.ts'
import { noFindings, type PlacelessFinding, placelessMax, type SeverityCounts } from '../brick/meta-analysis.ts'
import { engineName } from './detector.ts'
import type { EntryLabels } from './entry-labels.ts'

export interface AnalysisSummary {
  /** Of the set of analyzers. */
  readonly version: string
  /** Entries that were looked at, whatever they are. */
  readonly entries: number
  /** Contents that were looked at; names of one inode count once. */
  readonly analysed: number
  /** Of those, how many had been looked at before, here or elsewhere. */
  readonly known: number
  /** Of contents. */
  readonly bytes: number
  /** Entries of which something could not be looked at. */
  readonly problems: number
  /** Of those, how many have bytes that could not be read, or that changed while they were read. */
  readonly unread: number
  readonly findings: SeverityCounts
  /** The gravest first, bounded. */
  readonly placeless: readonly PlacelessFinding[]
}

export class Tally {
  #entries = 0
  #analysed = 0
  #known = 0
  #bytes = 0
  #problems = 0
  #unread = 0
  readonly #findings: Record<Severity, number> = { ...noFindings }
  #placeless: PlacelessFinding[] = []

  add(labels: EntryLabels, content: 'none' | 'new' | 'known'): void {
    this.#entries++
    if (content !== 'none') {
      this.#analysed++
      this.#bytes += labels.meta.size
    }
    if (content === 'known') this.#known++
    if (labels.problems.length > 0) this.#problems++
    if (labels.problems.some(({ analyzer }) => analyzer === engineName)) this.#unread++
    for (const { finding } of labels.regions) if (finding !== undefined) this.#findings[finding.severity]++
    for (const each of labels.placeless) {
      this.#findings[each.finding.severity]++
      this.#placeless.push({ path: labels.path, ...each })
    }
    if (this.#placeless.length > 2 * placelessMax) this.#placeless = gravest(this.#placeless)
  }

  summary(version: string): AnalysisSummary {
    return {
      version,
      entries: this.#entries,
      analysed: this.#analysed,
      known: this.#known,
      bytes: this.#bytes,
      problems: this.#problems,
      unread: this.#unread,
      findings: { ...this.#findings },
      placeless: gravest(this.#placeless),
    }
  }
}

/** Of equal ones the order stays. */
function gravest(all: readonly PlacelessFinding[]): PlacelessFinding[] {
  return [...all].sort((a, b) => gravityOf(b.finding) - gravityOf(a.finding)).slice(0, placelessMax)
}
