/** `sfd analyze` of one file, for a person: what it is, what is wrong with it, what it can do, how it is built. */
import type { EntryLabels } from '../analysis/entry-labels.ts'
import type { JsonValue, Region } from '../base/region.ts'
import { checkCommand, type ListedFinding } from '../read/findings.ts'
import { findingsOf } from './analysis-rows.ts'
import { type ModelUse, modelText } from './analysis-screen.ts'
import { badge, dim } from './severity-text.ts'
import { counted, grouped, iec, modeText, pairs, shownPath, shownText } from './text.ts'

/** `place`: absolute. `model`: undefined where it is still to be asked. */
export function pageText(labels: EntryLabels, place: Uint8Array, model: ModelUse | undefined): string {
  const blocks = [
    factsText(labels),
    findingsText(findingsOf(labels, place)),
    capabilitiesText(labels.regions),
    structureText(labels.regions),
    complexityText(labels.regions),
    stringsText(labels.regions),
    othersText(labels.regions),
    problemsText(labels),
    model === undefined ? '' : `${modelText(model)}\n`,
  ]
  return `${shownPath(place)}\n${blocks.filter((block) => block !== '').join('\n')}`
}

const sectionsShown = 40
const stringsShown = 30
const functionsShown = 5
const symbolsShown = 6
const othersShown = 8
const neededShown = 12
const textShownMax = 120
/** Shown in a block of their own, or not for people. */
const ownBlocks = new Set([
  ...['file-type', 'hardening', 'package', 'elf', 'section', 'segment', 'function', 'symbol', 'note'],
  ...['capability', 'complexity', 'string', 'finding'],
])

function factsText({ meta, type, regions }: EntryLabels): string {
  const owner = `${meta.userName || meta.uid}:${meta.groupName || meta.gid}`
  const one = (of: string): Region | undefined => regions.find((region) => region.class === of)
  const elf = one('elf')?.attributes ?? {}
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['type', type?.description ?? meta.kind],
    ['size', `${iec(meta.size)} (${grouped(meta.size)} bytes), ${modeText(meta)} ${owner}`],
    ['package', packageText(one('package'))],
    ['hardening', one('hardening')?.name],
    ['needs', listText(elf['needed'], neededShown)],
    ['made with', textOf(elf['compiler'] ?? elf['comment'])],
    ['build id', textOf(elf['buildId'])],
  ]
  const known = rows.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[`  ${name}`, shownText(value)] as const],
  )
  return pairs(known)
}

function packageText(region: Region | undefined): string | undefined {
  if (region === undefined) return undefined
  return region.attributes?.['unchanged'] === true ? `${region.name}, as it came` : region.name
}

function findingsText(rows: readonly ListedFinding[]): string {
  if (rows.length === 0) return 'Findings: none\n'
  return `Findings\n${rows.map(findingText).join('')}`
}

function findingText(row: ListedFinding): string {
  const { title, finding, run } = row
  const { severity, rule, evidence, confidence, weakness } = finding
  const check = checkCommand(row)
  const where = run === undefined || run.offset === 0 ? [] : [`at 0x${run.offset.toString(16)}`]
  const sure = [...where, `${Math.round(100 * confidence)} % sure`, ...(weakness === undefined ? [] : [weakness])]
  const details = [
    ...evidence.map(shownText),
    ...(check === undefined ? [] : [`check: ${shownText(check)}`]),
    dim(`${shownText(rule)}, ${sure.join(', ')}`),
  ]
  return `  ${badge(severity)}  ${shownText(title)}\n${details.map((line) => `            ${line}\n`).join('')}`
}

function capabilitiesText(regions: readonly Region[]): string {
  const rows = regions
    .filter((region) => region.class === 'capability')
    .map(
      ({ name, attributes = {} }) =>
        [`  ${shownText(name)}`, listText(attributes['symbols'], symbolsShown) ?? ''] as const,
    )
  return rows.length === 0 ? '' : `It can (by what it imports)\n${pairs(rows)}`
}

