/** One place to ask for the report on a content: kept ones first, else a thread; the same content is never looked at twice at once. */
import { bytesKey } from '../base/bytes.ts'
import type { ReportCache } from '../catalog/report-cache.ts'
import type { AnalysisPool } from './analysis-pool.ts'
import type { ContentReport } from './analyzer.ts'
import type { ContentAnswer, ContentJob } from './content-job.ts'

export interface ContentDeskParts {
  readonly pool: Pick<AnalysisPool, 'analyze'>
  readonly cache: ReportCache
  readonly signal: AbortSignal
}

export type DeskAnswer = ContentAnswer & { readonly was: 'new' | 'known' }

export class ContentDesk {
  readonly #parts: ContentDeskParts
  readonly #underWay = new Map<string, Promise<ContentAnswer>>()

  constructor(parts: ContentDeskParts) {
    this.#parts = parts
  }

  /** `key`: undefined where the content has no name to be kept by. Error: CANCELLED. */
  async report(key: Uint8Array | undefined, job: ContentJob): Promise<DeskAnswer> {
    const { pool, cache, signal } = this.#parts
    if (key === undefined) return { ...(await pool.analyze(job, signal)), was: 'new' }
    const kept = cache.get(key) as ContentReport | undefined
    if (kept !== undefined) return { kind: 'report', report: kept, was: 'known' }
    const name = bytesKey(key)
    const other = this.#underWay.get(name)
    if (other !== undefined) return { ...(await other), was: 'known' }
    const asked = pool.analyze(job, signal)
    this.#underWay.set(name, asked)
    try {
      const answer = await asked
      if (answer.kind === 'report') cache.put(key, answer.report, answer.report.interrupted ? 'part' : 'whole')
      return { ...answer, was: 'new' }
    } finally {
      this.#underWay.delete(name)
    }
  }
}
