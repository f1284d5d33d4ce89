/** `sfd forget BRICK PATH`: purges what a path held from all of a brick's history. */
import { fromHex, utf8 } from '../base/bytes.ts'
import { entryPath } from '../read/select.ts'
import type { PathText } from '../wire/api.ts'
import type { ForgetAnswer } from '../wire/care.ts'
import { argumentBytes } from './arguments.ts'
import { takeCare } from './care.ts'
import { type Call, runs, type Shell, withBrick } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, iec, pathFields, shownPath, shownText } from './text.ts'

interface ForgetOptions {
  readonly dryRun?: boolean
}

const example = `
The bytes leave every retained commit and cannot be got back from the brick; the path is never read into it again. Its
name, size, times and hash stay in old commits, its name in the feed of what changed. What analyses, the search index and
the record of a model kept of it in the state folder goes, too. What lay in the same 64 KiB loses its old bytes, not its present ones.
The file that was replaced is deleted, not overwritten: its blocks are on the disk until they are used again.

Examples:
  sfd forget etc ssl/private/server.key --dry-run
  sfd forget etc ssl/private/server.key`

export function addForget(shell: Shell): void {
  const command = shell.program
    .command('forget')
    .description("purge a path's bytes from a brick and all its history")
    .argument('<brick>', 'path or name of a brick')
    .argument('<path>', 'entry of the brick; of a folder with everything beneath')
    .option('--dry-run', 'only tell what would be lost')
    .addHelpText('after', example)
  runs<ForgetOptions>(shell, command, (call, { args: [brick = '', path = ''], options }) =>
    options.dryRun ? tryForget(call, brick, path) : forget(call, brick, path),
  )
}

async function forget(call: Call, brick: string, path: string): Promise<ExitCode> {
  const [{ forget: purge, forgetAnswer, forgetOrder }, { forgetTracesIn }] = await Promise.all([
    import('../daemon/brick-care.ts'),
    import('../daemon/forget-traces.ts'),
  ])
  const entry = await withBrick(call, brick, async (view) => entryPath(view, argumentBytes(path)))
  const { name: _name, ...body } = forgetOrder('', entry)
  const answer = await takeCare<ForgetAnswer>(call, {
    brick,
    control: '/api/forget',
    body,
    direct: async (parts) => {
      const report = await purge(parts, entry)
      return forgetAnswer(report, await forgetTracesIn(call.state, report))
    },
  })
  call.progress.end()
  const { tiles, beforeBytes, afterBytes } = answer
  const done = `${counted(tiles, { one: 'tile', many: 'tiles' })} purged; ${iec(beforeBytes)} before, ${iec(afterBytes)} now`
  if (call.json) await call.output.json(answer)
  else await call.output.text(`${listing(answer)}${done}\n`)
  for (const sentence of answer.stays) call.warn(shownText(sentence))
  return exitCode.ok
}

type Lists = Pick<ForgetAnswer, 'names' | 'alsoLost' | 'copies' | 'heldCommits'>

async function tryForget(call: Call, brick: string, path: string): Promise<ExitCode> {
  const { surveyForget } = await import('../fold/forget-survey.ts')
  const { pause } = await import('./adapters.ts')
  const found = await withBrick(call, brick, async (view) =>
    surveyForget(view, entryPath(view, argumentBytes(path)), pause),
  )
  const texts = (paths: readonly Uint8Array[]): PathText[] => paths.map((each) => pathFields(each) as PathText)
  const { names, alsoLost, copies, commits } = found
  const lists = { names: texts(names), alsoLost: texts(alsoLost), copies: texts(copies), heldCommits: commits }
  if (call.json) await call.output.json(lists)
  else await call.output.text(listing(lists))
  return exitCode.ok
}

function listing({ names, alsoLost, copies, heldCommits }: Lists): string {
  const line = (what: string) => (path: PathText) => `${what.padEnd(10)}${shownPath(bytesOf(path))}\n`
  return [
    ...names.map(line('forgotten')),
    `${'in'.padEnd(10)}${counted(heldCommits, { one: 'retained commit', many: 'retained commits' })}\n`,
    ...alsoLost.map(line('old bytes')),
    ...copies.map(line('same in')),
  ].join('')
}

function bytesOf({ path, pathHex = '' }: PathText): Uint8Array {
  return typeof path === 'string' ? utf8(path) : (fromHex(pathHex) ?? new Uint8Array(0))
}
