/** What watching the memory of a process costs: looks, readings, and many processes at once. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { listProcesses } from '../src/source/process/list-processes.ts'
import type { LookAnswer, LookedMapping } from '../src/source/process/look-protocol.ts'
import { pathOfKey } from '../src/source/process/mapping-ident.ts'
import { openMemory } from '../src/source/process/memory-reader.ts'
import { MemoryWatch } from '../src/source/process/memory-watch.ts'
import { openProcess, processDetails } from '../src/source/process/open-process.ts'
import { type Column, type Row, row, type Section, skippedRow } from './table.ts'

export interface MemoryOptions {
  readonly folder: string
  readonly targetBytes: number
  readonly processes: number
  readonly judge: 'yes' | 'no'
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

const columns: readonly Column[] = [
  { key: 'cpuMilliseconds', title: 'CPU', unit: 'milliseconds' },
  { key: 'wallMilliseconds', title: 'time', unit: 'milliseconds' },
  { key: 'speed', title: 'speed', unit: 'gigabytesPerSecond' },
  { key: 'found', title: 'found', unit: 'text' },
]
const pageBytes = 4_096
const repetitions = 5

export async function memorySection(options: MemoryOptions): Promise<Section> {
  const { processes, targetBytes } = options
  const mib = targetBytes / 2 ** 20
  return {
    id: 'memory',
    title: `Watching the memory of a process of ${mib} MiB, and ${processes} processes at once`,
    notes: [
      'CPU: of this process, user and system, the least of five; speed: bytes by CPU. No dirty bits of the kernel are used.',
      'Growth: what the target has more in memory after all of this, of the page tables.',
    ],
    columns,
    rows: [...(await targetRows(options)), await manyRow(options)],
  }
}

async function targetRows({ folder, targetBytes, judge, signal, progress }: MemoryOptions): Promise<Row[]> {
  const program = join(folder, 'memory-target')
  const source = join(import.meta.dirname, 'memory-target.c')
  if (spawnSync('cc', ['-O2', '-o', program, source]).status !== 0)
    return [skippedRow('one process', 'no C compiler (cc)')]
  progress(`filling ${targetBytes / 2 ** 20} MiB`)
  const child = spawn(program, [String(targetBytes / 2 ** 20)], { stdio: ['pipe', 'pipe', 'inherit'], signal })
  child.on('error', () => undefined)
  try {
    await answerOf(child)
    const watch = watchOf(child)
    const rssBefore = rssBytes(child)
    progress('looking')
    const first = measure(() => watch.look(0))
    const reading = least(() => readAll(child, first.result))
    const readBytes = reading.result
    readAll(child, first.result, watch)
    watch.settled()
    const idle = least(() => watch.look(1))
    const changed: Measured<LookAnswer>[] = []
    for (let i = 0; i < repetitions; i++) {
      child.stdin?.write('x')
      await answerOf(child)
      changed.push(measure(() => watch.look(2 + i)))
      readAll(child, (changed.at(-1) as Measured<LookAnswer>).result, watch)
      watch.settled()
    }
    const best = changed.reduce((a, b) => (b.cpuMs < a.cpuMs ? b : a))
    watch.close()
    const perGib = (best.cpuMs * 2 ** 30) / presentBytes(best.result)
    const growth = rssBytes(child) - rssBefore
    const verdict = (isOk: boolean) => (judge === 'no' ? 'not judged' : isOk ? 'ok' : 'over')
    return [
      row('first look', valuesOf(first)),
      row(
        'look, 50 pages changed',
        {
          ...valuesOf(best),
          speed: presentBytes(best.result) / best.cpuMs / 1e6,
          found: `${changedPages(best.result)} pages`,
        },
        [
          { limit: '<= 700 ms of CPU per GiB', verdict: verdict(perGib <= 700) },
          {
            limit: '50 pages and its stack',
            verdict: changedPages(best.result) >= 50 && changedPages(best.result) < 60 ? 'ok' : 'over',
          },
        ],
      ),
      row('look, it did not run', { ...valuesOf(idle), found: idle.result.kind }, [
        { limit: '<= 1 ms', verdict: verdict(idle.result.kind === 'same' && idle.cpuMs <= 1) },
      ]),
      row('reading all of it', { ...valuesOf(reading), speed: readBytes / reading.cpuMs / 1e6 }, [
        { limit: '>= 2 GB/s', verdict: verdict(readBytes / reading.cpuMs / 1e6 >= 2) },
      ]),
      row('growth of the target', { found: `${growth} bytes` }, [
        { limit: '0 bytes', verdict: growth === 0 ? 'ok' : 'over' },
      ]),
    ]
  } finally {
    child.kill('SIGKILL')
  }
}

async function manyRow({ processes, judge, progress }: MemoryOptions): Promise<Row> {
  progress(`starting ${processes} processes`)
  const children = Array.from({ length: processes }, () => spawn('sleep', ['1000'], { stdio: 'ignore' }))
  try {
    await Promise.all(children.map((child) => new Promise((resolve) => child.once('spawn', resolve))))
    const { result, ...measured } = least(() => listProcesses().filter(({ mappings }) => mappings > 0).length)
    const limitMs = (100 * processes) / 500
    return row(
      `maps of ${processes} processes`,
      { ...valuesOf({ ...measured, result }), found: `${result} processes` },
      [
        {
          limit: '<= 10 % of a core at 1 Hz',
          verdict: judge === 'no' ? 'not judged' : measured.cpuMs <= limitMs ? 'ok' : 'over',
        },
      ],
    )
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

interface Measured<T> {
  readonly result: T
  readonly cpuMs: number
  readonly wallMs: number
}

function measure<T>(run: () => T): Measured<T> {
  const before = process.cpuUsage()
  const startMs = performance.now()
  const result = run()
  const wallMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(before)
  return { result, cpuMs: (user + system) / 1_000, wallMs }
}

function least<T>(run: () => T): Measured<T> {
  const all = Array.from({ length: repetitions }, () => measure(run))
  return all.reduce((a, b) => (b.cpuMs < a.cpuMs ? b : a))
}

function valuesOf({ cpuMs, wallMs }: Measured<unknown>): Row['values'] {
  return { cpuMilliseconds: cpuMs, wallMilliseconds: wallMs }
}

function watchOf({ pid }: ChildProcess): MemoryWatch {
  const source = openProcess(String(pid))
  const rules = { readSwapped: false, readProtected: false, readDontDump: false }
  const { startTicks } = processDetails(source)
  return new MemoryWatch({ root: source.root, startTicks, rules, isCancelled: () => false })
}

/** What is listed as changed, in pieces of 1 MiB, as folding threads read it; gives the bytes that were read. */
function readAll({ pid }: ChildProcess, answer: LookAnswer, noted?: MemoryWatch): number {
  let bytes = 0
  for (const mapping of mappingsOf(answer)) {
    const none = { seconds: 0, nanoseconds: 0 }
    const opened = openMemory(Buffer.from(`/proc/${pid}`), {
      kind: 'file',
      path: pathOfKey(mapping.key),
      ino: mapping.ident,
      dev: mapping.choice,
      size: mapping.size,
      mtime: none,
      ctime: none,
    })
    if (opened.kind !== 'open') continue
    const runs = mapping.changed[1] === mapping.size ? mapping.extents : mapping.changed
    for (let i = 0; i < runs.length; i += 2) {
      const end = (runs[i] as number) + (runs[i + 1] as number)
      for (let at = runs[i] as number; at < end; at += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, end - at))
        bytes += opened.read(part, at).bytesRead
        noted?.noteRead({ key: mapping.key, start: at, sums: sumsOf(part) })
      }
    }
    opened.close()
  }
  return bytes
}

