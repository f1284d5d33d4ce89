/** `sfd verify BRICK [--against SOURCE]`: is it whole, and is it still what the source is? */
import { FoundryError } from '../base/errors.ts'
import type { SourceDifference } from '../read/against.ts'
import type { Damage } from '../read/verify.ts'
import type { BrickView } from '../store/brick-view.ts'
import { isSetFolder } from '../store/set-manifest.ts'
import { pause } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell, withBrick } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, grouped, iec, pathFields, shownPath } from './text.ts'

const example = `
Exit code 1 where anything is damaged or differs, 3 where bytes were forgotten.

Example:
  sfd verify etc.brick --against /etc`

export function addVerify(shell: Shell): void {
  const command = shell.program
    .command('verify')
    .description('check every byte of a brick, and compare it with a source')
    .argument('<brick>', 'path or name of a brick, or the folder of a set')
    .option('--against <source>', 'also list how the live source differs')
    .addHelpText('after', example)
  runs<{ against?: string }>(shell, command, (call, { args, options }) => {
    const [brick = ''] = args
    return isSetFolder(brick) ? verifySet(call, brick, options) : verifyBrick(call, brick, options)
  })
}

async function verifySet(call: Call, folder: string, { against }: { against?: string }): Promise<ExitCode> {
  if (against !== undefined) {
    throw new FoundryError('USAGE', '--against compares one brick with its source. Name a brick of the set.')
  }
  const { verifyWholeSet } = await import('./verify-set.ts')
  return verifyWholeSet(call, folder)
}

interface Answer {
  readonly ok: boolean
  readonly tiles: number
  readonly prunedTiles: number
  readonly bytes: number
  readonly damaged: readonly Damage[]
  readonly damagedCount: number
  readonly differs: readonly SourceDifference[]
  readonly differsCount: number
}

async function verifyBrick(call: Call, brick: string, { against }: { against?: string }): Promise<ExitCode> {
  const answer = await withBrick(call, brick, async (view) => {
    const { verify } = await import('../read/verify.ts')
    const { signal, progress } = call
    const onProgress = (what: string) => (done: { doneBytes: number; totalBytes: number }) =>
      progress.update({ what, ...done })
    const report = await verify({ view, signal, pause, onProgress: onProgress('verifying') })
    const compared = against === undefined ? undefined : await compare(call, { view, against })
    return {
      ...report,
      ok: report.ok && (compared?.count ?? 0) === 0,
      differs: compared?.differs ?? [],
      differsCount: compared?.count ?? 0,
    }
  })
  call.progress.end()
  if (call.json) await call.output.json(jsonOf(answer))
  else await call.output.text(textOf(answer, against))
  if (!answer.ok) return exitCode.no
  return answer.prunedTiles > 0 ? exitCode.doubtful : exitCode.ok
}

async function compare(call: Call, { view, against }: { readonly view: BrickView; readonly against: string }) {
  const { compareWithSource } = await import('../read/against.ts')
  const { openSource } = await import('../source/open.ts')
  const { clock, signal, progress } = call
  return compareWithSource({
    view,
    source: openSource(argumentBytes(against)),
    clock,
    signal,
    pause,
    onProgress({ doneBytes, totalBytes, entries }) {
      progress.update({ what: 'comparing', doneBytes, totalBytes, count: { done: entries, unit: 'entries' } })
    },
  })
}

function jsonOf({
  ok,
  tiles,
  prunedTiles,
  bytes,
  damaged,
  differs,
  damagedCount,
  differsCount,
}: Answer): Record<string, unknown> {
  return {
    ok,
    tiles,
    prunedTiles,
    bytes,
    damaged: damaged.map(({ rule, offset, detail, part, tile, paths }) => ({
      rule,
      offset: offset < 0 ? null : offset,
      detail,
      part,
      ...(tile !== undefined && { tile }),
      ...(paths !== undefined && { entries: paths.map((path) => pathFields(path)) }),
    })),
    differs: differs.map(({ path, what, detail }) => ({ ...pathFields(path), what, detail })),
    ...(damagedCount > damaged.length && { damagedCount }),
    ...(differsCount > differs.length && { differsCount }),
  }
}

const shownMax = 20

function textOf(answer: Answer, against: string | undefined): string {
  const { ok, tiles, prunedTiles, bytes, damaged, differs, damagedCount, differsCount } = answer
  const seen = `${counted(tiles, { one: 'tile', many: 'tiles' })}, ${iec(bytes)} of content`
  const same = against === undefined ? '' : ', the same as the source'
  const pruned = counted(prunedTiles, { one: 'tile', many: 'tiles' })
  const left = prunedTiles === 0 ? '' : `forgotten ${pruned} of which only the hash is here\n`
  if (ok) return `ok        ${seen}: every hash is right${same}\n${left}`
  const lines = [
    ...damaged.slice(0, shownMax).map((damage) => `damaged   ${damageText(damage)}`),
    ...more(damagedCount, damaged.length),
    ...differs.slice(0, shownMax).map(({ path, what, detail }) => `${what.padEnd(8)}  ${shownPath(path)}: ${detail}`),
    ...more(differsCount, differs.length),
    `not ok    ${seen}: ${grouped(damagedCount)} damaged, ${grouped(differsCount)} different`,
  ]
  return `${lines.join('\n')}\n`
}

function damageText({ part, detail, paths = [] }: Damage): string {
  const named = paths.slice(0, 3).map((path) => shownPath(path))
  const rest = paths.length > named.length ? ', ..' : ''
  return `${part}${named.length > 0 ? ` (${named.join(', ')}${rest})` : ''}: ${detail}`
}

function more(count: number, listed: number): string[] {
  const left = count - Math.min(listed, shownMax)
  return left > 0 ? [`          ${grouped(left)} more; --json lists them`] : []
}
