/** `sfd accept RULE PATH`: a finding that is all right as it is, with a reason; `--list`, `--undo`. */
import { utf8 } from '../base/bytes.ts'
import { timestampOf } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import { type Acceptance, readAccepted, writeAccepted } from '../read/accepted.ts'
import { lookAt } from '../store/look-at.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { acceptedPath } from './findings.ts'
import { pathFields, rfc3339, shownPath, shownText } from './text.ts'

interface AcceptOptions {
  readonly reason?: string
  readonly undo?: boolean
  readonly list?: boolean
}

const example = `
RULE and PATH are what 'sfd findings' shows. What is accepted is kept in accepted.json in the state folder, and shown with
its reason by --list, in JSON and in SARIF. The finding stays in the brick.

Examples:
  sfd accept setuid-unowned /usr/local/bin/backup --reason "ours, reviewed 2026-11"
  sfd accept --undo setuid-unowned /usr/local/bin/backup`

export function addAccept(shell: Shell): void {
  const command = shell.program
    .command('accept')
    .description('say of a finding that it is all right as it is')
    .argument('[rule]', 'as sfd findings names it')
    .argument('[path]', 'the place, as sfd findings shows it')
    .option('--reason <text>', 'why it is all right')
    .option('--undo', 'it is not: show it again')
    .option('--list', 'what is accepted')
    .addHelpText('after', example)
  runs<AcceptOptions>(shell, command, (call, { args, options }) => accept(call, args, options))
}

async function accept(call: Call, args: readonly string[], options: AcceptOptions): Promise<ExitCode> {
  const path = acceptedPath(call)
  const accepted = readAccepted(path)
  const [rule, place] = args
  if (options.list === true) {
    for (const one of accepted.all) await call.output.text(call.json ? `${JSON.stringify(json(one))}\n` : line(one))
    return exitCode.ok
  }
  if (rule === undefined || place === undefined) throw new FoundryError('USAGE', 'Name the rule and the path.')
  const key = { rule, place: argumentBytes(place) }
  if (options.undo === true) {
    if (accepted.find(key) === undefined) throw unknown(key)
    writeAccepted(path, accepted.without(key))
    return exitCode.ok
  }
  if (lookAt(utf8(call.state)).kind !== 'there') {
    throw new FoundryError(
      'USAGE',
      `There is no state folder ${call.state}: accept findings of bricks that are in one.`,
    )
  }
  const at = rfc3339(timestampOf(call.clock.nowNs())) ?? ''
  writeAccepted(path, accepted.with({ ...key, reason: options.reason ?? '', at }))
  return exitCode.ok
}

function unknown({ rule, place }: Pick<Acceptance, 'rule' | 'place'>): FoundryError {
  return new FoundryError('USAGE', `${shownText(rule)} of ${shownPath(place)} is not accepted; see sfd accept --list.`)
}

function json({ rule, place, reason, at }: Acceptance): Record<string, unknown> {
  return { rule, ...pathFields(place), reason, at }
}

function line({ rule, place, reason, at }: Acceptance): string {
  return `${shownText(rule)}  ${shownPath(place)}  ${at.slice(0, 10)}  ${shownText(reason)}\n`
}
