/** `sfd crystallize -o DIR`: the bricks of a whole machine as one portable set, with a manifest and one hash. */
import { hostname, type as kernelName, machine, release } from 'node:os'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { CrystallizeReport } from '../fold/crystallize.ts'
import { defaultProcesses, type SystemDistrict, systemDistricts } from '../source/system-parts.ts'
import type { SetBrick } from '../store/set-manifest.ts'
import { pause, workerCount } from './adapters.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, grouped, iec, pairs, shownText } from './text.ts'

interface CrystallizeOptions {
  readonly output: string
  readonly root: string
  readonly include?: readonly SystemDistrict[]
  readonly without?: readonly SystemDistrict[]
  readonly processes: number
  readonly also: readonly string[]
  readonly budgetBytes?: number
  readonly crossFilesystems?: boolean
}

const example = `
Districts: ${systemDistricts.join(', ')}.
One brick each, and one a process; what this machine does not have is not there, what cannot be read is counted.
Interrupted, what is finished stays: the same command goes on. Again into a finished set: one more commit a brick;
until that run has ended, the set is the one before.
With --root only files: /proc, /sys, devices and processes are those of the machine at work.

Examples:
  sfd crystallize -o /backup/$(hostname)
  sfd crystallize -o /tmp/set --include etc,dpkg,usr --budget-bytes 4G
  sfd verify /tmp/set && sfd extract /tmp/set -o /mnt/root`

export function addCrystallize(shell: Shell): void {
  const command = shell.program
    .command('crystallize')
    .description('fold a whole machine into a portable set of bricks')
    .requiredOption('-o, --output <dir>', 'folder of the set: new, empty, or one that was begun')
    .option('--root <dir>', 'a system that lies in a folder, such as a mounted image', '/')
    .option('--include <districts>', 'only these, with commas between', parseDistricts)
    .option('--without <districts>', 'all but these', parseDistricts)
    .option('--also <path>', 'a file or folder of the system beside the districts; may be repeated', collect, [])
    .option('--processes <n>', 'so many of the largest processes, 0 for none', parseCount, defaultProcesses.count)
    .option('--budget-bytes <n>', 'all bricks together at most; K, M, G, T as suffix', parseSize)
    .option('--cross-filesystems', 'descend into other filesystems')
    .addHelpText('after', example)
  runs<CrystallizeOptions>(shell, command, (call, { options }) => crystallizeSystem(call, options))
}

function parseDistricts(text: string): readonly SystemDistrict[] {
  return text.split(',').map((name) => {
    const district = systemDistricts.find((one) => one === name.trim())
    if (district === undefined) throw new InvalidArgumentError(`Districts are ${systemDistricts.join(', ')}.`)
    return district
  })
}

function collect(path: string, before: readonly string[]): readonly string[] {
  if (!path.startsWith('/'))
    throw new InvalidArgumentError('It is a path from the root of the system on, such as /srv.')
  return [...before, resolve(path)]
}

