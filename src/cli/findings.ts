/** `sfd findings [BRICK...]`: what somebody should look at, the gravest first. */
import { join } from 'node:path'
import { styleText } from 'node:util'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type Severity, severities } from '../base/region.ts'
import { contentsName } from '../brick/meta-analysis.ts'
import { StoredBricks } from '../daemon/stored-bricks.ts'
import { type Accepted, readAccepted } from '../read/accepted.ts'
import { parseAt, viewBehind } from '../read/at.ts'
import { checkCommand, compareFindings, findingKey, type ListedFinding, listFindings } from '../read/findings.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { lookAt } from '../store/look-at.ts'
import { type AtOptions, atOption, type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { sarifLog } from './sarif.ts'
import { brickPath } from './state.ts'
import { counted, grouped, pathFields, shownPath, shownText } from './text.ts'

interface FindingsOptions extends AtOptions {
  readonly severity?: string
  readonly rule?: string
  readonly since?: string
  readonly failOn?: string
  readonly sarif?: boolean
  readonly verbose?: boolean
  readonly all?: boolean
}

const example = `
Of all bricks of the state, where none is named. Shown are medium and graver, as many as the screen has room for; what is
left out is counted. 'sfd accept RULE PATH' takes one out of the list that is all right as it is. docs/findings.md
says of every rule what it means and how to check it.

Examples:
  sfd findings
  sfd findings etc --severity low -v
  sfd findings usr-bin --since yesterday
  sfd findings --fail-on high
  sfd findings --sarif > findings.sarif`

export function addFindings(shell: Shell): void {
  const command = shell.program
    .command('findings')
    .description('what somebody should look at, the gravest first')
    .argument('[bricks...]', 'paths or names of bricks (default: all of the state)')
    .option('--severity <least>', `${severities.join(', ')} (default: medium; with --json and --sarif: info)`)
    .option('--rule <name>', 'only of that rule')
    .option('--since <when>', 'only what was not found yet at that commit or time')
    .option('--all', 'all of them, however many')
    .option('-v, --verbose', 'with evidence, and a command that shows the same')
    .option('--fail-on <severity>', 'exit code 1 where one is as grave as that, and not accepted')
    .option('--sarif', 'as SARIF 2.1.0')
    .option(...atOption)
    .addHelpText('after', example)
  runs<FindingsOptions>(shell, command, (call, { args, options }) => findings(call, args, options))
}

/** Of one brick. */
export interface BrickFindings {
  readonly name: string
  readonly view: BrickView
  readonly found: readonly ListedFinding[]
}

interface Row extends ListedFinding {
  readonly brick: string
  /** Why it is all right; undefined where nobody said so. */
  readonly accepted: string | undefined
}

async function findings(call: Call, args: readonly string[], options: FindingsOptions): Promise<ExitCode> {
  const isForPrograms = call.json || options.sarif === true
  const least = severityOf(options.severity ?? (isForPrograms ? 'info' : 'medium'))
  const failOn = options.failOn === undefined ? undefined : severityOf(options.failOn)
  const accepted = readAccepted(acceptedPath(call))
  const bricks = await readBricks(call, args, options)
  try {
    const rows = bricks.flatMap((brick) => rowsOf(brick, accepted)).sort(compareFindings)
    const wanted = rows.filter(({ finding }) => options.rule === undefined || finding.rule === options.rule)
    const shown = wanted.filter((row) => isAtLeast(row, least) && (isForPrograms || row.accepted === undefined))
    if (options.sarif === true) await call.output.json(sarifLog(shown))
    else if (call.json) for (const row of shown) await call.output.json(rowJson(row))
    else await call.output.text(screen(call, { bricks, rows: wanted, shown, least, options }))
    const isFailed = failOn && wanted.some((row) => row.accepted === undefined && isAtLeast(row, failOn))
    return isFailed ? exitCode.no : exitCode.ok
  } finally {
    for (const { view } of bricks) view.file.close()
  }
}

/** Where what is accepted is kept. */
export function acceptedPath({ state }: Pick<Call, 'state'>): string {
  return join(state, 'accepted.json')
}

async function readBricks(call: Call, args: readonly string[], options: FindingsOptions): Promise<BrickFindings[]> {
  const { at, since } = options
  const bricks: BrickFindings[] = []
  for (const { name, view: newest } of await openBricks(call, args)) {
    const view = at === undefined ? newest : viewBehind(newest, parseAt(at, call.clock.nowNs()))
    bricks.push({
      name,
      view,
      found: since === undefined ? listFindings(view) : newSince(call, { view, newest, since }),
    })
  }
  return bricks
}

async function openBricks(call: Call, args: readonly string[]): Promise<{ name: string; view: BrickView }[]> {
  if (args.length === 0) {
    const folder = join(call.state, 'bricks')
    const look = lookAt(utf8(folder))
    const all = look.kind === 'there' ? [...new StoredBricks(folder, call.warn).open()] : []
    if (all.length > 0) return all
    throw new FoundryError('USAGE', `There are no bricks in ${folder}: name some, or make one with \`sfd fold\`.`)
  }
  const bricks = []
  for (const name of args) {
    const file = BrickFile.open(brickPath(name, call.state))
    bricks.push({ name, view: new BrickView(file, await file.readHead()) })
  }
  return bricks
}

function newSince(
  call: Call,
  { view, newest, since }: { view: BrickView; newest: BrickView; since: string },
): ListedFinding[] {
  const before = new Set(listFindings(viewBehind(newest, parseAt(since, call.clock.nowNs()))).map(findingKey))
  return listFindings(view).filter((finding) => !before.has(findingKey(finding)))
}

function rowsOf({ name, found }: BrickFindings, accepted: Accepted): Row[] {
  return found.map((one) => {
    const said = accepted.find({ rule: one.finding.rule, place: one.place })
    return { ...one, brick: name, accepted: said?.reason }
  })
}

function severityOf(text: string): Severity {
  const known = severities.find((one) => one === text)
  if (known !== undefined) return known
  throw new FoundryError('USAGE', `There is no severity ${shownText(text)}: ${severities.join(', ')}.`)
}

function isAtLeast({ finding }: ListedFinding, least: Severity): boolean {
  return severities.indexOf(finding.severity) >= severities.indexOf(least)
}

function rowJson({ brick, path, place, label, title, finding, detector, attributes, run, accepted }: Row): object {
  const shown = pathFields(place)
  return {
    brick,
    ...pathFields(path),
    place: shown.path,
    ...(shown.pathHex !== undefined && { placeHex: shown.pathHex }),
    ...(label !== undefined && { label }),
    ...run,
    title,
    ...finding,
    ...(detector !== undefined && { detector }),
    ...(attributes && { attributes }),
    ...(accepted !== undefined && { accepted }),
  }
}

interface Screen {
  readonly bricks: readonly BrickFindings[]
  readonly rows: readonly Row[]
  readonly shown: readonly Row[]
  readonly least: Severity
  readonly options: FindingsOptions
}

const linesPerFinding = { short: 1, verbose: 6 }
/** Of the screen, for what stands around the list. */
const framingLines = 6

function screen(call: Call, { bricks, rows, shown, least, options }: Screen): string {
  const isVerbose = options.verbose === true
  const height = process.stdout.isTTY ? process.stdout.rows : undefined
  const lines = isVerbose ? linesPerFinding.verbose : linesPerFinding.short
  const room = Math.max(5, Math.floor(((height ?? 0) - framingLines - bricks.length) / lines))
  const first = options.all === true || height === undefined ? shown : shown.slice(0, room)
  const list = first.map((row) => (isVerbose ? long(row) : short(row))).join('')
  const notes = bricks.flatMap(({ name, view }) => noteOf(name, view) ?? [])
  const left = leftOut({ rows, shown, first, least })
  const isKnown = bricks.some(({ view }) => view.meta.analysis !== undefined)
  const none = shown.length === 0 && isKnown ? `Nothing of severity ${least} or graver.\n` : ''
  for (const note of notes) call.warn(note)
  return `${list}${none}${left}`
}

function short({ finding, title, place, label }: Row): string {
  return `${badge(finding.severity)}  ${shownPlace(place, label)}  ${shownText(title)}  ${dim(shownText(finding.rule))}\n`
}

function long(row: Row): string {
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

const colours: Record<Severity, Parameters<typeof styleText>[0]> = {
  ...{ critical: ['bold', 'red'], high: 'red', medium: 'yellow', low: 'cyan', info: 'dim' },
}
const badgeWidth = 8

function badge(severity: Severity): string {
  return styleText(colours[severity], severity.padEnd(badgeWidth), { stream: process.stdout })
}

function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout })
}

function leftOut({
  rows,
  shown,
  first,
  least,
}: Pick<Screen, 'rows' | 'shown' | 'least'> & { first: readonly Row[] }): string {
  const notShown = shown.length - first.length
  const accepted = rows.filter((row) => row.accepted !== undefined).length
  const milder = rows.filter((row) => !isAtLeast(row, least) && row.accepted === undefined).length
  const parts = [
    ...(notShown > 0 ? [`${grouped(notShown)} more: --all`] : []),
    ...(milder > 0 ? [`${counted(milder, { one: 'milder one', many: 'milder ones' })}: --severity info`] : []),
    ...(accepted > 0 ? [`${grouped(accepted)} accepted: sfd accept --list`] : []),
  ]
  return parts.length === 0 ? '' : `${dim(parts.join(' · '))}\n`
}

/** What the list does not say by itself. */
function noteOf(name: string, view: BrickView): string | undefined {
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
