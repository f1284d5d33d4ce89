/**
 * What is there and what was lost, where watchers are known to lose: a daemon that was stopped while the kernel's queue
 * overflowed, and folders that have files in them before anybody can watch them.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { missedBudget, stoppedBudgets } from '../budgets.ts'
import { type BenchDaemon, withDaemon } from '../daemon.ts'
import { type Row, row, type Section } from '../table.ts'
import type { WatchOptions } from './section.ts'

const sizes = {
  full: { stopped: 40_000, chains: 300 },
  quick: { stopped: 1_000, chains: 20 },
} as const
const filesPerFolder = 200
const thereMsMax = 120_000

export async function missedSection(options: WatchOptions): Promise<Section> {
  const { sfd, folder, size, signal, progress } = options
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  mkdirSync(join(tree, 'first'), { recursive: true })
  writeFileSync(join(tree, 'first', 'file'), 'here before the daemon\n')
  progress('starting the daemon')
  const rows = await withDaemon({ sfd, sources: [tree], state, signal }, async (daemon) => [
    await stoppedRow(daemon, tree, options),
    await chainsRow(daemon, tree, options),
  ])
  return {
    id: 'watch-missed',
    title: 'What is missed',
    notes: [
      `${sizes[size].stopped} files made while the daemon is stopped: seconds from SIGCONT to a durable commit with all of them.`,
      `${sizes[size].chains} x \`mkdir -p a/b/c\` and a file in it, at once: seconds from the last write; missed: not there after \`sfd sync\`.`,
      'Losses: how often the kernel said that it dropped events, and the daemon looked at everything again.',
    ],
    columns: [
      { key: 'made', title: 'made', unit: 'count' },
      { key: 'missed', title: 'missed', unit: 'count' },
      { key: 'thereSeconds', title: 'all there', unit: 'seconds' },
      { key: 'losses', title: 'losses', unit: 'count' },
      { key: 'cpuSeconds', title: 'daemon CPU', unit: 'seconds' },
    ],
    rows,
  }
}

async function stoppedRow(
  daemon: BenchDaemon,
  tree: string,
  { size, judge, progress, signal }: WatchOptions,
): Promise<Row> {
  const made = sizes[size].stopped
  const measure = await measured(daemon)
  progress(`making ${made} files while it is stopped`)
  daemon.kill('SIGSTOP')
  for (let index = 0; index < made; index++) {
    const folder = join(tree, `stopped-${Math.floor(index / filesPerFolder)}`)
    if (index % filesPerFolder === 0) mkdirSync(folder)
    writeFileSync(join(folder, `file-${index}`), `${index}\n`)
  }
  const startMs = performance.now()
  daemon.kill('SIGCONT')
  const values = await measure(made + Math.ceil(made / filesPerFolder), startMs, signal)
  return row('made while it was stopped', { made, ...values }, stoppedBudgets(values, judge))
}

async function chainsRow(daemon: BenchDaemon, tree: string, { size, progress, signal }: WatchOptions): Promise<Row> {
  const made = sizes[size].chains
  const measure = await measured(daemon)
  progress(`making ${made} chains of folders`)
  mkdirSync(join(tree, 'chains'))
  for (let index = 0; index < made; index++) {
    const folder = join(tree, 'chains', String(index), 'a', 'b', 'c')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'file'), `${index}\n`)
  }
  const values = await measure(1 + 5 * made, performance.now(), signal)
  return row('mkdir -p a/b/c, write', { made, ...values }, [missedBudget(values.missed)])
}

interface Measured {
  readonly missed: number
  readonly thereSeconds: number | null
  readonly losses: number
  readonly cpuSeconds: number
}

/** Begins to count; what it gives waits for that many more entries. */
async function measured(daemon: BenchDaemon) {
  const [brick] = await daemon.ready()
  const before = { entries: brick?.entryCount ?? 0, cpuSeconds: daemon.usage().cpuSeconds }
  const lossesBefore = (await daemon.metrics()).sum('sfd_overflows_total')
  const entriesAtMs: { entries: number; atMs: number }[] = []
  await daemon.listen((message, atMs) => {
    if (message.kind === 'commit') entriesAtMs.push({ entries: message.brick.entryCount - before.entries, atMs })
  })
  return async (added: number, startMs: number, signal: AbortSignal): Promise<Measured> => {
    const there = () => entriesAtMs.find(({ entries }) => entries >= added)
    while (there() === undefined && performance.now() < startMs + thereMsMax) await sleep(20, undefined, { signal })
    await daemon.sync()
    const [after] = await daemon.bricks()
    const atMs = there()?.atMs
    return {
      missed: added - ((after?.entryCount ?? 0) - before.entries),
      thereSeconds: atMs === undefined ? null : Math.max(0, atMs - startMs) / 1_000,
      losses: (await daemon.metrics()).sum('sfd_overflows_total') - lossesBefore,
      cpuSeconds: daemon.usage().cpuSeconds - before.cpuSeconds,
    }
  }
}