const piece = new Uint8Array(2 ** 20)

function sumsOf(bytes: Uint8Array): Uint32Array {
  const sums = new Uint32Array(bytes.length / pageBytes)
  for (let i = 0; i < sums.length; i++) sums[i] = crc32(bytes.subarray(i * pageBytes, (i + 1) * pageBytes))
  return sums
}

function mappingsOf(answer: LookAnswer): readonly LookedMapping[] {
  return answer.kind === 'looked' ? answer.mappings.filter(({ unreadable }) => unreadable === undefined) : []
}

function presentBytes(answer: LookAnswer): number {
  return mappingsOf(answer).reduce((sum, { extents }) => sum + total(extents), 0)
}

function changedPages(answer: LookAnswer): number {
  return mappingsOf(answer).reduce((sum, { changed }) => sum + total(changed), 0) / pageBytes
}

function total(runs: Float64Array): number {
  return runs.reduce((sum, value, i) => sum + (i % 2 === 1 ? value : 0), 0)
}

function rssBytes({ pid }: ChildProcess): number {
  return 1_024 * Number(/^Rss: +([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1])
}

async function answerOf({ stdout }: ChildProcess): Promise<void> {
  await new Promise((resolve, reject) => {
    stdout?.once('data', resolve)
    stdout?.once('close', reject)
  })
}
