/** `sfd tag BRICK [NAME]`: names for commits, which are then kept whatever the retention says. */
import { FoundryError } from '../base/errors.ts'
import { pastCommits } from '../store/history.ts'
import type { TagAnswer } from '../wire/care.ts'
import { takeCare } from './care.ts'
import { type AtOptions, atOption, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { rfc3339, shortTime, shownText } from './text.ts'

interface TagOptions extends AtOptions {
  readonly remove?: boolean
}

const example = `
Without NAME: lists the tags. A tagged commit is kept until the tag is removed; --at takes the tag everywhere.

Examples:
  sfd tag etc before-upgrade
  sfd tag etc known-good --at '2026-11-20 09:00'
  sfd tag etc before-upgrade --remove`

export function addTag(shell: Shell): void {
  const command = shell.program
    .command('tag')
    .description('name a commit of a brick, or list the names')
    .argument('<brick>', 'path or name of a brick')
    .argument('[name]', 'the name to give, or with --remove to take away')
    .option('--remove', 'take the name away')
    .option(...atOption)
    .addHelpText('after', example)
  runs<TagOptions>(shell, command, (call, { args, options }) => {
    const [brick = '', name] = args
    if (name !== undefined) return tag(call, { brick, name, options })
    if (options.remove || options.at !== undefined) throw new FoundryError('USAGE', 'Name the tag.')
    return listTags(call, brick)
  })
}

async function listTags(call: Call, brick: string): Promise<ExitCode> {
  await withBrickAt(call, { brick, at: undefined }, async (view) => {
    const tagged = [...pastCommits(view)].flatMap((commit) => (commit.tag === undefined ? [] : [commit])).reverse()
    for (const { generation, time, tag = '' } of tagged) {
      if (call.json) await call.output.json({ tag, generation, time: rfc3339(time) })
      else await call.output.text(`${String(generation).padStart(10)}  ${shortTime(time)}  ${shownText(tag)}\n`)
    }
  })
  return exitCode.ok
}

async function tag(
  call: Call,
  { brick, name, options }: { brick: string; name: string; options: TagOptions },
): Promise<ExitCode> {
  const generation = options.remove
    ? await taggedGeneration(call, brick, name)
    : await generationAt(call, brick, options)
  const order = { generation, tag: options.remove ? null : name }
  const { tagStored } = await import('../daemon/brick-care.ts')
  const answer = await takeCare<TagAnswer>(call, {
    brick,
    control: '/api/tag',
    body: order,
    direct: async (parts) => tagStored(parts, order),
  })
  if (call.json) await call.output.json(answer)
  else
    await call.output.text(
      `generation ${generation} ${answer.tag === null ? 'has no name now' : `is ${shownText(name)}`}\n`,
    )
  return exitCode.ok
}

function generationAt(call: Call, brick: string, { at }: TagOptions): Promise<number> {
  return withBrickAt(call, { brick, at }, async (view) => view.record.generation)
}

function taggedGeneration(call: Call, brick: string, name: string): Promise<number> {
  return withBrickAt(call, { brick, at: undefined }, async (view) => {
    const tagged = [...pastCommits(view)].find((commit) => commit.tag === name)
    if (tagged !== undefined) return tagged.generation
    throw new FoundryError(
      'COMMIT_MISSING',
      `No commit is called ${shownText(name)}; \`sfd tag BRICK\` lists the tags.`,
    )
  })
}
