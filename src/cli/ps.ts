/** `sfd ps [NAME]`: which processes can be kept as bricks, and why the others cannot. */
import type { ListedProcess } from '../source/process/list-processes.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { grouped, iec, shownText } from './text.ts'

const example = `
Threads of the kernel have no memory of their own and are left out, unless NAME names them or with --all.

Example:
  sfd ps nginx
  sfd up proc:nginx`

export function addPs(shell: Shell): void {
  const command = shell.program
    .command('ps')
    .description('list processes, and whether their memory can be kept as a brick')
    .argument('[name]', 'only those of that command or program')
    .option('--all', 'with the threads of the kernel')
    .addHelpText('after', example)
  runs<{ all?: boolean }>(shell, command, (call, { args, options }) => {
    return ps(call, { name: args[0], which: options.all ? 'all' : 'with memory' })
  })
}

/** Exit code 1 where a name was given and nothing is called so. */
async function ps(
  call: Call,
  { name, which }: { readonly name: string | undefined; readonly which: 'all' | 'with memory' },
): Promise<ExitCode> {
  const { listProcesses } = await import('../source/process/list-processes.ts')
  const { AccountNames } = await import('../source/names.ts')
  const names = new AccountNames()
  const isShown = ({ rssBytes, readable }: ListedProcess): boolean => readable || rssBytes > 0
  const found = listProcesses(name).filter((each) => which === 'all' || name !== undefined || isShown(each))
  const userOf = (uid: number): string => names.userName(uid) || String(uid)
  if (call.json) for (const each of found) await call.output.json(jsonOf(each))
  else await call.output.text(table(found.map((each) => [...cellsOf(each, userOf(each.uid)), whyOf(each)])))
  if (found.length > 0 || name === undefined) return exitCode.ok
  call.warn(`no process is called ${shownText(name)}`)
  return exitCode.no
}

/** `source` is what `sfd up` and `sfd fold` take. */
function jsonOf({ startTicks, ...rest }: ListedProcess): Record<string, unknown> {
  return { ...rest, startTicks: String(startTicks), source: `proc:${rest.pid}` }
}

const heading = ['SOURCE', 'COMMAND', 'USER', 'RESIDENT', 'MAPPINGS', 'READABLE']
const numbers = new Set([3, 4])

function cellsOf({ pid, comm, program, rssBytes, mappings, readable }: ListedProcess, user: string): string[] {
  const file = program.slice(program.lastIndexOf('/') + 1)
  const command = file === '' || file.startsWith(comm) ? comm : `${comm} (${file})`
  return [`proc:${pid}`, command, shownText(user), iec(rssBytes), readable ? grouped(mappings) : '-']
}

function whyOf({ readable, why }: ListedProcess): string {
  return readable ? 'yes' : `no: ${why ?? 'it cannot be read'}`
}

function table(rows: readonly string[][]): string {
  const all = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)))
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, at) => (numbers.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return all.map((row) => `${lineOf(row)}\n`).join('')
}
