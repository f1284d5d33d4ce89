/** What an analysis of this process works with: threads, and what is known of contents from before. */
import { join } from 'node:path'
import { AnalysisPool } from '../analysis/analysis-pool.ts'
import { openCatalog, temporaryCatalog } from '../catalog/catalog-db.ts'
import { openReportCache, type ReportCache } from '../catalog/report-cache.ts'
import { lookAt } from '../store/look-at.ts'
import type { Wish } from './analyze-wish.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'

export interface AnalysisTools {
  readonly pool: AnalysisPool
  readonly cache: ReportCache
}

/** Reports are kept in the state's catalog where there is a state; a command that looks makes none. */
export async function withTools<T>(
  call: Call,
  { keep }: Pick<Wish, 'keep'>,
  use: (tools: AnalysisTools) => Promise<T>,
): Promise<T> {
  const isKept = keep === 'what is found' && hasState(call)
  const catalog = isKept ? openCatalog(catalogPath(call), ({ message }) => call.warn(message)) : temporaryCatalog()
  const cache = openReportCache(catalog, isKept ? {} : { bytesMax: unkeptBytesMax })
  const pool = new AnalysisPool()
  try {
    return await use({ pool, cache })
  } finally {
    await pool.close()
    cache.close()
    catalog.close()
  }
}

/** In memory: of two files with the same content the second one is known. */
const unkeptBytesMax = 8 * 2 ** 20

export function catalogPath({ state }: Pick<Call, 'state'>): string {
  return join(state, 'catalog.db')
}

export function hasState({ state }: Pick<Call, 'state'>): boolean {
  const found = lookAt(argumentBytes(state))
  return found.kind === 'there' && found.stat.isDirectory()
}

export const modelOff = { state: 'off', labelled: 0 } as const