function structureText(regions: readonly Region[]): string {
  const count = (of: string): number => regions.filter((region) => region.class === of).length
  const sections = regions.filter((region) => region.class === 'section')
  const parts = sections.length > 0 ? sections : regions.filter((region) => region.class === 'segment')
  if (parts.length === 0) return ''
  const elf = regions.find((region) => region.class === 'elf')?.attributes ?? {}
  // Those without bytes are no regions, but the header counts them.
  const said = (of: string, found: number): number => (typeof elf[of] === 'number' ? elf[of] : found)
  const what = [
    counted(said('segments', count('segment')), { one: 'segment', many: 'segments' }),
    counted(said('sections', sections.length), { one: 'section', many: 'sections' }),
    ...(count('function') > 0 ? [`${counted(count('function'), { one: 'function', many: 'functions' })} kept`] : []),
    ...(count('symbol') > 0 ? [`${counted(count('symbol'), { one: 'symbol', many: 'symbols' })} kept`] : []),
  ]
  const lines = parts
    .toSorted((a, b) => a.offset - b.offset)
    .slice(0, sectionsShown)
    .map(
      ({ offset, length, name }) =>
        `  0x${offset.toString(16).padEnd(9)} ${iec(length).padStart(8)}  ${shownText(name)}\n`,
    )
  return `Structure: ${what.join(', ')}\n${lines.join('')}${leftOut(parts.length - lines.length)}`
}

function complexityText(regions: readonly Region[]): string {
  const ranked = regions
    .filter((region) => region.class === 'complexity')
    .toSorted((a, b) => Number(a.attributes?.['rank'] ?? 0) - Number(b.attributes?.['rank'] ?? 0))
  const lines = ranked
    .slice(0, functionsShown)
    .map(
      ({ offset, length, name }) =>
        `  0x${offset.toString(16).padEnd(9)} ${iec(length).padStart(8)}  ${shownText(name)}\n`,
    )
  return lines.length === 0 ? '' : `Where most is decided (of the functions that were counted)\n${lines.join('')}`
}

function stringsText(regions: readonly Region[]): string {
  const all = regions.filter((region) => region.class === 'string')
  const lines = all.slice(0, stringsShown).map(({ offset, name, attributes }) => {
    const kind = (textOf(attributes?.['kind']) ?? '').padEnd(8)
    return `  0x${offset.toString(16).padEnd(9)} ${shownText(kind)} ${short(name)}\n`
  })
  return lines.length === 0 ? '' : `Notable strings\n${lines.join('')}${leftOut(all.length - lines.length)}`
}

/** What analyzers of other kinds of files say, by class. */
function othersText(regions: readonly Region[]): string {
  const classes = Map.groupBy(
    regions.filter((region) => !ownBlocks.has(region.class) && region.finding === undefined),
    (region) => region.class,
  )
  return [...classes]
    .map(([name, of]) => {
      const lines = of
        .slice(0, othersShown)
        .map(
          (region) =>
            `  0x${region.offset.toString(16).padEnd(9)} ${iec(region.length).padStart(8)}  ${short(region.name)}\n`,
        )
      return `${shownText(name)}: ${grouped(of.length)}\n${lines.join('')}${leftOut(of.length - lines.length)}`
    })
    .join('\n')
}

function problemsText({ problems }: EntryLabels): string {
  const lines = problems.map(({ analyzer, text }) => `  ${shownText(analyzer)}: ${shownText(text)}\n`)
  return lines.length === 0 ? '' : `Not looked at in full\n${lines.join('')}`
}

function leftOut(count: number): string {
  return count > 0 ? dim(`  and ${grouped(count)} more\n`) : ''
}

function short(text: string): string {
  const shown = shownText(text)
  return shown.length > textShownMax ? `${shown.slice(0, textShownMax - 1)}…` : shown
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (Array.isArray(value)) return listText(value, neededShown)
  return typeof value === 'string' ? value : undefined
}

function listText(value: JsonValue | undefined, countMax: number): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const first = value.slice(0, countMax).map(String).join(', ')
  return value.length > countMax ? `${first} and ${value.length - countMax} more` : first
}
