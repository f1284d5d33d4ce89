/** What tests of analyses need: a folder with planted files, a brick of it, a pool of threads for the whole file. */
import { readFileSync } from 'node:fs'
import { after } from 'node:test'
import { AnalysisPool } from '../../src/analysis/analysis-pool.ts'
import { analyzeBrick, type BrickAnalysisOptions } from '../../src/analysis/analyze-brick.ts'
import { analyzeLive } from '../../src/analysis/analyze-live.ts'
import type { EntryLabels } from '../../src/analysis/entry-labels.ts'
import type { AnalysisSummary } from '../../src/analysis/tally.ts'
import { displayPath } from '../../src/base/bytes.ts'
import { temporaryCatalog } from '../../src/catalog/catalog-db.ts'
import { openReportCache, type ReportCache } from '../../src/catalog/report-cache.ts'
import { openSource } from '../../src/source/open.ts'
import { openArtifact } from '../../src/source/open-artifact.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { clock } from '../fold/lab.ts'

/** Starts with the first content, ends with the file's tests. */
export const pool = new AnalysisPool()
after(() => pool.close())

export function newCache(): ReportCache {
  return openReportCache(temporaryCatalog())
}

export const noHost = { packages: undefined }
export const never = new AbortController().signal

export interface Analysed {
  readonly labels: ReadonlyMap<string, EntryLabels>
  readonly summary: AnalysisSummary
}

export async function analysed(view: BrickView, more: Partial<BrickAnalysisOptions> = {}): Promise<Analysed> {
  const options = { view, pool, cache: newCache(), host: noHost, signal: never, ...more }
  return collected(analyzeBrick(options))
}

export async function analysedLive(path: string, cache = newCache()): Promise<Analysed> {
  const source = openSource(Buffer.from(path))
  const options = { exclude: [], crossFilesystems: 'no', clock, signal: never, ownFiles: [] } as const
  const { lister, reader } = openArtifact(source, options)
  const again = (entry: Uint8Array) => lister.stat(entry)
  const entries = lister.walk(source.path)
  return collected(analyzeLive({ root: source.root, reader, entries, again, pool, cache, host: noHost, signal: never }))
}

async function collected(analysis: AsyncIterable<EntryLabels> & { summary(): AnalysisSummary }): Promise<Analysed> {
  const labels = new Map<string, EntryLabels>()
  for await (const each of analysis) labels.set(displayPath(each.path), each)
  return { labels, summary: analysis.summary() }
}

/** What is said of it, without what lies in the way of comparing. */
export function wordsOf({ type, regions, problems, placeless }: EntryLabels) {
  return { type, regions, problems, placeless }
}

/** A small ELF program that every Linux has in some form. */
export function someProgram(): Buffer {
  return readFileSync('/bin/sh')
}
