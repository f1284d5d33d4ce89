/**
 * Runs a user's command once: no shell, a session of its own, a small environment, nothing readable for others.
 *
 * Whatever the command does, this ends: after `timeoutMs` the whole process group is ended, and so is what it left
 * behind when it exits. Its output is taken for as long as it runs, and a bounded part kept.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { argumentsOf, environmentOf, type HookEvent, stdinOf } from './hook-event.ts'
import { type HookOutput, OutputKeeper } from './output-keeper.ts'
import { endGroup, isGroupAlive } from './process-group.ts'
import type { Timers } from './timers.ts'

export const hookTimeoutMs = 300_000
/** A hook that prints more than is kept is read this slowly: a chunk at a time. */
const floodPauseMs = 5
/** After the end of the group its pipes have this long. */
const drainMsMax = 500
const umaskOfHooks = 0o077

export interface HookOrder {
  readonly event: HookEvent
  readonly argv: readonly string[]
  readonly timeoutMs: number
  /** Names this run in the environment of its processes. */
  readonly run: string
  /** Ends it early; the outcome is `stopped`. */
  readonly signal: AbortSignal
  /** Called once it runs, with its process group. */
  readonly started: (group: number) => void
}

export interface HookResult {
  /** `stopped`: by `signal`, neither a success nor its fault. */
  readonly outcome: 'ok' | 'failed' | 'timeout' | 'stopped'
  /** Exit code, or the name of the signal or error that ended it. */
  readonly code: number | string | null
  readonly output: HookOutput
}

export interface RunnerParts {
  readonly timers: Timers
  /** The daemon's own environment. */
  readonly environment: NodeJS.ProcessEnv
  /** Working directory of hooks. */
  readonly state: string
  /** Between SIGTERM and SIGKILL; `killGraceMs`. */
  readonly graceMs: number
}

/** What runs hooks; never rejects. */
export type RunHook = (order: HookOrder) => Promise<HookResult>

export function hookRunner(parts: RunnerParts): RunHook {
  return (order) => runHook(order, parts)
}

async function runHook(order: HookOrder, parts: RunnerParts): Promise<HookResult> {
  const output = new OutputKeeper()
  let child: Child
  try {
    child = await start(order, parts)
  } catch (error) {
    return { outcome: 'failed', code: codeOf(error), output: output.result() }
  }
  const group = child.pid as number
  const ended = once<End>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  const closed = once<void>((resolve) => child.once('close', () => resolve()))
  order.started(group)
  for (const stream of [child.stdout, child.stderr]) gather(stream, { output, timers: parts.timers })
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdinOf(order.event))
  const { why, end } = await waitFor(ended, order, { group, parts })
  if (isGroupAlive(group)) await endGroup(group, parts)
  await drained(child, closed, parts.timers)
  const outcome = why ?? (end.code === 0 ? 'ok' : 'failed')
  return { outcome, code: end.code ?? end.signal, output: output.result() }
}

type Child = ChildProcessWithoutNullStreams

/** Made with a umask that keeps its files private; the process's own is back at once. Throws what spawn says. */
async function start({ event, argv, run }: HookOrder, { environment, state }: RunnerParts): Promise<Child> {
  const [command = '', ...args] = argumentsOf(argv, event.brick)
  const env = environmentOf(event, { own: environment, state, run })
  const before = process.umask(umaskOfHooks)
  let child: Child
  try {
    child = spawn(command, args, { cwd: state, env, detached: true, stdio: 'pipe', shell: false })
  } finally {
    process.umask(before)
  }
  const failed = once<Error>((resolve) => child.on('error', resolve))
  if (child.pid === undefined) throw await failed
  return child
}

function gather(
  stream: Readable,
  { output, timers }: { readonly output: OutputKeeper; readonly timers: Timers },
): void {
  stream.on('error', () => undefined)
  stream.on('data', (chunk: Buffer) => {
    output.add(chunk)
    if (!output.isFull) return
    stream.pause()
    timers.after(floodPauseMs, () => stream.resume())
  })
}

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Until it exits by itself, runs out of time or is stopped; in the latter cases until its leader is gone. */
async function waitFor(
  ended: Promise<End>,
  { timeoutMs, signal }: HookOrder,
  { group, parts }: { readonly group: number; readonly parts: RunnerParts },
): Promise<{ readonly why: 'timeout' | 'stopped' | undefined; readonly end: End }> {
  const { timers } = parts
  const cut = Promise.withResolvers<'timeout' | 'stopped'>()
  const forget = timers.after(timeoutMs, () => cut.resolve('timeout'))
  const stop = (): void => cut.resolve('stopped')
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const first = await Promise.race([ended, cut.promise])
  forget()
  signal.removeEventListener('abort', stop)
  if (typeof first !== 'string') return { why: undefined, end: first }
  await endGroup(group, parts)
  return { why: first, end: await ended }
}

/** What is in the pipes is taken; who has left the group and holds them open is not waited for. */
async function drained(child: Child, closed: Promise<void>, timers: Timers): Promise<void> {
  const late = Promise.withResolvers<void>()
  const forget = timers.after(drainMsMax, () => late.resolve())
  await Promise.race([closed, late.promise])
  forget()
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
}

function once<T>(begin: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise(begin)
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
