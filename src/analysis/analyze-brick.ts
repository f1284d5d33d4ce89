/**
 * Analyses a commit of a brick, entry by entry in the order of its space's map: what is known of a content is taken from
 * the cache, the rest is looked at in threads. Writes nothing: who wants labels in the brick makes a label commit of them.
 */
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { ReportCache } from '../catalog/report-cache.ts'
import { isUnread } from '../read/content.ts'
import { placeOnMachine } from '../read/findings.ts'
import { Forgotten } from '../read/forgotten.ts'
import { selectEntries } from '../read/select.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type AnalysisPool, cancelled } from './analysis-pool.ts'
import type { ContentReport } from './analyzer.ts'
import { analyzerSetVersion } from './analyzers.ts'
import { hasContent } from './brick-content.ts'
import { missingRuns } from './brick-missing.ts'
import { ContentDesk } from './content-desk.ts'
import { type BrickTicket, ticketOf } from './content-job.ts'
import { engineName } from './detector.ts'
import { type EntryLabels, labelsOfEntry, type Problem } from './entry-labels.ts'
import type { Host } from './host.ts'
import { inOrder } from './in-order.ts'
import { boundsOf } from './labels-ahead.ts'
import { nameClassOf } from './name-class.ts'
import { reportKey } from './report-key.ts'
import { type AnalysisSummary, Tally } from './tally.ts'
import { pathBelow } from './tree-places.ts'

export interface BrickAnalysisOptions {
  /** Its file stays open until the analysis has ended. */
  readonly view: BrickView
  readonly pool: AnalysisPool
  readonly cache: ReportCache
  /** Of the machine that the brick is of; `{ packages: undefined }` where that is another one. */
  readonly host: Host
  readonly signal: AbortSignal
  readonly onProgress?: (progress: AnalysisProgress) => void
  /** Only these entries, with all beneath; left out: all. */
  readonly only?: readonly Uint8Array[]
  /** Only these entries, and nothing beneath; those that are not there are passed over. */
  readonly just?: readonly Uint8Array[]
}

export interface AnalysisProgress {
  readonly entries: number
  readonly entriesTotal: number
  readonly bytes: number
  readonly bytesTotal: number
}

/** Nothing happens before it is iterated; once. Errors of the iteration: CANCELLED; BrickDamage where the map of entries is damaged. */
export function analyzeBrick(options: BrickAnalysisOptions): BrickAnalysis {
  return new BrickAnalysis(options)
}

export class BrickAnalysis implements AsyncIterable<EntryLabels> {
  readonly #options: BrickAnalysisOptions
  readonly #host: Host
  readonly #desk: ContentDesk
  readonly #ticket: BrickTicket
  readonly #forgotten: Forgotten
  readonly #tally = new Tally()

  constructor(options: BrickAnalysisOptions) {
    this.#options = options
    this.#host = withEntries(options)
    this.#desk = new ContentDesk(options)
    this.#ticket = ticketOf(options.view)
    this.#forgotten = new Forgotten(options.view)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EntryLabels> {
    const { view, pool, cache, signal, onProgress } = this.#options
    const { entries: entriesTotal, bytes: bytesTotal } = view.extras.counts
    const done = { entries: 0, bytes: 0 }
    try {
      for await (const labels of inOrder(this.#entries(), (entry) => this.#label(entry), boundsOf(pool))) {
        if (signal.aborted) throw cancelled()
        done.entries++
        done.bytes += labels.meta.size
        onProgress?.({ ...done, entriesTotal, bytesTotal })
        yield labels
      }
    } finally {
      pool.release(this.#ticket.id)
      cache.flush()
    }
  }

  /** Of what was iterated so far. */
  summary(): AnalysisSummary {
    return this.#tally.summary(analyzerSetVersion)
  }

  #entries(): Iterable<EntryRecord> {
    const { view, only = [], just } = this.#options
    if (just !== undefined) return just.flatMap((path) => view.entry(path) ?? [])
    return only.length === 0 ? view.entries() : selectEntries(view, only)
  }

  async #label(entry: EntryRecord): Promise<EntryLabels> {
    const { view } = this.#options
    const host = this.#host
    const place = placeOnMachine(view.meta, entry.path)
    const problems: Problem[] = []
    const looked = hasContent(entry) ? await this.#look(entry, place) : { kind: 'none' as const, why: [] }
    for (const text of looked.why) problems.push({ analyzer: engineName, text })
    const content = looked.kind === 'report' ? looked.report : undefined
    const bytes = entry.slot === undefined ? 'none' : 'own'
    const labels = labelsOfEntry({ place, meta: entry, content, problems, host, bytes })
    this.#tally.add(labels, looked.kind === 'report' ? looked.was : 'none')
    return labels
  }

  async #look(entry: EntryRecord, place: Uint8Array): Promise<Looked> {
    const { view } = this.#options
    if (isUnread(entry)) return { kind: 'none', why: [`not read: ${entry.unreadable ?? 'nobody knows why'}`] }
    try {
      const missing = missingRuns(view, entry, this.#forgotten)
      const missingBytes = missing.reduce((sum, { length }) => sum + length, 0)
      if (missingBytes >= entry.size) return { kind: 'none', why: ['none of its bytes are in the brick'] }
      const { contentId } = entry
      const key = contentId && reportKey({ contentId, nameClass: nameClassOf(place), missing })
      const job = { path: place, place: { kind: 'brick', ticket: this.#ticket, entry, missing } } as const
      const answer = await this.#desk.report(key, job)
      if (answer.kind !== 'report')
        return { kind: 'none', why: [answer.kind === 'unreadable' ? answer.why : 'it changed'] }
      const gap =
        missingBytes > 0 ? [`${missingBytes} of its bytes are not in the brick; they were taken for zeros`] : []
      const torn = entry.flags.torn ? ['it changed while it was read into the brick (torn)'] : []
      return { kind: 'report', report: answer.report, was: answer.was, why: [...gap, ...torn] }
    } catch (error) {
      if (error instanceof BrickDamage) return { kind: 'none', why: [`the brick is damaged: ${error.message}`] }
      throw error
    }
  }
}

/** Rules that need another entry find it in the same commit. */
function withEntries({ view, host }: BrickAnalysisOptions): Host {
  const { kind, source } = view.meta
  if (kind !== 'tree') return host
  return {
    ...host,
    entryAt(place) {
      const path = pathBelow({ root: source, place })
      return path && view.entry(path)
    },
  }
}

type Looked =
  | { readonly kind: 'none'; readonly why: readonly string[] }
  | {
      readonly kind: 'report'
      readonly report: ContentReport
      readonly was: 'new' | 'known'
      readonly why: readonly string[]
    }