function parseCount(text: string): number {
  if (!/^[0-9]{1,4}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0 to 9999.')
  return Number(text)
}

function parseSize(text: string): number {
  const [, digits, unit] = /^([0-9]{1,15})([KMGT]?)$/.exec(text) ?? []
  const size = Number(digits) * 1024 ** ('KMGT'.indexOf(unit || ' ') + 1)
  if (!Number.isSafeInteger(size) || size === 0) throw new InvalidArgumentError('It is a size such as 500M or 4G.')
  return size
}

async function crystallizeSystem(call: Call, options: CrystallizeOptions): Promise<ExitCode> {
  const { crystallize } = await import('../fold/crystallize.ts')
  const { openSource } = await import('../source/open.ts')
  const { systemParts } = await import('../source/system-parts.ts')
  const { clock, random, signal, progress } = call
  const root = resolve(options.root)
  const { kind } = openSource(utf8(root))
  if (kind !== 'tree') {
    const what = `${displayPath(utf8(root))} is no folder that a system lies in`
    throw new FoundryError('SOURCE_KIND', `${what}. Name another --root.`)
  }
  const without = options.without ?? []
  const districts = (options.include ?? systemDistricts).filter((district) => !without.includes(district))
  const processes = { ...defaultProcesses, count: options.processes }
  const { parts, leftOut } = systemParts({ root, districts, processes, also: options.also })
  if (parts.length === 0) {
    const what = `${displayPath(utf8(root))} has nothing of what was asked for`
    throw new FoundryError('USAGE', `${what}. Name other districts, or another --root.`)
  }
  const startMs = clock.monotonicMs()
  await pause()
  const report = await crystallize({
    folder: resolve(options.output),
    root,
    districts,
    parts,
    leftOut,
    asked: JSON.stringify([root, districts, options.also, options.processes, options.crossFilesystems === true]),
    ...(options.budgetBytes !== undefined && { budgetBytes: options.budgetBytes }),
    crossFilesystems: options.crossFilesystems ? 'yes' : 'no',
    host: hostname(),
    kernel: `${kernelName()} ${release()} ${machine()}`,
    workers: workerCount,
    clock,
    random,
    signal,
    onProgress({ part, place, phase, doneBytes, totalBytes, entries }) {
      const what = `${phase} ${part.name} (${place.number} of ${place.count})`
      progress.update({ what, doneBytes, totalBytes, count: { done: entries, unit: 'entries' } })
    },
  })
  progress.end()
  const seconds = (clock.monotonicMs() - startMs) / 1000
  if (call.json) await call.output.json(jsonOf(report, seconds))
  else await call.output.text(textOf(report, { seconds, output: options.output }))
  const { unreadable, torn } = totalsOf(report.manifest.bricks)
  return unreadable + torn + report.manifest.leftOut.length > 0 ? exitCode.doubtful : exitCode.ok
}

function totalsOf(bricks: readonly SetBrick[]) {
  const sum = (of: (brick: SetBrick) => number): number => bricks.reduce((total, brick) => total + of(brick), 0)
  return {
    entries: sum(({ entries }) => entries),
    bytes: sum(({ bytes }) => bytes),
    fileBytes: sum(({ fileBytes }) => fileBytes),
    unreadable: sum(({ unreadable }) => unreadable),
    torn: sum(({ torn }) => torn),
  }
}

function jsonOf(
  { manifest, setHash, resumedCount, keptCount }: CrystallizeReport,
  seconds: number,
): Record<string, unknown> {
  const totals = totalsOf(manifest.bricks)
  return {
    setHash,
    ...manifest,
    ...totals,
    resumed: resumedCount,
    kept: keptCount,
    seconds: Math.round(seconds * 1000) / 1000,
  }
}

function textOf(
  { manifest, setHash, resumedCount, keptCount }: CrystallizeReport,
  { seconds, output }: { readonly seconds: number; readonly output: string },
): string {
  const { bricks, leftOut } = manifest
  const { entries, bytes, fileBytes } = totalsOf(bricks)
  const width = Math.max(...bricks.map(({ file }) => file.length), 5)
  const row = (cells: readonly [string, string, string, string, string]): string =>
    `${cells[0].padEnd(width)}  ${cells[1].padStart(9)}  ${cells[2].padStart(9)}  ${cells[3].padStart(9)}  ${cells[4]}\n`
  const rows = bricks.map((brick) =>
    row([brick.file, grouped(brick.entries), iec(brick.bytes), iec(brick.fileBytes), doubtsOf(brick)]),
  )
  const left = leftOut.map(({ source, reason, message }) => `left out  ${source}: ${reason}: ${shownText(message)}\n`)
  const resumed =
    resumedCount === 0 ? '' : `, ${counted(resumedCount, { one: 'brick was', many: 'bricks were' })} there`
  const kept = keptCount === 0 ? '' : `, ${grouped(keptCount)} of them not asked for and as before`
  return [
    row(['brick', 'entries', 'content', 'on disk', '']),
    ...rows,
    ...left,
    '\n',
    pairs([
      ['set', `${shownText(output)}, ${counted(bricks.length, { one: 'brick', many: 'bricks' })}${resumed}${kept}`],
      ['content', `${iec(bytes)} in ${grouped(entries)} entries, ${iec(fileBytes)} on disk`],
      ['hash', setHash],
      ['time', `${seconds.toFixed(1)} s`],
    ]),
  ].join('')
}

function doubtsOf({ unreadable, torn }: SetBrick): string {
  return [
    ...(unreadable > 0 ? [`${grouped(unreadable)} unreadable`] : []),
    ...(torn > 0 ? [`${grouped(torn)} torn`] : []),
  ].join(', ')
}
