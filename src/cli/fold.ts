/** `sfd fold SOURCE -o FILE.brick`: a source into a brick, a new one or one more commit. */
import type { FoldReport } from '../fold/fold-source.ts'
import { pause, workerCount } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, grouped, iec, pairs, pathFields, shownPath } from './text.ts'

interface FoldOptions {
  readonly output: string
  readonly exclude: readonly string[]
  readonly crossFilesystems?: boolean
}

const example = `
Onto a brick of the same source it adds one more commit; onto one of another source it is refused. Other sources than
paths, such as proc:NAME, are those of sfd up.

Example:
  sfd fold /etc -o etc.brick --exclude '*.swp'
  sfd fold proc:nginx -o nginx.brick`

export function addFold(shell: Shell): void {
  const command = shell.program
    .command('fold')
    .description('fold a file, a tree or the memory of a process into a brick')
    .argument('<source>', 'file, directory, or such as proc:NAME')
    .requiredOption('-o, --output <file>', 'the brick to make, or to add a commit to')
    .option('--exclude <glob>', 'leave out what matches; may be given several times', collect, [])
    .option('--cross-filesystems', 'descend into other filesystems')
    .addHelpText('after', example)
  runs<FoldOptions>(shell, command, (call, { args, options }) => fold(call, args[0] as string, options))
}

async function fold(call: Call, source: string, options: FoldOptions): Promise<ExitCode> {
  const { clock, random, signal, progress } = call
  const { foldSource } = await import('../fold/fold-source.ts')
  const brick = argumentBytes(options.output)
  const startMs = clock.monotonicMs()
  await pause()
  const report = await foldSource({
    source: argumentBytes(source),
    brick,
    exclude: options.exclude,
    crossFilesystems: options.crossFilesystems ? 'yes' : 'no',
    workers: workerCount,
    clock,
    random,
    signal,
    reason: 'fold',
    onProgress({ phase, doneBytes, totalBytes, entries }) {
      progress.update({ what: phase, doneBytes, totalBytes, count: { done: entries, unit: 'entries' } })
    },
  })
  const seconds = (clock.monotonicMs() - startMs) / 1000
  progress.end()
  if (call.json) await call.output.json(jsonOf(report, { brick, seconds }))
  else await call.output.text(textOf(report, { brick, seconds }))
  return report.unreadable - report.neverRead + report.torn > 0 ? exitCode.doubtful : exitCode.ok
}

interface Made {
  readonly brick: Uint8Array
  readonly seconds: number
}

function jsonOf(report: FoldReport, { brick, seconds }: Made): Record<string, unknown> {
  const { uuid, generation, contentRoot, treeHash, bytes, entries, unreadable, torn } = report
  const { path, pathHex } = pathFields(brick)
  return {
    brick: path,
    ...(pathHex !== undefined && { brickHex: pathHex }),
    uuid,
    generation,
    contentRoot,
    treeHash,
    bytes,
    entries,
    unreadable,
    torn,
    seconds: Math.round(seconds * 1000) / 1000,
  }
}

function textOf(report: FoldReport, { brick, seconds }: Made): string {
  const doubts = [
    ...(report.unreadable > 0 ? [`${grouped(report.unreadable)} unreadable`] : []),
    ...(report.torn > 0 ? [`${grouped(report.torn)} torn`] : []),
  ]
  const entries = counted(report.entries, { one: 'entry', many: 'entries' })
  return pairs([
    ['brick', shownPath(brick)],
    ['commit', `generation ${report.generation}, tree ${report.treeHash.slice(0, 12)}`],
    ['content', `${iec(report.bytes)} in ${entries}${doubts.length > 0 ? ` (${doubts.join(', ')})` : ''}`],
    ['time', `${seconds.toFixed(1)} s`],
  ])
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
