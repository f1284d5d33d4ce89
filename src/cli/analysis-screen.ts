/** `sfd analyze` of a brick or a folder, for a person: what was looked at, what was found, the gravest first. */
import type { Problem } from '../analysis/entry-labels.ts'
import { isAtLeast, type Severity, severities } from '../base/region.ts'
import type { SeverityCounts } from '../brick/meta-analysis.ts'
import type { ListedFinding } from '../read/findings.ts'
import { badge, dim } from './severity-text.ts'
import { counted, cutMiddle, grouped, iec, shownPath, shownText } from './text.ts'

export interface ModelUse {
  readonly state: string
  readonly reason?: string
  /** Regions that it described. */
  readonly labelled: number
}

export interface ScreenParts {
  /** Such as `/etc` or `brick etc of /etc`. */
  readonly title: string
  readonly entries: number
  readonly analysed: number
  /** Of `analysed`; undefined where nobody knows any more. */
  readonly known?: number
  readonly bytes: number
  readonly findings: SeverityCounts
  /** The gravest first. */
  readonly rows: readonly ListedFinding[]
  readonly least: Severity
  /** Lines of the terminal; undefined where there is none. */
  readonly height: number | undefined
  /** Shows the rest of the findings. */
  readonly more: string
  readonly problems: ProblemList
  readonly model: ModelUse
}

export interface ProblemList {
  /** Of all, whether shown or not. */
  readonly count: number
  readonly first: readonly { readonly place: Uint8Array; readonly problem: Problem }[]
}

export function screenText(parts: ScreenParts): string {
  const { title, entries, analysed, known, bytes, rows, least, height, problems, model } = parts
  const wanted = rows.filter(({ finding }) => isAtLeast(finding, least))
  const shown = wanted.slice(0, roomFor(height))
  const fresh = known === undefined || analysed === 0 ? '' : `, ${grouped(analysed - known)} new`
  const looked = `${counted(analysed, { one: 'content', many: 'contents' })} of ${iec(bytes)} looked at${fresh}`
  return [
    `${shownText(title)}\n`,
    `  ${counted(entries, { one: 'entry', many: 'entries' })}, ${looked}\n`,
    `  findings: ${countsText(parts.findings)}\n`,
    shown.length === 0 ? '' : `\n${shown.map(findingLine).join('')}`,
    rest({ shown: shown.length, ...parts }),
    problemText(problems),
    `${modelText(model)}\n`,
  ].join('')
}

/** Only what there is of. */
export function countsText(counts: SeverityCounts): string {
  const some = severities.filter((severity) => counts[severity] > 0).reverse()
  return some.length === 0 ? 'none' : some.map((severity) => `${grouped(counts[severity])} ${severity}`).join(', ')
}

export function modelText({ state, reason, labelled }: ModelUse): string {
  if (labelled > 0)
    return `A model described ${counted(labelled, { one: 'region', many: 'regions' })}; it decides nothing.`
  return `No model was used (${state}${reason === undefined ? '' : `: ${shownText(reason)}`}).`
}

/** For what stands around the list. */
const framingLines = 12
const rowsMin = 5
const problemsShown = 5
/** Characters; --json says all. */
const problemPathMax = 160
const problemTextMax = 400

function roomFor(height: number | undefined): number {
  return height === undefined ? Number.MAX_SAFE_INTEGER : Math.max(rowsMin, height - framingLines)
}

function findingLine({ place, title, finding }: ListedFinding): string {
  return `${badge(finding.severity)}  ${shownPath(place)}  ${shownText(title)}  ${dim(shownText(finding.rule))}\n`
}

function rest({ shown, findings, more }: ScreenParts & { readonly shown: number }): string {
  const all = severities.reduce((sum, severity) => sum + findings[severity], 0)
  return all === shown ? '' : `${dim(`${grouped(all - shown)} ${shown === 0 ? '' : 'more '}not shown: ${more}`)}\n`
}

function problemText({ count, first }: ProblemList): string {
  if (count === 0) return ''
  const lines = first.slice(0, problemsShown).map(({ place, problem }) => {
    const path = cutMiddle(shownPath(place), problemPathMax)
    return `  ${path}  ${shownText(problem.analyzer)}: ${cutMiddle(shownText(problem.text), problemTextMax)}\n`
  })
  const left = count > lines.length ? `  and ${grouped(count - lines.length)} more: --json says all\n` : ''
  return `\nNot looked at in full:\n${lines.join('')}${left}`
}
