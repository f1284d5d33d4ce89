/** What analyzers say of made files, for tests. */
import { utf8 } from '../../../base/bytes.ts'
import type { EntryMeta } from '../../../base/entry.ts'
import type { Region } from '../../../base/region.ts'
import { makeElf } from '../../../binary/testing/make-elf.ts'
import type { ContentAnalyzer, ContentReport, EntryAnalyzer } from '../../analyzer.ts'
import { labelsOfEntry } from '../../entry-labels.ts'
import type { Packages } from '../../host.ts'
import { openBytes } from '../../live-content.ts'
import { analyzeContent } from '../../run-content.ts'
import { plainMeta } from '../../testing/plain-meta.ts'

export interface MadeFile {
  readonly path: string
  readonly bytes: Uint8Array | string
  readonly meta?: Partial<EntryMeta>
  readonly content?: readonly ContentAnalyzer[]
  readonly entry?: readonly EntryAnalyzer[]
  readonly packages?: Packages
}

/** Regions in the order in which they were said. Fails where an analyzer had a problem. */
export async function regionsOf({ path, bytes, ...rest }: MadeFile): Promise<readonly Region[]> {
  const all = typeof bytes === 'string' ? utf8(bytes) : bytes
  const meta = plainMeta(path.slice(1), { size: all.length, ...rest.meta })
  const report = all.length === 0 ? undefined : await reportOf(path, all, rest.content ?? [])
  const { regions, problems, placeless } = labelsOfEntry({
    ...{ place: utf8(path), meta, content: report, problems: [], host: { packages: rest.packages } },
    ...{ bytes: all.length > 0 ? 'own' : 'none', analyzers: rest.entry ?? [] },
  })
  if (problems.length > 0) throw new Error(problems.map(({ analyzer, text }) => `${analyzer}: ${text}`).join('; '))
  const nowhere = { offset: 0, length: 0, layer: 0, class: 'finding' }
  return [...regions, ...placeless.map((one) => ({ ...nowhere, ...one }))]
}

/** `severity rule` of each finding. */
export async function findingsOf(file: MadeFile): Promise<string[]> {
  const regions = await regionsOf(file)
  return regions.flatMap(({ finding }) => (finding === undefined ? [] : [`${finding.severity} ${finding.rule}`]))
}

async function reportOf(
  path: string,
  bytes: Uint8Array,
  analyzers: readonly ContentAnalyzer[],
): Promise<ContentReport> {
  const raw = openBytes(bytes)
  const report = await analyzeContent({ path: utf8(path), meta: plainMeta(path.slice(1)), raw, analyzers })
  if (report.problems.length > 0) throw new Error(report.problems.map(({ text }) => text).join('; '))
  return report
}

/** A program that holds a text as its read-only data. */
export function elfOf(text: string): Uint8Array {
  const sections = [{ name: '.rodata', type: 1, flags: 2, address: 4_096, content: utf8(text) }]
  return makeElf({ bits: 64, byteOrder: 'little', type: 2, machine: 62, sections })
}

/** A package database with these files, by absolute path. */
export function packagesOf(files: Readonly<Record<string, { md5?: string; configuration?: true }>>): Packages {
  const text = (path: Uint8Array): string => Buffer.from(path).toString('latin1')
  return {
    ownerOf(path) {
      const file = files[text(path)]
      if (file === undefined) return undefined
      const isConfiguration = file.configuration === true
      return { package: 'made', version: '1.0', md5: file.md5, isConfiguration }
    },
    ownsFolder: (path) => Object.keys(files).some((file) => file.startsWith(`${text(path)}/`)),
  }
}
