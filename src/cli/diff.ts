/** `sfd diff BRICK [FROM] [TO] [PATH]`: what changed between two commits, entry by entry. */
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type AtSpec, meansCommit, parseAt, viewBehind } from '../read/at.ts'
import { type ByteDifference, diffBytes } from '../read/diff-bytes.ts'
import { diffEntries, type EntryDifference } from '../read/diff-entries.ts'
import { isUnder } from '../read/diff-path.ts'
import { diffTiles } from '../read/diff-tiles.ts'
import { entryPath } from '../read/select.ts'
import type { BrickView } from '../store/brick-view.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell, withBrick } from './command.ts'
import { differenceJson, differenceLines, headingOf, isNoise, summaryOf } from './diff-text.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { shownPath } from './text.ts'

interface DiffOptions {
  readonly bytes?: boolean
}

const example = `
FROM and TO are what --at takes: 12, @-1, a tag, 2026-11-22 14:00, 2h, yesterday. Without FROM the commit before the
newest, without TO the newest. A word that is none of these is the PATH; ./12 is a path for sure.
+ added, - removed, M content, m only mode, owner, time or attributes, R moved. Exit code 0 equal, 1 different.

Examples:
  sfd diff etc.brick yesterday
  sfd diff etc.brick 12 15 ssh --bytes`

export function addDiff(shell: Shell): void {
  const command = shell.program
    .command('diff')
    .description('list what changed between two commits of a brick')
    .argument('<brick>', 'path or name of a brick')
    .argument('[words...]', 'FROM, TO, PATH: see below')
    .usage('[options] <brick> [from] [to] [path]')
    // -2h is no option.
    .allowUnknownOption()
    .option('--bytes', 'which bytes of each changed file, position by position')
    .addHelpText('after', example)
  runs<DiffOptions>(shell, command, (call, { args, options }) => {
    const [brick = '', ...words] = args
    const unknown = args.find((word) => word.startsWith('-') && !/^-\d/.test(word))
    if (unknown !== undefined) throw new FoundryError('USAGE', `unknown option '${unknown}'`)
    return diff(call, { brick, words, bytes: options.bytes === true ? 'listed' : 'unlisted' })
  })
}

interface Request {
  readonly brick: string
  readonly words: readonly string[]
  readonly bytes: 'listed' | 'unlisted'
}

async function diff(call: Call, { brick, words, bytes }: Request): Promise<ExitCode> {
  return withBrick(call, brick, async (newest) => {
    const { before, after, path } = chosen(newest, words, call.clock.nowNs())
    const { differences: all, movesSought } = diffEntries(before, after)
    const differences = path === undefined ? all : all.filter((difference) => isUnder(difference, path))
    if (!movesSought) call.warn('there are too many changes to look for moves: moved entries are listed as - and +')
    const tiles = countTiles(before, after)
    const report = { before, after, differences, ...tiles }
    if (call.json) await call.output.json(jsonOf(report))
    else await call.output.text(headingOf(report))
    let hidden = 0
    let unknown = 0
    for (const difference of differences) {
      if (!call.json && isNoise(difference)) {
        hidden++
        continue
      }
      const ranges = bytes === 'listed' ? rangesOf({ before, after }, difference) : undefined
      if (ranges?.some(({ kind }) => kind === 'unknown')) unknown++
      if (call.json) await call.output.json(differenceJson(difference, ranges))
      else await call.output.text(differenceLines(difference, ranges))
    }
    if (!call.json) await call.output.text(summaryOf(report, hidden))
    if (unknown > 0) call.warn(`of ${unknown} files parts cannot be compared: unreadable or forgotten in a commit`)
    return differences.length === 0 ? exitCode.ok : exitCode.no
  })
}

interface Chosen {
  readonly before: BrickView
  readonly after: BrickView
  readonly path: Uint8Array | undefined
}

/** Leading words that mean commits are FROM and TO; one more is the PATH. Errors: COMMIT_MISSING, ENTRY_MISSING, USAGE. */
function chosen(newest: BrickView, words: readonly string[], nowNs: bigint): Chosen {
  const specs = words.map((word) => (word.includes('/') ? undefined : parseAt(word, nowNs)))
  const isCommit = (spec: AtSpec | undefined) => spec !== undefined && meansCommit(newest, spec)
  const [from, to] = isCommit(specs[0]) ? (isCommit(specs[1]) ? specs : specs.slice(0, 1)) : []
  const rest = words.slice(from === undefined ? 0 : to === undefined ? 1 : 2)
  if (rest.length > 1)
    throw new FoundryError('USAGE', `${rest.map(quoted).join(' and ')}: there is one PATH after FROM and TO.`)
  const [path] = rest
  const before = viewBehind(newest, from ?? { kind: 'back', commitCount: 1 })
  const after = to === undefined ? newest : viewBehind(newest, to)
  if (path === undefined) return { before, after, path }
  const named = entryPath(newest, argumentBytes(path))
  if (before.entry(named) !== undefined || after.entry(named) !== undefined) return { before, after, path: named }
  throw new FoundryError(
    'ENTRY_MISSING',
    `${quoted(path)} is no commit, no tag and no time, and neither commit has an entry of that path.`,
  )
}

function quoted(word: string): string {
  return shownPath(argumentBytes(word))
}

function countTiles(before: BrickView, after: BrickView): { tileCount: number; tilesAll: number } {
  let tileCount = 0
  for (const { length } of diffTiles(before, after)) tileCount += length
  return { tileCount, tilesAll: Math.max(before.tileCount, after.tileCount) }
}

/** Of one file; a file that is scattered over more is said to be so by the count of its ranges. */
const rangesMax = 10_000

function rangesOf(
  { before, after }: Pick<Chosen, 'before' | 'after'>,
  difference: EntryDifference,
): readonly ByteDifference[] | undefined {
  if (difference.change === 'added' || difference.change === 'removed' || difference.change === 'meta') return undefined
  const [was, now] = [difference.before, difference.after]
  if (was.kind !== 'file' || now.kind !== 'file' || difference.fields.length === 0) return undefined
  const ranges: ByteDifference[] = []
  for (const range of diffBytes({ view: before, entry: was }, { view: after, entry: now })) {
    if (ranges.push(range) === rangesMax) break
  }
  return ranges
}

function jsonOf(report: {
  before: BrickView
  after: BrickView
  differences: readonly EntryDifference[]
  tileCount: number
}): Record<string, unknown> {
  const name = ({ record }: BrickView) => ({ generation: record.generation, commit: toHex(record.id) })
  return {
    from: name(report.before),
    to: name(report.after),
    entries: report.differences.length,
    tiles: report.tileCount,
  }
}
