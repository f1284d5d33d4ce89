/**
 * What goes on while the daemon is watched: packages that come and go, a build, a log that grows, editors that save.
 *
 * Everything but the package lies in one folder of its own, which is removed at the end. Each kind goes on until it is
 * told to stop and counts what it did; a kind that this machine has not is named, not replaced.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface LoadOptions {
  /** Ours, in a watched tree. */
  readonly folder: string
  /** Root of the checkout that is built. */
  readonly project: string
  /** Debian package that is installed and removed; null: none. */
  readonly aptPackage: string | null
  readonly signal: AbortSignal
}

export interface LoadCounts {
  aptRuns: number
  builds: number
  logLines: number
  saves: number
  failures: string[]
}

const appendEveryMs = 10
/** Then the log is rotated. */
const logLinesMax = 10_000
const saveEveryMs = 250
const betweenPackagesMs = 20_000
const betweenBuildsMs = 5_000

/** Resolves when all kinds have ended after `signal`; `folder` exists. */
export async function makeLoad(options: LoadOptions): Promise<LoadCounts> {
  const counts: LoadCounts = { aptRuns: 0, builds: 0, logLines: 0, saves: 0, failures: [] }
  await Promise.all([log(options, counts), editor(options, counts), build(options, counts), packages(options, counts)])
  return counts
}

async function log({ folder, signal }: LoadOptions, counts: LoadCounts): Promise<void> {
  const path = join(folder, 'service.log')
  while (!signal.aborted) {
    appendFileSync(path, `${new Date().toISOString()} line ${counts.logLines++}\n`)
    if (counts.logLines % logLinesMax === 0) renameSync(path, `${path}.1`)
    await sleep(appendEveryMs)
  }
}

/** Writes beside, renames over, and now and then deletes. */
async function editor({ folder, signal }: LoadOptions, counts: LoadCounts): Promise<void> {
  const texts = join(folder, 'texts')
  mkdirSync(texts, { recursive: true })
  while (!signal.aborted) {
    const path = join(texts, `note-${counts.saves % 40}.txt`)
    writeFileSync(`${path}~`, `save ${counts.saves}\n`.repeat(1 + (counts.saves % 500)))
    renameSync(`${path}~`, path)
    if (counts.saves++ % 97 === 96) unlinkSync(path)
    await sleep(saveEveryMs)
  }
}

/** The sources of the checkout are copied and bundled again and again: many files written and removed. */
async function build({ folder, project, signal }: LoadOptions, counts: LoadCounts): Promise<void> {
  const copy = join(folder, 'build')
  const esbuild = join(project, 'node_modules/.bin/esbuild')
  mkdirSync(copy)
  while (!signal.aborted) {
    const source = join(copy, `copy-${counts.builds % 3}`)
    rmSync(join(copy, `copy-${(counts.builds + 1) % 3}`), { recursive: true, force: true })
    // Somebody may be working on the checkout: what vanishes while it is copied is not a failure of the soak.
    const copied = await cp(join(project, 'src'), source, { recursive: true }).catch((error: Error) => error.message)
    if (copied !== undefined) counts.failures.push(copied)
    const args = [join(source, 'cli/main.ts'), '--bundle', '--platform=node', '--format=esm', '--packages=external']
    const built = await run(esbuild, [...args, '--log-level=silent', `--outdir=${copy}/out`], signal)
    if (built === 0) counts.builds++
    else if (!signal.aborted) counts.failures.push(`a build ended with ${built}`)
    await pause(betweenBuildsMs, signal)
  }
}

async function packages({ aptPackage, signal }: LoadOptions, counts: LoadCounts): Promise<void> {
  if (aptPackage === null) return
  while (!signal.aborted) {
    for (const action of ['install', 'remove']) {
      const ended = await run('apt-get', ['-y', '-q', action, aptPackage], signal)
      if (ended === 0) counts.aptRuns++
      else if (!signal.aborted) counts.failures.push(`apt-get ${action} ${aptPackage} ended with ${ended}`)
    }
    await pause(betweenPackagesMs, signal)
  }
}

/** Never interrupted half-way, by Ctrl-C neither: a package manager that is killed leaves a broken system. */
function run(program: string, args: readonly string[], signal: AbortSignal): Promise<number | string> {
  if (signal.aborted) return Promise.resolve('not begun')
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const child = spawn(program, args, { stdio: 'ignore', env, detached: true })
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, killed) => resolve(code ?? killed ?? 'unknown'))
  })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
