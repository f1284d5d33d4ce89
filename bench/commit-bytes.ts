/**
 * What one small change costs: bytes that its commit writes, and, apart from them, bytes that are read to find it out.
 *
 * The first fold is a process of its own (its peak memory is a figure, too). The second runs in this process, in one
 * thread, so that the system's count of what is read and written is of this fold alone.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { foldSource } from '../src/fold/fold-source.ts'
import { fileWrittenBytesMax, memoryBudget, tileWrittenBytesMax, writtenBudget } from './budgets.ts'
import { type Meter, transferred } from './measure.ts'
import { type Column, type Row, row, type Section } from './table.ts'
import { pagesChanged, toldChange } from './told-change.ts'
import { makeRandomFile, makeSmallFiles } from './trees.ts'

export interface CommitBytesOptions {
  readonly sfd: string
  readonly meter: Meter
  readonly folder: string
  readonly largeBytes: number
  readonly fileCount: number
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

const columns: readonly Column[] = [
  { key: 'writtenBytes', title: 'written', unit: 'bytes' },
  { key: 'growthBytes', title: 'brick grew by', unit: 'bytes' },
  { key: 'readBytes', title: 'read', unit: 'bytes' },
  { key: 'commitSeconds', title: 'time', unit: 'seconds' },
  { key: 'cpuSeconds', title: 'CPU', unit: 'seconds' },
  { key: 'firstFoldSeconds', title: 'first fold', unit: 'seconds' },
  { key: 'firstFoldPeakBytes', title: 'its peak memory', unit: 'bytes' },
]

export async function commitBytesSection(options: CommitBytesOptions): Promise<Section> {
  const { folder, largeBytes, fileCount, progress } = options
  const large = join(folder, 'large', 'file')
  const small = join(folder, 'small')
  mkdirSync(dirname(large))
  progress(`making a file of ${largeBytes / 2 ** 20} MiB`)
  makeRandomFile(large, largeBytes)
  const rows = [
    await oneChange(options, {
      name: `1 byte of ${largeBytes / 2 ** 20} MiB in one file`,
      source: large,
      writtenBytesMax: tileWrittenBytesMax,
      change: () => changeByte(large, Math.floor(largeBytes / 3)),
    }),
  ]
  rows.push(await toldRow(options, large))
  rmSync(dirname(large), { recursive: true })
  progress(`making ${fileCount} files`)
  const paths = makeSmallFiles(small, { count: fileCount, meanBytes: 2048 })
  const changed = paths[Math.floor(paths.length / 3)] as string
  rows.push(
    await oneChange(options, {
      name: `1 file of ${fileCount}`,
      source: small,
      writtenBytesMax: fileWrittenBytesMax,
      change: () => writeFileSync(changed, Buffer.concat([readFileSync(changed), Buffer.from('one more line\n')])),
    }),
  )
  rmSync(small, { recursive: true })
  return {
    id: 'commit-bytes',
    title: 'What the commit of one small change writes',
    notes: ['Written and read: through write(2) and read(2), from the page cache too; the source is read anew.'],
    columns,
    rows,
  }
}

interface Change {
  readonly name: string
  readonly source: string
  readonly writtenBytesMax: number
  readonly change: () => void
}

async function oneChange(options: CommitBytesOptions, { name, source, writtenBytesMax, change }: Change): Promise<Row> {
  const { sfd, meter, folder, progress } = options
  const brick = join(folder, 'change.brick')
  progress(`first fold, ${name}`)
  const first = await meter.run({ program: sfd, args: ['fold', source, '-o', brick, '--json'] })
  const sizeBefore = statSync(brick).size
  change()
  progress(`second fold, ${name}`)
  const before = transferred()
  const startMs = performance.now()
  await foldAgain({ source, brick, signal: options.signal })
  const commitSeconds = (performance.now() - startMs) / 1000
  const after = transferred()
  const growthBytes = statSync(brick).size - sizeBefore
  const counted = before !== null && after !== null
  const writtenBytes = counted ? after.writtenBytes - before.writtenBytes : growthBytes
  const values = {
    writtenBytes,
    growthBytes,
    readBytes: counted ? after.readBytes - before.readBytes : null,
    commitSeconds,
    cpuSeconds: null,
    firstFoldSeconds: first.wallSeconds,
    firstFoldPeakBytes: first.peakBytes,
  }
  rmSync(brick)
  return row(name, values, [writtenBudget({ writtenBytes, bytesMax: writtenBytesMax }), memoryBudget(first.peakBytes)])
}

/** A source that tables its changes, as the memory of a process: only what changed is read. */
async function toldRow({ folder, largeBytes, signal, progress }: CommitBytesOptions, path: string): Promise<Row> {
  const name = `${pagesChanged} pages of ${largeBytes / 2 ** 20} MiB, told by the source`
  progress(name)
  const cost = await toldChange({ path, brick: join(folder, 'told.brick'), signal })
  const writtenBytes = cost.writtenBytes ?? cost.growthBytes
  const budget = writtenBudget({ writtenBytes, bytesMax: pagesChanged * tileWrittenBytesMax })
  return row(name, { ...cost, writtenBytes, firstFoldPeakBytes: null }, [budget])
}

async function foldAgain({
  source,
  brick,
  signal,
}: {
  source: string
  brick: string
  signal: AbortSignal
}): Promise<void> {
  await foldSource({
    source: Buffer.from(source),
    brick: Buffer.from(brick),
    exclude: [],
    crossFilesystems: 'no',
    workers: 0,
    clock: { nowNs: () => BigInt(Date.now()) * 1_000_000n, monotonicMs: () => performance.now() },
    random: { bytes: (count) => new Uint8Array(randomBytes(count)) },
    signal,
    reason: 'bench',
    onProgress: () => undefined,
  })
}

function changeByte(path: string, offset: number): void {
  const file = openSync(path, 'r+')
  const byte = new Uint8Array(1)
  readSync(file, byte, 0, 1, offset)
  writeSync(
    file,
    byte.map((value) => value ^ 0xff),
    0,
    1,
    offset,
  )
  closeSync(file)
}
