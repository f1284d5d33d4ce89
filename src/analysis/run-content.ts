/**
 * Runs content analyzers over one content, each under its own guard: what one of them does wrong is a problem of the
 * report, never the end of it. In an analysis thread; what never ends is for the pool to end.
 */
import { createHash } from 'node:crypto'
import type { EntryMeta } from '../base/entry.ts'
import type { Region } from '../base/region.ts'
import type { ContentAnalyzer, ContentReport } from './analyzer.ts'
import { fileTypeOf } from './bytes/file-type.ts'
import { collect } from './collector.ts'
import { lookBytesMax } from './content-job.ts'
import { detectorOf, engineName } from './detector.ts'
import type { FileType } from './file-type.ts'
import { HeldContent, makeSubject } from './make-subject.ts'
import { ContentGone, type RawContent } from './raw-content.ts'
import { hideSecrets } from './secrets/hide-secrets.ts'
import type { Content, Subject } from './subject.ts'
import { isWasmTrap } from './wasm-trap.ts'

export interface ContentParts {
  /** Absolute, as the source's system names it. */
  readonly path: Uint8Array
  readonly meta: EntryMeta
  readonly raw: RawContent
  readonly analyzers: readonly ContentAnalyzer[]
  /** Names of analyzers that ended a thread with this content. */
  readonly skip?: readonly string[]
  /** Told before each analyzer, with its index: who is ended was running that one. */
  readonly onAnalyzer?: (index: number) => void
}

/** Errors: ContentGone; a trap in WebAssembly, after which the thread must end. Nothing else because of what is read. */
export async function analyzeContent(parts: ContentParts): Promise<ContentReport> {
  const { path, meta, raw, analyzers, skip = [], onAnalyzer } = parts
  const content = new HeldContent(beginningOf(raw))
  content.whole()
  const regions: Region[] = []
  const problems: { readonly analyzer: string; readonly text: string }[] = []
  if (content.size < raw.size) {
    problems.push({ analyzer: engineName, text: `looked at the first ${content.size} of ${raw.size} bytes` })
  }
  const type = await recognised(content, (text) => problems.push({ analyzer: 'file-type', text }))
  const subject = makeSubject({ path, meta, content, type })
  let interrupted = false
  for (const [index, analyzer] of analyzers.entries()) {
    const { name } = analyzer
    if (skip.includes(name)) {
      problems.push({ analyzer: name, text: 'it took too long or too much memory with this content, and was ended' })
      interrupted = true
      continue
    }
    onAnalyzer?.(index)
    const done = await runOne(analyzer, subject)
    regions.push(...done.regions)
    for (const text of done.problems) problems.push({ analyzer: name, text })
  }
  const md5 = content.size < raw.size ? undefined : md5Of(content)
  return {
    type: subject.type,
    md5,
    regions: hideSecrets(regions, content),
    problems,
    ...(interrupted && { interrupted: true }),
  }
}

const windowBytes = 4 * 2 ** 20

async function runOne(
  analyzer: ContentAnalyzer,
  subject: Subject,
): Promise<{ readonly regions: readonly Region[]; readonly problems: readonly string[] }> {
  const collector = collect(detectorOf(analyzer), subject.content.size)
  try {
    if (!analyzer.takes(subject)) return collector
    await prepared(analyzer)
    analyzer.analyze(subject, collector.report)
  } catch (error) {
    if (error instanceof ContentGone || isWasmTrap(error)) throw error
    collector.report.problem(failed(error))
  }
  collector.close()
  return collector
}

async function recognised(content: Content, problem: (text: string) => void): Promise<FileType> {
  try {
    return await fileTypeOf(content)
  } catch (error) {
    if (error instanceof ContentGone) throw error
    problem(failed(error))
    return { kind: 'data', description: 'data', mimeType: 'application/octet-stream' }
  }
}

function failed(error: unknown): string {
  return `failed: ${error instanceof Error ? error.message : String(error)}`
}

const preparations = new WeakMap<ContentAnalyzer, Promise<void>>()

/** Once in a thread. */
function prepared(analyzer: ContentAnalyzer): Promise<void> | undefined {
  if (analyzer.prepare === undefined) return undefined
  let preparing = preparations.get(analyzer)
  if (preparing === undefined) {
    preparing = analyzer.prepare()
    preparations.set(analyzer, preparing)
  }
  return preparing
}

/** What is longer is a disk image or a backup: minutes of work for what its beginning says as well. */
function beginningOf(raw: RawContent): RawContent {
  if (raw.size <= lookBytesMax) return raw
  return {
    size: lookBytesMax,
    get missing() {
      return raw.missing
    },
    readInto: (target, offset) => raw.readInto(target, offset),
    isSame: () => raw.isSame(),
    close: () => raw.close(),
  }
}

/** Undefined where bytes are missing. */
function md5Of(content: Content & Pick<RawContent, 'missing'>): string | undefined {
  const hash = createHash('md5')
  for (let at = 0; at < content.size; at += windowBytes) hash.update(content.read(at, windowBytes))
  return content.missing.length > 0 ? undefined : hash.digest('hex')
}
