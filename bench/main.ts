/**
 * npm run bench: how this build does against what is installed, as ratios measured in one run on one machine.
 *
 * Everything that is made lies in one temporary folder, which is removed at the end and after Ctrl-C. Stdout has the
 * results, stderr what is being done. Nothing here is a test: exit code 1 means that a part could not be measured, never
 * that it was slow.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { analysisSection } from './analysis.ts'
import { commitBytesSection } from './commit-bytes.ts'
import { diffSection } from './diff.ts'
import { kernelSections } from './kernel-ratio.ts'
import { latencySection } from './latency.ts'
import { createMeter } from './measure.ts'
import { memorySection } from './memory.ts'
import { modulesSection } from './modules.ts'
import { readOptions } from './options.ts'
import { findPeers, type Peer } from './peers.ts'
import { type RoundTrip, roundTrip } from './round-trip.ts'
import { type Section, textOfSection } from './table.ts'
import { checkFreeSpace, isInMemory, makeSmallFiles, treeSize } from './trees.ts'
import { watchParts, watchSection } from './watch/main.ts'

const sizes = {
  full: { largeBytes: 2 ** 30, fileCount: 50_000, changes: 50, processes: 500 },
  quick: { largeBytes: 32 * 2 ** 20, fileCount: 2_000, changes: 2, processes: 20 },
} as const

/** The trees, with the peer that is to be beaten on each. */
const usualTrees = [
  { id: 'lib', tree: '/usr/lib/x86_64-linux-gnu', rival: 'borg, lz4' },
  { id: 'share', tree: '/usr/share', rival: 'restic' },
] as const

const options = readOptions()
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
const failures: string[] = []
await main()

async function main(): Promise<void> {
  const folder = mkdtempSync(join(options.tmp, 'sfd-bench-'))
  try {
    const sections: Section[] = []
    const meter = createMeter({ folder, signal: stop.signal })
    const peers = findPeers(options.sfd)
    const machine = machineOf(peers, meter.by)
    if (!options.json) process.stdout.write(`${textOfMachine(machine)}\n`)
    for await (const section of measured({ folder, meter, peers })) {
      sections.push(section)
      if (!options.json) process.stdout.write(`${textOfSection(section)}\n`)
    }
    if (stop.signal.aborted) return
    if (options.json) process.stdout.write(`${JSON.stringify({ machine, sections, failures }, null, 2)}\n`)
    else process.stdout.write(`load average at the end: ${textOfLoad()}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    process.exitCode = stop.signal.aborted ? 130 : failures.length > 0 ? 1 : 0
  }
}

interface Tools {
  readonly folder: string
  readonly meter: ReturnType<typeof createMeter>
  readonly peers: readonly Peer[]
}

/** In order; a part that fails is said and the next one goes on. */
async function* measured({ folder, meter, peers }: Tools): AsyncGenerator<Section> {
  const { sfd, size } = options
  const { largeBytes, fileCount, changes, processes } = sizes[size]
  const judge = size === 'quick' ? 'no' : 'yes'
  const { signal } = stop
  if (options.only.has('kernel')) yield* await attempt('kernel', async () => kernelSections({ size }))
  for (const trip of options.only.has('trees') ? tripsOf(folder) : []) {
    yield* await attempt(trip.tree, async () => {
      checkFreeSpace(folder, 2.5 * treeSize(trip.tree).bytes)
      return roundTrip(trip, { peers, meter, folder, signal, progress, failed })
    })
  }
  if (options.only.has('bytes')) {
    yield* await attempt('bytes', async () => {
      checkFreeSpace(folder, 2.5 * largeBytes)
      return [await commitBytesSection({ sfd, meter, folder, largeBytes, fileCount, signal, progress })]
    })
  }
  if (options.only.has('diff')) {
    yield* await attempt('diff', async () => {
      checkFreeSpace(folder, 4.5 * largeBytes)
      return [await diffSection({ sfd, meter, folder, largeBytes, fileCount, judge, progress })]
    })
  }
  if (options.only.has('latency')) {
    yield* await attempt('latency', async () => {
      return [await latencySection({ sfd, folder, count: changes, signal, judge, progress })]
    })
  }
  if (options.only.has('modules')) {
    yield* await attempt('modules', async () => {
      checkFreeSpace(folder, 2 ** 30)
      return [await modulesSection({ sfd, meter, folder, size, repetitions: options.repetitions, judge, progress })]
    })
  }
  if (options.only.has('analysis')) {
    yield* await attempt('analysis', async () => {
      checkFreeSpace(folder, 2 ** 30)
      return [await analysisSection({ sfd, meter, folder, size, repetitions: options.repetitions, judge, progress })]
    })
  }
  if (options.only.has('memory')) {
    yield* await attempt('memory', async () => [
      await memorySection({ folder, targetBytes: largeBytes, processes, judge, signal, progress }),
    ])
  }
  for (const part of Object.keys(watchParts) as (keyof typeof watchParts)[]) {
    if (!options.only.has('watch') && !options.only.has(`watch-${part}`)) continue
    yield* await attempt(`watch-${part}`, async () => [
      await watchSection(part, { sfd, folder, size, signal, judge, progress }),
    ])
  }
}

async function attempt(part: string, run: () => Promise<Section[]>): Promise<Section[]> {
  if (stop.signal.aborted) return []
  try {
    return await run()
  } catch (error) {
    failed(`${part}: ${(error as Error).message}`)
    return []
  }
}

function failed(message: string): void {
  if (stop.signal.aborted) return
  failures.push(message)
  process.stderr.write(`not measured: ${message}\n`)
}

function tripsOf(folder: string): RoundTrip[] {
  const { repetitions } = options
  if (options.size === 'quick') {
    const tree = join(folder, 'tree')
    makeSmallFiles(tree, { count: 300, meanBytes: 20_000 })
    return [{ id: 'quick', tree, rival: 'restic', repetitions, judge: 'no' }]
  }
  if (options.trees.length === 0) return usualTrees.map((usual) => ({ ...usual, repetitions, judge: 'yes' }))
  return options.trees.map((tree, index) => ({
    id: `tree-${index}`,
    tree,
    rival: undefined,
    repetitions,
    judge: 'yes',
  }))
}

function machineOf(peers: readonly Peer[], meter: string) {
  return {
    processor: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`,
    node: process.version,
    loadAverage: textOfLoad(),
    folder: `${options.tmp}${isInMemory(options.tmp) ? ' (in memory: nothing there is durable; see --tmp)' : ''}`,
    meter,
    programs: Object.fromEntries(peers.map(({ name, version }) => [name, version ?? 'not installed'])),
  }
}

function textOfMachine({ programs, ...facts }: ReturnType<typeof machineOf>): string {
  const lines = [...Object.entries(facts), ...Object.entries(programs)]
  return lines.map(([name, value]) => `${name.padEnd(18)}${value}\n`).join('')
}

/** Of the last 1, 5 and 15 minutes; above 0.5 at the start, others are at work and figures are worse than they could be. */
function textOfLoad(): string {
  return loadavg()
    .map((load) => load.toFixed(2))
    .join(' ')
}

function progress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${message}`)
}
