/** Findings for a person's eye: the gravest first, one line each or with what shows them, as many as the screen has room for. */
import { isAtLeast, type Severity } from '../base/region.ts'
import { contentsName } from '../brick/meta-analysis.ts'
import { checkCommand, type ListedFinding } from '../read/findings.ts'
import type { BrickView } from '../store/brick-view.ts'
import { badge, dim } from './severity-text.ts'
import { counted, grouped, linesIn, shownPath, shownText } from './text.ts'

/** Of one brick. */
export interface BrickFindings {
  readonly name: string
  readonly view: BrickView
  readonly found: readonly ListedFinding[]
}

export interface FindingRow extends ListedFinding {
  readonly brick: string
  /** Why it is all right; undefined where nobody said so. */
  readonly accepted: string | undefined
}

export interface Screen {
  readonly bricks: readonly BrickFindings[]
  readonly rows: readonly FindingRow[]
  readonly shown: readonly FindingRow[]
  readonly least: Severity
  readonly detail: 'lines' | 'evidence'
  readonly extent: 'screen' | 'all'
  /** Undefined where nobody looks at one. */
  readonly terminal: Terminal | undefined
}

export interface Terminal {
  readonly rows: number
  readonly columns: number
}

/** Standard output's. */
export function terminalNow(): Terminal | undefined {
  const { isTTY, rows, columns } = process.stdout
  return isTTY ? { rows, columns } : undefined
}

/** Of the screen, for what stands around the list. */
const framingLines = 6
const rowsMin = 5

/** What is left out is counted. */
export function screenOf({ bricks, rows, shown, least, detail, extent, terminal }: Screen): string {
  const lines = shown.map((row) => (detail === 'evidence' ? long(row) : short(row)))
  const room = extent === 'screen' ? terminal : undefined
  const rowsMax = Math.max(rowsMin, (room?.rows ?? 0) - framingLines - bricks.length)
  const count = room === undefined ? lines.length : linesIn(lines, { rows: rowsMax, columns: room.columns })
  const left = leftOut({ rows, shown, first: shown.slice(0, count), least })
  const isKnown = bricks.some(({ view }) => view.meta.analysis !== undefined)
  const none = shown.length === 0 && isKnown ? `Nothing of severity ${least} or graver.\n` : ''
  return `${lines.slice(0, count).join('')}${none}${left}`
}

function short({ finding, title, place, label }: FindingRow): string {
  return `${badge(finding.severity)}  ${shownPlace(place, label)}  ${shownText(title)}  ${dim(shownText(finding.rule))}\n`
}

function long(row: FindingRow): string {
  const { finding, detector, run, brick } = row
  const check = checkCommand(row)
  const where = run === undefined ? '' : ` at ${run.address ?? `0x${run.offset.toString(16)}`}`
  const sure = `${Math.round(100 * finding.confidence)} % sure`
  const by = [`brick ${shownText(brick)}${where}`, shownText(detector ?? 'the source itself'), sure, finding.weakness]
  const details = [
    ...finding.evidence.map((text) => shownText(text)),
    by.filter((part) => part !== undefined).join(', '),
    ...(check === undefined ? [] : [`check: ${shownText(check)}`]),
  ]
  return `${short(row)}${details.map((line) => `          ${line}\n`).join('')}`
}

function shownPlace(place: Uint8Array, label: string | undefined): string {
  return label === undefined ? shownPath(place) : `${shownPath(place)} (${shownText(label)})`
}

function leftOut({
  rows,
  shown,
  first,
  least,
}: Pick<Screen, 'rows' | 'shown' | 'least'> & { first: readonly FindingRow[] }): string {
  const notShown = shown.length - first.length
  const accepted = rows.filter((row) => row.accepted !== undefined).length
  const milder = rows.filter((row) => !isAtLeast(row.finding, least) && row.accepted === undefined).length
  const parts = [
    ...(notShown > 0 ? [`${grouped(notShown)} more: --all`] : []),
    ...(milder > 0 ? [`${counted(milder, { one: 'milder one', many: 'milder ones' })}: --severity info`] : []),
    ...(accepted > 0 ? [`${grouped(accepted)} accepted: sfd accept --list`] : []),
  ]
  return parts.length === 0 ? '' : `${dim(parts.join(' · '))}\n`
}

/** What the list does not say by itself. */
export function noteOf({ name, view }: BrickFindings): string | undefined {
  const shown = shownText(name)
  const { analysis } = view.meta
  if (analysis === undefined) return `${shown} was not analysed yet: sfd analyze ${shown}`
  const { contentRoot, metaHash } = contentsName(view.record)
  const isOld = analysis.contentRoot !== contentRoot || analysis.metaHash !== metaHash
  if (isOld) return `${shown} changed since it was analysed (commit ${analysis.generation}): sfd analyze ${shown}`
  if (analysis.problems === 0) return undefined
  const files = counted(analysis.problems, { one: 'content', many: 'contents' })
  return `of ${shown} ${files} could not be looked at in full: sfd analyze ${shown}`
}
