/**
 * What the state knows of a forgotten entry beside the brick: reports of its contents, names of it, what a model was told
 * and said of it. All of that can be made again from what is still there, so it goes without asking who else may use it.
 *
 * What cannot be taken away is said. Names stay where they are history: in old commits and in the kept feed.
 */
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { ExchangeLog, type ForgottenEntries } from '../analysis/model/exchange-log.ts'
import { modelFolder } from '../analysis/model/model-folder.ts'
import { fromHex } from '../base/bytes.ts'
import { type Catalog, openCatalog } from '../catalog/catalog-db.ts'
import { openReportCache, type ReportCache } from '../catalog/report-cache.ts'
import { forgetEntries } from '../catalog/search-index.ts'
import type { ForgetReport } from '../fold/forget.ts'
import { placeOnMachine } from '../read/findings.ts'

export interface TracesPlace {
  readonly catalog: Catalog
  readonly cache: ReportCache
  readonly log: ExchangeLog
}

export type Forgotten = Pick<ForgetReport, 'uuid' | 'brickName' | 'source' | 'everNamed' | 'contentIds'>

/** What stays, each a sentence for a person; empty where nothing does. Done again, it goes on. */
export async function forgetTraces(forgotten: Forgotten, { catalog, cache, log }: TracesPlace): Promise<string[]> {
  const { uuid, everNamed, contentIds } = forgotten
  cache.forget(contentIds.flatMap((id) => fromHex(id) ?? []))
  await forgetEntries(catalog, { uuid, paths: everNamed }, { pause })
  const isPurged = catalog.purge()
  const isRecordGone = log.forget(inLog(forgotten))
  return [
    ...(isPurged ? [] : ['catalog.db is in use or cannot be written: old pages of it may hold names and text of it.']),
    ...(isRecordGone ? [] : [`${log.trouble ?? ''}: delete it with \`sfd model log --clear\`.`]),
  ]
}

/** In a state folder that no analysis of this process uses; makes nothing where there is nothing. */
export async function forgetTracesIn(state: string, forgotten: Forgotten): Promise<string[]> {
  const path = join(state, 'catalog.db')
  const log = new ExchangeLog(modelFolder(state))
  if (!isThere(path)) return log.forget(inLog(forgotten)) ? [] : [log.trouble ?? '']
  const catalog = openCatalog(path)
  const cache = openReportCache(catalog)
  try {
    return await forgetTraces(forgotten, { catalog, cache, log })
  } finally {
    cache.close()
    catalog.close()
  }
}

function inLog({ brickName, everNamed, source }: Forgotten): ForgottenEntries {
  return { brick: brickName, paths: everNamed, places: everNamed.map((path) => placeOnMachine(source, path)) }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
