/**
 * Analyses files as they lie there, without a brick: the same labels from the same analyzers, of one version of each file.
 *
 * A file that changes while it is looked at is looked at again; one that keeps changing is told as such. The cache is
 * asked by content id, so what a brick has taught counts here, too.
 */
import type { EntryMeta } from '../base/entry.ts'
import type { ReportCache } from '../catalog/report-cache.ts'
import type { ReaderKind } from '../source/artifact.ts'
import type { Listed } from '../source/list.ts'
import { absolutePath } from '../source/open.ts'
import { type AnalysisPool, cancelled } from './analysis-pool.ts'
import type { AnalysisProgress } from './analyze-brick.ts'
import { analyzerSetVersion } from './analyzers.ts'
import { ContentDesk, type DeskAnswer } from './content-desk.ts'
import { type ContentJob, type ContentPlace, lookBytesMax, metaOf } from './content-job.ts'
import { engineName } from './detector.ts'
import { type EntryLabels, labelsOfEntry, type Problem } from './entry-labels.ts'
import type { Host } from './host.ts'
import { inOrder } from './in-order.ts'
import { boundsOf } from './labels-ahead.ts'
import { nameClassOf } from './name-class.ts'
import { reportKey } from './report-key.ts'
import { type AnalysisSummary, Tally } from './tally.ts'
import { pathBelow } from './tree-places.ts'

export interface LiveAnalysisOptions {
  /** Absolute path of what entry paths start from. */
  readonly root: Uint8Array
  readonly reader: ReaderKind
  readonly entries: Iterable<Listed>
  /** One entry as it is now; undefined where it is gone. */
  readonly again: (path: Uint8Array) => Listed | undefined
  readonly pool: AnalysisPool
  readonly cache: ReportCache
  readonly host: Host
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Pick<AnalysisProgress, 'entries' | 'bytes'>) => void
}

/** Nothing happens before it is iterated; once. Errors of the iteration: CANCELLED, and those of the listing. */
export function analyzeLive(options: LiveAnalysisOptions): LiveAnalysis {
  return new LiveAnalysis(options)
}

export class LiveAnalysis implements AsyncIterable<EntryLabels> {
  readonly #options: LiveAnalysisOptions
  readonly #host: Host
  readonly #desk: ContentDesk
  readonly #tally = new Tally()

  constructor(options: LiveAnalysisOptions) {
    this.#options = options
    this.#host = withEntries(options)
    this.#desk = new ContentDesk(options)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EntryLabels> {
    const { entries, pool, cache, signal, onProgress } = this.#options
    const done = { entries: 0, bytes: 0 }
    try {
      for await (const labels of inOrder(entries, (entry) => this.#label(entry), boundsOf(pool))) {
        if (signal.aborted) throw cancelled()
        done.entries++
        done.bytes += labels.meta.size
        onProgress?.(done)
        yield labels
      }
    } finally {
      cache.flush()
    }
  }

  /** Of what was iterated so far. */
  summary(): AnalysisSummary {
    return this.#tally.summary(analyzerSetVersion)
  }

  async #label(listed: Listed): Promise<EntryLabels> {
    const { root } = this.#options
    const host = this.#host
    const place = absolutePath({ root, path: listed.meta.path })
    const { meta, answer } = await this.#looked(listed, place)
    const problems: Problem[] = []
    const tell = (text: string): void => {
      problems.push({ analyzer: engineName, text })
    }
    if (meta.unreadable !== undefined) tell(`not read: ${meta.unreadable}`)
    if (answer?.kind === 'unreadable') tell(`not read: ${answer.why}`)
    if (answer?.kind === 'changed') tell(`it changed each of the ${looksMax} times that it was looked at`)
    const content = answer?.kind === 'report' ? answer.report : undefined
    const bytes = hasBytes(meta) ? 'own' : 'none'
    const labels = labelsOfEntry({ place, meta, content, problems, host, bytes })
    this.#tally.add(labels, answer?.kind === 'report' ? answer.was : 'none')
    return labels
  }

  async #looked(first: Listed, place: Uint8Array): Promise<{ meta: EntryMeta; answer: DeskAnswer | undefined }> {
    let listed = first
    for (let look = 1; ; look++) {
      const { meta } = listed
      if (!hasBytes(meta)) return { meta, answer: undefined }
      const answer = await this.#answer({ path: place, place: this.#placeOf(listed) })
      if (answer.kind !== 'changed' || look === looksMax) return { meta, answer }
      const now = this.#options.again(meta.path)
      if (now === undefined) return { meta, answer: { kind: 'unreadable', why: 'ENOENT', was: 'new' } }
      listed = now
    }
  }

  async #answer(job: ContentJob): Promise<DeskAnswer> {
    const { pool, signal } = this.#options
    // To name it by its content all of it would have to be read.
    if (metaOf(job.place).size > lookBytesMax) return this.#desk.report(undefined, job)
    const id = await pool.identify(job, signal)
    if (id.kind !== 'id') return { ...id, was: 'new' }
    const key = reportKey({ contentId: id.id, nameClass: nameClassOf(job.path), missing: [] })
    return this.#desk.report(key, job)
  }

  #placeOf({ meta, content }: Listed): ContentPlace {
    const { root, reader } = this.#options
    return content === undefined ? { kind: 'live', root, reader, meta } : { kind: 'bytes', bytes: content, meta }
  }
}

/** Rules that need another entry ask for it as it is now. */
function withEntries({ root, again, host }: LiveAnalysisOptions): Host {
  return {
    ...host,
    entryAt(place) {
      const path = pathBelow({ root, place })
      return path && again(path)?.meta
    },
  }
}

/** A file that changes more often than that keeps changing. */
const looksMax = 3

function hasBytes({ kind, size }: EntryMeta): boolean {
  return kind === 'file' && size > 0
}
