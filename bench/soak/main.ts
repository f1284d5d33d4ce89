/**
 * npm run soak -- --minutes N [SOURCE]...: the daemon on real trees under a real load, and what it used.
 *
 * A line every sample, a summary at the end, and then the proof: `sfd sync`, `sfd verify` of every brick, and the load's
 * own folder compared with what the brick says of it. Ctrl-C ends it early with its summary. Everything that it makes is
 * removed, however it ends. Package installs only with --apt and as root. Exit code 1 where something is not true.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BenchDaemon } from '../daemon.ts'
import { makeLoad } from './load.ts'
import { proveAll } from './proof.ts'
import { head, lineOf, summaryOf } from './report.ts'
import { type Sample, takeSample } from './sample.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '30' },
    every: { type: 'string', default: '15' },
    apt: { type: 'string' },
    tmp: { type: 'string', default: '/var/tmp' },
    keep: { type: 'boolean', default: false },
  },
})
const project = fileURLToPath(new URL('../..', import.meta.url))
const sfd = join(project, 'bin/sfd')
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort())
const folder = mkdtempSync(join(realpathSync(options.tmp), 'sfd-soak-'))
const [state, loaded] = [join(folder, 'state'), join(folder, 'load')]
/** The load is part of what is watched: of a source that it lies in, or as one of its own. */
const given = (positionals.length > 0 ? positionals : ['/usr', '/etc', '/var']).map((path) => resolve(path))
const sources = given.some((source) => isBeneath(loaded, source)) ? given : [...given, loaded]
try {
  await soak()
} finally {
  if (options.keep) say(`kept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}

async function soak(): Promise<void> {
  mkdirSync(loaded)
  const startMs = performance.now()
  const seconds = (): number => (performance.now() - startMs) / 1_000
  const samples: Sample[] = []
  // What Ctrl-C aborts is the waiting; the daemon goes on until all is proven.
  const daemon = await BenchDaemon.start({ sfd, sources, state, signal: new AbortController().signal, stderr: 'shown' })
  const load = makeLoad({ folder: loaded, project, aptPackage: options.apt ?? null, signal: stop.signal })
  load.catch(() => stop.abort())
  const sample = async (): Promise<void> => {
    const taken = await takeSample(daemon, seconds())
    say(lineOf(taken, samples.at(-1)))
    samples.push(taken)
  }
  try {
    say(`${sources.join(' ')}; load average ${textOfLoad()}`)
    say(head)
    while (seconds() < Number(options.minutes) * 60 && !stop.signal.aborted) {
      await sleep(Number(options.every) * 1_000, undefined, { signal: stop.signal }).catch(() => undefined)
      await sample()
    }
    stop.abort()
    const counts = await load
    const syncMs = await timed(() => daemon.sync())
    await sample()
    const stopMs = await timed(() => daemon.end())
    for (const line of summaryOf({ samples, counts, syncMs, stopMs })) say(line)
    say(`load average ${textOfLoad()}`)
    if (!proveAll({ sfd, state, sources, loaded, say })) process.exitCode = 1
  } finally {
    stop.abort()
    await load.catch(() => undefined)
    await daemon.end()
  }
}

function isBeneath(path: string, source: string): boolean {
  return path.startsWith(source === '/' ? source : `${source}/`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

function textOfLoad(): string {
  return loadavg()
    .map((value) => value.toFixed(2))
    .join(' ')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
