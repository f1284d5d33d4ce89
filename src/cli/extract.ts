/** `sfd extract BRICK [PATH...] -o DEST`, and with --range the bytes of one range. */
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { ExtractReport, ProblemList } from '../read/extract.ts'
import { entryPath } from '../read/select.ts'
import { pause, workerCount } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import { parseRange } from './byte-range.ts'
import { type AtOptions, atOption, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { writeResult } from './result-file.ts'
import { counted, grouped, iec, pairs, pathFields, shortTime, shownPath } from './text.ts'

interface ExtractOptions extends AtOptions {
  readonly output: string
  readonly force?: boolean
  readonly range?: string
}

const example = `
A tree's content goes straight into DEST, a one-file brick to DEST/basename; with PATHs only those, with their folders.
Owners are restored for root. --range A:B is half-open, in the entry if one is named, else in the brick's space.

Examples:
  sfd extract etc.brick -o /tmp/etc
  sfd extract etc.brick hosts --at yesterday -o out
  sfd extract etc.brick hosts --range 0:0x100 -o -`

export function addExtract(shell: Shell): void {
  const command = shell.program
    .command('extract')
    .description('give the bytes back, exactly')
    .argument('<brick>', 'path or name of a brick')
    .argument('[paths...]', 'entries, folders with everything beneath; all without')
    .requiredOption('-o, --output <dest>', 'folder to write into; with --range a file, - for standard output')
    .option('--force', 'into what is not empty, replacing what is in the way, and without asking for free space')
    .option('--range <a:b>', 'only these bytes')
    .option(...atOption)
    .addHelpText('after', example)
  runs<ExtractOptions>(shell, command, (call, { args, options }) => {
    const [brick = '', ...paths] = args
    if (options.range === undefined) return extractEntries(call, { brick, paths, options })
    return extractRange(call, { brick, paths, options, range: options.range })
  })
}

interface Request {
  readonly brick: string
  readonly paths: readonly string[]
  readonly options: ExtractOptions
}

async function extractEntries(call: Call, { brick, paths, options }: Request): Promise<ExitCode> {
  const { extract } = await import('../read/extract.ts')
  const { clock, signal, progress } = call
  const dest = argumentBytes(options.output)
  const startMs = clock.monotonicMs()
  const { report, record } = await withBrickAt(call, { brick, at: options.at }, async (view) => {
    await pause()
    const report = await extract({
      view,
      dest,
      paths: paths.map((path) => entryPath(view, argumentBytes(path))),
      existing: options.force ? 'replace' : 'refuse',
      ownership: ownershipOf(),
      workers: workerCount,
      signal,
      pause,
      onProgress({ doneBytes, totalBytes, files }) {
        progress.update({ what: 'extracting', doneBytes, totalBytes, count: { done: files, unit: 'files' } })
      },
    })
    return { report, record: view.record }
  })
  const seconds = (clock.monotonicMs() - startMs) / 1000
  progress.end()
  if (call.json) await call.output.json(jsonOf(report, { dest, seconds, record }))
  else await call.output.text(textOf(report, { dest, seconds, record }))
  warnOf(call, report)
  if (report.damaged.count + report.failed.count > 0) return exitCode.no
  return report.unreadable.count + report.torn.count + report.forgotten.count > 0 ? exitCode.doubtful : exitCode.ok
}

/** Root gives files their recorded owners; anyone else keeps what is made. */
function ownershipOf(): { owner: 'restore' | 'ignore'; uid: number; gid: number } {
  const uid = process.geteuid?.() ?? 0
  return { owner: uid === 0 ? 'restore' : 'ignore', uid, gid: process.getegid?.() ?? 0 }
}

async function extractRange(call: Call, request: Request & { readonly range: string }): Promise<ExitCode> {
  const { rangeBytes, rangeDoubt, rangeTarget } = await import('../read/range.ts')
  const { brick, paths, options } = request
  if (paths.length > 1) throw new FoundryError('USAGE', '--range is of one PATH, or of the brick; name one at most.')
  const [path] = paths
  return withBrickAt(call, { brick, at: options.at }, async (view) => {
    const target = rangeTarget(view, path === undefined ? undefined : entryPath(view, argumentBytes(path)))
    const range = parseRange(request.range, target.length)
    const pieces = rangeBytes(view, target, range)
    if (options.output === '-') for (const piece of pieces) await call.output.bytes(piece)
    else writeResult(argumentBytes(options.output), pieces, options.force ? 'replace' : 'refuse')
    const doubt = rangeDoubt(target, range)
    if (doubt !== undefined) call.warn(doubt)
    return doubt === undefined ? exitCode.ok : exitCode.doubtful
  })
}

interface Done {
  readonly dest: Uint8Array
  /** Of the commit that was extracted. */
  readonly record: CommitRecord
  readonly seconds: number
}

function jsonOf(report: ExtractReport, { dest, seconds, record }: Done): Record<string, unknown> {
  const { path, pathHex } = pathFields(dest)
  const list = ({ items }: ProblemList) => items.map((item) => ({ ...pathFields(item.path), why: item.why }))
  return {
    dest: path,
    ...(pathHex !== undefined && { destHex: pathHex }),
    generation: record.generation,
    commit: toHex(record.id),
    files: report.files,
    hardLinks: report.hardLinks,
    directories: report.directories,
    symlinks: report.symlinks,
    specials: report.specials,
    bytes: report.bytes,
    skipped: list(report.skipped),
    failed: list(report.failed),
    damaged: list(report.damaged),
    unreadable: list(report.unreadable),
    torn: list(report.torn),
    forgotten: list(report.forgotten),
    seconds: Math.round(seconds * 1000) / 1000,
  }
}

function textOf(report: ExtractReport, { dest, seconds, record }: Done): string {
  const others = report.hardLinks + report.symlinks + report.specials
  const files = counted(report.files, { one: 'file', many: 'files' })
  const folders = counted(report.directories, { one: 'folder', many: 'folders' })
  return pairs([
    ['extracted', `${iec(report.bytes)} in ${files}, ${folders}, ${grouped(others)} links and specials`],
    ['from', `generation ${record.generation}, ${shortTime(record.time)} UTC`],
    ['into', shownPath(dest)],
    ['time', `${seconds.toFixed(1)} s`],
  ])
}

const warnedMax = 10

function warnOf(call: Call, report: ExtractReport): void {
  for (const name of ['damaged', 'failed', 'unreadable', 'torn', 'forgotten', 'skipped'] as const) {
    const { count, items } = report[name]
    for (const { path, why } of items.slice(0, warnedMax)) call.warn(`${name}: ${shownPath(path)}: ${why}`)
    if (count > warnedMax) call.warn(`${name}: ${grouped(count - warnedMax)} more; --json lists them`)
  }
}
