/**
 * What it costs to say what changed between two commits: tiles, entries and bytes, after the brick was opened.
 *
 * Beside it what others need to find the same out from two copies of the source: `cmp` of two files, `diff -rq` of two
 * trees, all of it in the page cache. Every run of ours has views of its own, so nothing is remembered but the file's pages.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { viewBehind } from '../src/read/at.ts'
import { diffBytes } from '../src/read/diff-bytes.ts'
import { diffEntries } from '../src/read/diff-entries.ts'
import { diffTiles } from '../src/read/diff-tiles.ts'
import { BrickFile } from '../src/store/brick-file.ts'
import { BrickView } from '../src/store/brick-view.ts'
import { diffBudget, type Judge } from './budgets.ts'
import { type Meter, median, transferred } from './measure.ts'
import { type Column, type Row, row, type Section, skippedRow } from './table.ts'
import { makeRandomFile, makeSmallFiles } from './trees.ts'

export interface DiffOptions {
  readonly sfd: string
  readonly meter: Meter
  readonly folder: string
  readonly largeBytes: number
  readonly fileCount: number
  readonly judge: Judge
  readonly progress: (message: string) => void
}

const runs = 25

const columns: readonly Column[] = [
  { key: 'workMilliseconds', title: 'median', unit: 'milliseconds' },
  { key: 'firstMilliseconds', title: 'first', unit: 'milliseconds' },
  { key: 'readBytes', title: 'read', unit: 'bytes' },
]

export async function diffSection(options: DiffOptions): Promise<Section> {
  const { folder, largeBytes, fileCount, progress } = options
  const rows = [...(await largeRows(options, join(folder, 'diff-large'))), ...(await smallRows(options))]
  progress('')
  return {
    id: 'diff',
    title: 'What changed between two commits',
    notes: [
      `1 byte of ${largeBytes / 2 ** 20} MiB and 1 line of 1 file of ${fileCount}: which tiles, which entries, which bytes; ${runs} runs.`,
      'First: the first run in the process, its code not yet compiled. Others read two copies of the source.',
    ],
    columns,
    rows,
  }
}

async function largeRows(options: DiffOptions, folder: string): Promise<Row[]> {
  const { largeBytes, progress } = options
  mkdirSync(folder)
  const [source, copy] = [join(folder, 'file'), join(folder, 'copy')]
  progress(`making a file of ${largeBytes / 2 ** 20} MiB`)
  makeRandomFile(source, largeBytes)
  copyFileSync(source, copy, constants.COPYFILE_FICLONE)
  const name = `1 tile of ${largeBytes / 2 ** 20} MiB`
  const change = (): void => {
    const fd = openSync(source, 'r+')
    writeSync(fd, 'changed', Math.floor(largeBytes / 3))
    closeSync(fd)
  }
  const ours = await ourRow(options, { name, source, change, brick: join(folder, 'x.brick') })
  const theirs = await peerRow(options, { name: `${name}: cmp`, program: 'cmp', args: [copy, source] })
  rmSync(folder, { recursive: true })
  return [ours, theirs]
}

async function smallRows(options: DiffOptions): Promise<Row[]> {
  const { folder, fileCount, progress } = options
  const within = join(folder, 'diff-small')
  const [source, copy] = [join(within, 'tree'), join(within, 'copy')]
  progress(`making ${fileCount} files`)
  const paths = makeSmallFiles(source, { count: fileCount, meanBytes: 2048 })
  cpSync(source, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  const changed = paths[Math.floor(paths.length / 3)] as string
  const name = `1 file of ${fileCount}`
  const change = (): void => {
    writeFileSync(changed, Buffer.concat([readFileSync(changed), Buffer.from('one more line\n')]))
  }
  const ours = await ourRow(options, { name, source, change, brick: join(within, 'x.brick') })
  const theirs = await peerRow(options, { name: `${name}: diff -rq`, program: 'diff', args: ['-rq', copy, source] })
  rmSync(within, { recursive: true })
  return [ours, theirs]
}

interface Change {
  readonly name: string
  readonly source: string
  readonly brick: string
  readonly change: () => void
}

async function ourRow(
  { sfd, meter, judge, progress }: DiffOptions,
  { name, source, brick, change }: Change,
): Promise<Row> {
  const fold = () => meter.run({ program: sfd, args: ['fold', source, '-o', brick, '--json'] })
  progress(`folding, ${name}`)
  await fold()
  change()
  await fold()
  const file = BrickFile.open(Buffer.from(brick))
  try {
    const head = file.readHeadOnce()
    const times: number[] = []
    let readBytes: number | null = null
    for (let run = 0; run < runs; run++) {
      const after = new BrickView(file, head)
      const before = viewBehind(after, { kind: 'back', commitCount: 1 })
      const readBefore = transferred()?.readBytes
      const startMs = performance.now()
      assertOneChange(before, after)
      times.push(performance.now() - startMs)
      const readAfter = transferred()?.readBytes
      if (readBefore !== undefined && readAfter !== undefined) readBytes = readAfter - readBefore
    }
    const workMilliseconds = median(times)
    const values = { workMilliseconds, firstMilliseconds: times[0] ?? null, readBytes }
    return row(name, values, [diffBudget(workMilliseconds, judge)])
  } finally {
    file.close()
  }
}

/** What is measured; one file has changed, in one place. */
function assertOneChange(before: BrickView, after: BrickView): void {
  let tileCount = 0
  for (const { length } of diffTiles(before, after)) tileCount += length
  const modified = diffEntries(before, after).differences.filter(({ change }) => change === 'modified')
  const [file] = modified
  if (modified.length !== 1 || file?.change !== 'modified')
    throw new Error(`${modified.length} files are said to have changed`)
  const ranges = [...diffBytes({ view: before, entry: file.before }, { view: after, entry: file.after })]
  if (tileCount !== 1 || ranges.length !== 1)
    throw new Error(`${tileCount} tiles, ${ranges.length} ranges are said to differ`)
}

async function peerRow(
  { meter }: DiffOptions,
  peer: { readonly name: string; readonly program: string; readonly args: readonly string[] },
): Promise<Row> {
  const { name, program, args } = peer
  try {
    const times: number[] = []
    for (let run = 0; run < 3; run++) {
      times.push(1000 * (await meter.run({ program, args, accepted: [1] })).wallSeconds)
    }
    return row(name, { workMilliseconds: median(times), firstMilliseconds: times[0] ?? null, readBytes: null })
  } catch (error) {
    return skippedRow(name, (error as Error).message)
  }
}
