/** `sfd compact BRICK`: gives back the space that no retained commit needs. */
import type { CompactAnswer } from '../wire/care.ts'
import { takeCare } from './care.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, iec } from './text.ts'

const example = `
Every commit that \`sfd log\` lists stays, with its id. Needs room for the new file beside the old one. Who reads the old
file goes on reading it.

Example:
  sfd compact etc`

export function addCompact(shell: Shell): void {
  const command = shell.program
    .command('compact')
    .description("drop from a brick's file what no retained commit needs")
    .argument('<brick>', 'path or name of a brick')
    .addHelpText('after', example)
  runs(shell, command, (call, { args }) => compactBrick(call, args[0] as string))
}

async function compactBrick(call: Call, brick: string): Promise<ExitCode> {
  const { compact, compactAnswer } = await import('../daemon/brick-care.ts')
  const answer = await takeCare<CompactAnswer>(call, {
    brick,
    control: '/api/compact',
    body: {},
    direct: async (parts) => compactAnswer(await compact(parts)),
  })
  call.progress.end()
  if (call.json) await call.output.json(answer)
  else await call.output.text(textOf(answer))
  return exitCode.ok
}

function textOf({ beforeBytes, afterBytes, commits }: CompactAnswer): string {
  const kept = counted(commits, { one: 'commit', many: 'commits' })
  return `${iec(beforeBytes)} before, ${iec(afterBytes)} now; ${kept} kept\n`
}
