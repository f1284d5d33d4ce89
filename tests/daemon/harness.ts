/** Drives the real `sfd` as a process: a daemon in a state folder of its own, commands against it. */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export const sfdPath = fileURLToPath(new URL('../../bin/sfd', import.meta.url))

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs to its end; never throws for an exit code. `through`: as of a DaemonOrder. */
export function sfd(
  args: readonly string[],
  { through = [], ...options }: { cwd?: string; through?: readonly string[] } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const maxBuffer = 256 * 1024 * 1024
    const [command, ...all] = [...through, sfdPath, ...args]
    execFile(command as string, all, { ...options, maxBuffer }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number((error as { code?: number | string }).code ?? 1)
      resolve({ code, stdout, stderr })
    })
  })
}

/** A temporary folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface RunningDaemon {
  readonly process: ChildProcess
  readonly url: string
  readonly token: string
  readonly state: string
  /** stderr so far. */
  said(): string
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

export interface DaemonOrder {
  readonly state: string
  readonly sources: readonly string[]
  readonly args?: readonly string[]
  /** Command that becomes the daemon, as `prlimit --nofile=256`. */
  readonly through?: readonly string[]
  readonly options?: SpawnOptions
  /** Left out: nothing is analysed, so that every commit is one of contents. */
  readonly analysis?: 'on'
}

export async function startDaemon(
  t: TestContext,
  { state, sources, args: given = [], through = [], options = {}, analysis }: DaemonOrder,
): Promise<RunningDaemon> {
  const args = analysis === 'on' ? given : [...given, '--no-analysis']
  const [command, ...all] = [...through, sfdPath, 'up', ...sources, '--state', state, '--port', '0', '--json', ...args]
  const child = spawn(command as string, all, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    exited.then(() => {
      throw new Error(`sfd up ended: ${stderr}`)
    }),
  ])
  const { url, token } = JSON.parse(line) as { url: string; token: string }
  return {
    process: child,
    url,
    token,
    state,
    said: () => stderr,
    async kill(signal) {
      child.kill(signal)
      await exited
    },
  }
}

/** Waits for a condition that a process brings about; fails after `timeoutMs`. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not happen within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
