/** `sfd analyze --json`: one object an entry, and one with the counts at the end where there are several. */
import type { EntryLabels } from '../analysis/entry-labels.ts'
import type { AnalysisSummary } from '../analysis/tally.ts'
import type { JsonValue, Region } from '../base/region.ts'
import { checkCommand } from '../read/findings.ts'
import { findingsOf } from './analysis-rows.ts'
import type { ModelUse } from './analysis-screen.ts'
import { pathFields } from './text.ts'

/** `regions`: with all of them, as for one entry that somebody asked for. */
export function entryJson(
  labels: EntryLabels,
  { place, regions }: { readonly place: Uint8Array; readonly regions: 'with' | 'without' },
): Record<string, unknown> {
  const { meta, type, problems } = labels
  const hardening = labels.regions.find((region) => region.class === 'hardening')?.attributes
  return {
    ...pathFields(place),
    kind: meta.kind,
    size: meta.size,
    type: type ?? null,
    ...(hardening && { hardening: hardeningJson(hardening) }),
    findings: findingsOf(labels, place).map((row) => {
      const { title, finding, detector, attributes, run } = row
      const command = checkCommand(row)
      const said = { ...(detector !== undefined && { detector }), ...(attributes && { attributes }) }
      return { title, ...finding, ...run, ...said, ...(command !== undefined && { command }) }
    }),
    problems,
    ...(regions === 'with' && { regions: labels.regions.filter(({ finding }) => finding === undefined) }),
  }
}

export function summaryJson(summary: Omit<AnalysisSummary, 'placeless'>, model: ModelUse): Record<string, unknown> {
  const { version, entries, analysed, known, bytes, problems, findings } = summary
  return { summary: { version, entries, analysed, known, bytes, problems, findings, model } }
}

/** Always the same seven, in the shape that checksec made common. */
function hardeningJson(attributes: NonNullable<Region['attributes']>): Record<string, JsonValue> {
  return Object.fromEntries(hardeningFields.map((field) => [field, attributes[field] ?? null]))
}

const hardeningFields = ['relro', 'nx', 'pie', 'canary', 'fortified', 'rpath', 'runpath'] as const
