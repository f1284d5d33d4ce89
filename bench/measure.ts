/**
 * What a command costs: wall time, processor time of it and all its children, and the largest of their memories.
 *
 * The system's accounting is read by GNU time, else by a few lines of Python; both are small, so what they were before
 * they became the command does not show up as its memory. Without either, processor time and memory are null.
 * A command that was interrupted is killed with everything that it started.
 */
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that mean that the work is done. */
  readonly accepted?: readonly number[]
}

export interface Cost {
  readonly wallSeconds: number
  /** User and system, children included. */
  readonly cpuSeconds: number | null
  /** Of the largest process. */
  readonly peakBytes: number | null
  readonly stdout: string
}

export interface Meter {
  /** What reads the accounting, for the notes of the report. */
  readonly by: 'GNU time' | 'python3' | 'nothing'
  run(command: Command): Promise<Cost>
}

const outputCharactersMax = 1_000_000

const pythonMeter = `
import os, resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], 'w') as report:
    print(used.ru_utime, used.ru_stime, used.ru_maxrss, file=report)
sys.exit(status if status >= 0 else 128 - status)
`

/** `folder`: for reports of the accounting. */
export function createMeter({ folder, signal }: { folder: string; signal: AbortSignal }): Meter {
  const report = join(folder, 'cost')
  const prefixes = {
    'GNU time': ['time', '--quiet', '-f', '%U %S %M', '-o', report, '--'],
    python3: ['python3', '-c', pythonMeter, report],
    nothing: [],
  }
  const works = (prefix: readonly string[]) => spawnSync('env', [...prefix, 'true'], { stdio: 'ignore' }).status === 0
  const by = works(prefixes['GNU time']) ? 'GNU time' : works(prefixes.python3) ? 'python3' : 'nothing'
  return {
    by,
    async run({ program, args, cwd, env = {}, accepted = [0] }) {
      rmSync(report, { force: true })
      const startMs = performance.now()
      const child = start(['env', ...prefixes[by], program, ...args], { cwd, env: { ...process.env, ...env } })
      const { status, stdout, stderr } = await child.end(signal)
      const wallSeconds = (performance.now() - startMs) / 1000
      signal.throwIfAborted()
      if (status === null || !accepted.includes(status)) {
        throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr.trim().slice(-2000)}`)
      }
      return { wallSeconds, stdout, ...accounted(report) }
    },
  }
}

/** Of GNU time and of pythonMeter: seconds, seconds, KiB; before that a line where the command failed. */
function accounted(report: string): Pick<Cost, 'cpuSeconds' | 'peakBytes'> {
  let text = ''
  try {
    text = readFileSync(report, 'utf8')
  } catch {
    return { cpuSeconds: null, peakBytes: null }
  }
  const [user = Number.NaN, system = Number.NaN, kibibytes = Number.NaN] = (text.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number)
  return { cpuSeconds: user + system, peakBytes: kibibytes * 1024 }
}

/** A process group of its own, so that all of it can be ended. */
function start([program = '', ...args]: readonly string[], options: SpawnOptions) {
  const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] = (texts[name] + text).slice(-outputCharactersMax)
    })
  }
  return {
    async end(signal: AbortSignal): Promise<{ status: number | null; stdout: string; stderr: string }> {
      const kill = (): void => endGroup(child.pid)
      signal.addEventListener('abort', kill, { once: true })
      try {
        const [status] = (await once(child, 'close')) as [number | null]
        return { status, ...texts }
      } finally {
        signal.removeEventListener('abort', kill)
      }
    },
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}

/** Between the two middle ones where their number is even; null for none. */
export function median(values: readonly number[]): number | null {
  return percentile(values, 0.5)
}

/** Linear between neighbours; `share` in 0 .. 1. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)]
  const above = sorted[Math.ceil(at)]
  return below === undefined || above === undefined ? null : below + (above - below) * (at - Math.floor(at))
}

export interface Transferred {
  /** Through read(2) and its relatives, from the page cache too. */
  readonly readBytes: number
  /** Through write(2) and its relatives. */
  readonly writtenBytes: number
}

/** Of this process and all its threads since its start; null where the kernel does not count. */
export function transferred(): Transferred | null {
  try {
    const fields = new Map(
      readFileSync('/proc/self/io', 'utf8')
        .split('\n')
        .map((line) => line.split(': ') as [string, string]),
    )
    return { readBytes: Number(fields.get('rchar')), writtenBytes: Number(fields.get('wchar')) }
  } catch {
    return null
  }
}
