/** `sfd findings [BRICK...]`: what somebody should look at, the gravest first. */
import { join } from 'node:path'
import { FoundryError } from '../base/errors.ts'
import { isAtLeast, type Severity, severities } from '../base/region.ts'
import { type Accepted, readAccepted } from '../read/accepted.ts'
import { parseAt, viewBehind } from '../read/at.ts'
import { findingKey, inReadingOrder, type ListedFinding, listFindings } from '../read/findings.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type AtOptions, atOption, type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { type BrickFindings, type FindingRow, noteOf, screenOf, terminalNow } from './findings-text.ts'
import { sarifLog } from './sarif.ts'
import { pathFields, shownText } from './text.ts'

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

async function findings(call: Call, args: readonly string[], options: FindingsOptions): Promise<ExitCode> {
  const isForPrograms = call.json || options.sarif === true
  const least = severityOf(options.severity ?? (isForPrograms ? 'info' : 'medium'))
  const failOn = options.failOn === undefined ? undefined : severityOf(options.failOn)
  const accepted = readAccepted(acceptedPath(call))
  const bricks = await readBricks(call, args, options)
  try {
    const rows = inReadingOrder(bricks.flatMap((brick) => rowsOf(brick, accepted)))
    const wanted = rows.filter(({ finding }) => options.rule === undefined || finding.rule === options.rule)
    const shown = wanted.filter((row) => isAtLeast(row.finding, least) && (isForPrograms || row.accepted === undefined))
    if (options.sarif === true) await call.output.json(sarifLog(shown))
    else if (call.json) for (const row of shown) await call.output.json(rowJson(row))
    else {
      for (const brick of bricks) warnOf(call, noteOf(brick))
      const detail = options.verbose === true ? 'evidence' : 'lines'
      const extent = options.all === true ? 'all' : 'screen'
      await call.output.text(screenOf({ bricks, rows: wanted, shown, least, detail, extent, terminal: terminalNow() }))
    }
    const isFailed = failOn && wanted.some((row) => row.accepted === undefined && isAtLeast(row.finding, failOn))
    return isFailed ? exitCode.no : exitCode.ok
  } finally {
    for (const { view } of bricks) view.file.close()
  }
}

function warnOf(call: Call, note: string | undefined): void {
  if (note !== undefined) call.warn(note)
}

/** Where what is accepted is kept. */
export function acceptedPath({ state }: Pick<Call, 'state'>): string {
  return join(state, 'accepted.json')
}

async function readBricks(call: Call, args: readonly string[], options: FindingsOptions): Promise<BrickFindings[]> {
  const { at, since } = options
  const { openBricks } = await import('./open-bricks.ts')
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

function newSince(
  call: Call,
  { view, newest, since }: { view: BrickView; newest: BrickView; since: string },
): ListedFinding[] {
  const before = new Set(listFindings(viewBehind(newest, parseAt(since, call.clock.nowNs()))).map(findingKey))
  return listFindings(view).filter((finding) => !before.has(findingKey(finding)))
}

function rowsOf({ name, found }: BrickFindings, accepted: Accepted): FindingRow[] {
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

function rowJson({
  brick,
  path,
  place,
  label,
  title,
  finding,
  detector,
  attributes,
  run,
  accepted,
}: FindingRow): object {
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
