/** `sfd extract BRICK [PATH...] -o DEST`, and with --range the bytes of one range. */
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { ExtractReport } from '../read/extract.ts'
import type { ByteRange, RangeTarget } from '../read/range.ts'
import { entryPath } from '../read/select.ts'
import type { BrickView } from '../store/brick-view.ts'
import { isSetFolder } from '../store/set-manifest.ts'
import { pause, workerCount } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import { parseAddresses, parseRange } from './byte-range.ts'
import { type AtOptions, atOption, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { type Extracted, extractedFields, ownershipOf, warnOfProblems } from './extracted.ts'
import { readersOf, writeResult } from './result-file.ts'
import { counted, grouped, iec, pairs, shortTime, shownPath } from './text.ts'

interface ExtractOptions extends AtOptions {
  readonly output: string
  readonly force?: boolean
  readonly range?: string
}

const example = `
A tree's content goes straight into DEST, a one-file brick to DEST/basename; with PATHs only those, with their folders.
Owners are restored for root. --range A:B is half-open, in the entry if one is named, else in the brick's space.
Of a process PATH may be a mapping's name or an address in it, and the range one of addresses (va:A:B; hexadecimal
ones that lie in a mapping are taken so).

Of a set that sfd crystallize made, the whole tree, each brick at its place; PATHs are those in the system.

Examples:
  sfd extract etc.brick -o /tmp/etc
  sfd extract etc.brick hosts --at yesterday -o out
  sfd extract etc.brick hosts -o -
  sfd extract etc.brick hosts --range 0:0x100 -o -
  sfd extract proc-812-nginx '[heap]' --at -5m --range : -o heap.bin`

export function addExtract(shell: Shell): void {
  const command = shell.program
    .command('extract')
    .description('give the bytes back, exactly')
    .argument('<brick>', 'path or name of a brick, or the folder of a set')
    .argument('[paths...]', 'entries, folders with everything beneath; all without')
    .requiredOption('-o, --output <dest>', 'folder to write into; with --range a file; - for standard output')
    .option('--force', 'into what is not empty, replacing what is in the way, and without asking for free space')
    .option('--range <a:b>', 'only these bytes')
    .option(...atOption)
    .addHelpText('after', example)
  runs<ExtractOptions>(shell, command, (call, { args, options }) => {
    const [brick = '', ...paths] = args
    if (isSetFolder(brick)) return extractFromSet(call, { brick, paths, options })
    const range = options.range ?? (options.output === '-' ? wholeFile(paths) : undefined)
    if (range === undefined) return extractEntries(call, { brick, paths, options })
    return extractRange(call, { brick, paths, options, range })
  })
}

/** What goes to standard output without a range. Error: USAGE where that would be several files. */
function wholeFile({ length }: readonly string[]): string {
  if (length === 1) return ':'
  throw new FoundryError('USAGE', 'Standard output takes the bytes of one file: name one PATH, or a folder after -o.')
}

interface Request {
  readonly brick: string
  readonly paths: readonly string[]
  readonly options: ExtractOptions
}

async function extractFromSet(call: Call, { brick, paths, options }: Request): Promise<ExitCode> {
  if (options.range !== undefined || options.at !== undefined) {
    throw new FoundryError('USAGE', '--range and --at are of one brick, not of a set. Name a brick of it.')
  }
  const { extractWholeSet } = await import('./extract-set.ts')
  const existing = options.force ? 'replace' : 'refuse'
  return extractWholeSet(call, { set: brick, paths, output: options.output, existing })
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
  warnOfProblems(call, report)
  if (report.damaged.count + report.failed.count > 0) return exitCode.no
  return report.unreadable.count + report.torn.count + report.forgotten.count > 0 ? exitCode.doubtful : exitCode.ok
}

async function extractRange(call: Call, request: Request & { readonly range: string }): Promise<ExitCode> {
  const { rangeBytes, rangeDoubt } = await import('../read/range.ts')
  const { brick, paths, options } = request
  if (paths.length > 1) throw new FoundryError('USAGE', '--range is of one PATH, or of the brick; name one at most.')
  const [path] = paths
  return withBrickAt(call, { brick, at: options.at }, async (view) => {
    const named = path === undefined ? undefined : entryPath(view, argumentBytes(path))
    const { target, range, note } = await placeOf(view, named, request.range)
    if (note !== undefined) call.warn(note)
    const pieces = rangeBytes(view, target, range)
    if (options.output === '-') for (const piece of pieces) await call.output.bytes(piece)
    else {
      const readers = readersOf(view.meta, target.entry?.mode)
      writeResult(argumentBytes(options.output), pieces, { existing: options.force ? 'replace' : 'refuse', readers })
    }
    const doubt = rangeDoubt(target, range)
    if (doubt !== undefined) call.warn(doubt)
    return doubt === undefined ? exitCode.ok : exitCode.doubtful
  })
}

interface Place {
  readonly target: RangeTarget
  readonly range: ByteRange
  /** How the range was taken, where that is not plain. */
  readonly note?: string
}

/** The bytes that a range means: offsets, or in a process addresses that lie in one mapping. */
async function placeOf(view: BrickView, named: Uint8Array | undefined, text: string): Promise<Place> {
  const { rangeTarget } = await import('../read/range.ts')
  const { noSuchAddresses, offsetsOf, shownMapping } = await import('../read/mapping-path.ts')
  const addresses = parseAddresses(text)
  const isProcess = view.meta.kind === 'process'
  if (addresses?.means === 'addresses' && !isProcess)
    throw new FoundryError('RANGE_INVALID', `Only bricks of processes have addresses; ask for offsets, not ${text}.`)
  const target = rangeTarget(view, named)
  const placed = addresses && isProcess ? offsetsOf(view, addresses, target.entry) : undefined
  if (placed !== undefined) {
    const { entry, range } = placed
    const note = `taken as addresses: bytes ${range.from}:${range.to} of ${shownMapping(entry)}`
    return { target: rangeTarget(view, entry.path), range, note }
  }
  if (addresses?.means === 'addresses') throw noSuchAddresses(view, addresses)
  const range = parseRange(text, target.length)
  const space = target.entry === undefined ? "the brick's space" : 'the mapping'
  return {
    target,
    range,
    ...(addresses && isProcess && { note: `taken as offsets in ${space}; va:A:B are addresses` }),
  }
}

interface Done extends Extracted {
  /** Of the commit that was extracted. */
  readonly record: CommitRecord
}

function jsonOf(report: ExtractReport, { record, ...done }: Done): Record<string, unknown> {
  const { dest, destHex, ...rest } = extractedFields(report, done)
  return {
    dest,
    ...(destHex !== undefined && { destHex }),
    generation: record.generation,
    commit: toHex(record.id),
    ...rest,
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
