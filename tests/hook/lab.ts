/** Real hooks in a folder of their own: shell scripts, real processes, real timers. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemTimers } from '../../src/daemon/timers.ts'
import type { HookEvent } from '../../src/hook/hook-event.ts'
import { type HookResult, hookRunner } from '../../src/hook/hook-runner.ts'

export const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) }
export const clock = {
  nowNs: () => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: () => performance.now(),
}

export interface HookLab {
  readonly folder: string
  /** Makes an executable shell script; its path. */
  script(text: string): string
  file(name: string): string
  /** Empty where there is none. */
  read(name: string): string
}

export function hookLab(t: TestContext): HookLab {
  const folder = fs.mkdtempSync(join(tmpdir(), 'sfd-hook-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  let scripts = 0
  const file = (name: string) => join(folder, name)
  return {
    folder,
    file,
    script(text) {
      const path = file(`script-${scripts++}.sh`)
      fs.writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
      return path
    },
    read: (name) => (fs.existsSync(file(name)) ? fs.readFileSync(file(name), 'utf8') : ''),
  }
}

export function eventOf(change: Partial<HookEvent> = {}): HookEvent {
  return {
    task: 'etc',
    brick: '/state/bricks/etc.brick',
    uuid: 'ab12',
    from: 3,
    generation: 4,
    contentRoot: 'ff00',
    time: '2026-03-01T12:00:00.000000000Z',
    changed: [],
    truncated: false,
    ...change,
  }
}

export interface RunOptions {
  readonly event?: HookEvent
  readonly timeoutMs?: number
  readonly graceMs?: number
  readonly signal?: AbortSignal
  readonly started?: (group: number) => void
}

export function run(lab: HookLab, argv: readonly string[], options: RunOptions = {}): Promise<HookResult> {
  const { event = eventOf(), timeoutMs = 60_000, graceMs = 200, started = () => undefined } = options
  const runner = hookRunner({ timers: systemTimers, environment: process.env, state: lab.folder, graceMs })
  const signal = options.signal ?? new AbortController().signal
  return runner({ event, argv, timeoutMs, run: Buffer.from(random.bytes(8)).toString('hex'), signal, started })
}

/** Waits for what a process brings about; fails after 20 seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not happen within 20 s`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export function isAlive(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
