/** `sfd log BRICK`: its commits, the newest first. */
import { toHex } from '../base/bytes.ts'
import { type LoggedCommit, loggedCommits } from '../read/commits.ts'
import { type Call, runs, type Shell, withBrick } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { grouped, iec, rfc3339, shortHash, shortTime, shownText } from './text.ts'

const example = `
Any of them can be read: --at takes the generation, the tag, the beginning of the commit id or a time. '-' in written:
it did not follow directly on the one before.

Example:
  sfd log etc.brick`

export function addLog(shell: Shell): void {
  const command = shell.program
    .command('log')
    .description("list a brick's commits, newest first")
    .argument('<brick>', 'path or name of a brick')
    .addHelpText('after', example)
  runs(shell, command, (call, { args }) => log(call, args[0] as string))
}

async function log(call: Call, brick: string): Promise<ExitCode> {
  await withBrick(call, brick, async (view) => {
    if (!call.json) await call.output.text(heading)
    for (const commit of loggedCommits(view)) {
      if (call.json) await call.output.json(jsonOf(commit))
      else await call.output.text(lineOf(commit))
    }
  })
  return exitCode.ok
}

const heading = 'generation  commit        time (UTC)           dirty tiles    written  tag           reason\n'

const tagWidth = 12

function jsonOf({ record, extras, tag, writtenBytes }: LoggedCommit): Record<string, unknown> {
  return {
    generation: record.generation,
    commit: toHex(record.id),
    time: rfc3339(record.time),
    dirtyTiles: extras.dirtyTiles,
    writtenBytes: writtenBytes ?? null,
    tag: tag ?? null,
    reason: extras.reason,
    entries: extras.counts.entries,
    bytes: extras.counts.bytes,
    treeHash: toHex(record.treeHash),
  }
}

function lineOf({ record, extras, tag, writtenBytes }: LoggedCommit): string {
  const columns = [
    String(record.generation).padStart(10),
    shortHash(record.id),
    shortTime(record.time),
    grouped(extras.dirtyTiles).padStart(11),
    (writtenBytes === undefined ? '-' : iec(writtenBytes)).padStart(9),
    shownText(tag ?? '').padEnd(tagWidth),
    shownText(extras.reason),
  ]
  return `${columns.join('  ')}\n`
}
