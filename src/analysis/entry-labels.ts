/** All that is said of one entry: of its bytes, by content analyzers; of its owner, mode and place, by entry analyzers. */
import type { EntryMeta } from '../base/entry.ts'
import type { Finding, Region } from '../base/region.ts'
import type { ContentReport, EntryAnalyzer } from './analyzer.ts'
import { entryAnalyzers } from './analyzers.ts'
import { collect } from './collector.ts'
import { detectorOf } from './detector.ts'
import type { FileType } from './file-type.ts'
import type { Host } from './host.ts'
import { hideInRegion } from './secrets/hide-secrets.ts'

export interface Problem {
  readonly analyzer: string
  readonly text: string
}

export interface EntryLabels {
  /** Of the entry, relative to the source, as in ENTRIES. */
  readonly path: Uint8Array
  readonly meta: EntryMeta
  /** Undefined: its bytes were not looked at. */
  readonly type: FileType | undefined
  /** Regions of the content, each with its detector. */
  readonly regions: readonly Region[]
  /** Findings about an entry that owns no bytes: a directory, an empty file, another name of a file. */
  readonly placeless: readonly Placeless[]
  readonly problems: readonly Problem[]
}

export interface Placeless {
  readonly name: string
  readonly detector: string
  readonly finding: Finding
}

export interface EntryParts {
  /** Absolute, as the source's system names it. */
  readonly place: Uint8Array
  readonly meta: EntryMeta
  readonly content: ContentReport | undefined
  /** Why nothing, or not all, is said of the bytes. */
  readonly problems: readonly Problem[]
  readonly host: Host
  /** `own`: regions can be kept with this entry. */
  readonly bytes: 'own' | 'none'
  readonly analyzers?: readonly EntryAnalyzer[]
}

export function labelsOfEntry(parts: EntryParts): EntryLabels {
  const { place, meta, content, host, bytes, analyzers = entryAnalyzers } = parts
  const regions: Region[] = []
  const placeless: Placeless[] = []
  const problems = [...parts.problems, ...(content?.problems ?? [])]
  if (content !== undefined && bytes === 'own') regions.push(...content.regions)
  for (const analyzer of analyzers) {
    const collector = collect(detectorOf(analyzer), meta.size)
    try {
      analyzer.analyze({ path: place, meta, content, host }, collector.report)
    } catch (error) {
      collector.report.problem(`failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    collector.close()
    for (const text of collector.problems) problems.push({ analyzer: analyzer.name, text })
    const hidden = collector.regions.map(hideInRegion)
    if (bytes === 'own') regions.push(...hidden)
    else placeless.push(...hidden.flatMap(placelessOf))
  }
  return { path: meta.path, meta, type: content?.type, regions, placeless, problems }
}

function placelessOf({ name, detector, finding }: Region): Placeless[] {
  return detector === undefined || finding === undefined ? [] : [{ name, detector, finding }]
}
