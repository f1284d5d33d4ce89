/** A daemon started, asked and ended here, and what it uses as /proc says it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { BrickInfo, BricksAnswer, FeedMessage } from '../src/wire/api.ts'

export interface DaemonOptions {
  readonly sfd: string
  readonly sources: readonly string[]
  readonly state: string
  /** Only what is asked here ends early; the daemon is ended by `end`. */
  readonly signal: AbortSignal
  /** `shown`: what it says comes out here, too. Default: only where it does not start. */
  readonly stderr?: 'shown'
}

export type Heard = (message: FeedMessage, atMs: number) => void

const readyMsMax = 300_000
const endMsMax = 30_000
const ticksPerSecond = 100

export class BenchDaemon {
  readonly #child: ChildProcess
  readonly #signal: AbortSignal
  readonly #origin: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #sockets: WebSocket[] = []

  private constructor(child: ChildProcess, { origin, token }: Address, signal: AbortSignal) {
    this.#child = child
    this.#signal = signal
    this.#origin = origin
    this.#headers = { authorization: `Bearer ${token}` }
  }

  /** Resolves when it answers; it may still be folding. */
  static async start({ sfd, sources, state, signal, stderr }: DaemonOptions): Promise<BenchDaemon> {
    const args = ['up', ...sources, '--state', state, '--port', '0', '--json']
    // In a group of its own: Ctrl-C is for whoever measures, who ends it then.
    const stdio = ['ignore', 'pipe', stderr === 'shown' ? 'inherit' : 'pipe'] as const
    const child = spawn(sfd, args, { stdio: [...stdio], detached: true })
    // A program that cannot be started has no output either, which `addressOf` says.
    child.on('error', () => undefined)
    try {
      return new BenchDaemon(child, await addressOf(child), signal)
    } catch (error) {
      await endProcess(child)
      throw error
    }
  }

  get pid(): number {
    return this.#child.pid as number
  }

  async bricks(): Promise<readonly BrickInfo[]> {
    return ((await (await this.#ask('/api/bricks')).json()) as BricksAnswer).bricks
  }

  /** Resolves when all that was changed before is committed. */
  async sync(): Promise<void> {
    const answer = await this.#ask('/api/sync', { method: 'POST', body: '{}' })
    if (!answer.ok) throw new Error(`sync: ${await answer.text()}`)
  }

  /** Sums over all labels, by name. */
  async metrics(): Promise<Metrics> {
    return metricsOf(await (await this.#ask('/metrics')).text())
  }

  /** Hears every message from now on, with performance.now() of its arrival. */
  async listen(heard: Heard): Promise<void> {
    const socket = new WebSocket(`${this.#origin.replace('http', 'ws')}/feed`, { headers: this.#headers })
    this.#sockets.push(socket)
    socket.on('message', (text) => heard(JSON.parse(String(text)) as FeedMessage, performance.now()))
    await once(socket, 'open', { signal: this.#signal })
  }

  /** Resolves when every brick is followed and true. */
  async ready(): Promise<readonly BrickInfo[]> {
    const deadlineMs = performance.now() + readyMsMax
    for (;;) {
      const bricks = await this.bricks()
      if (bricks.every(({ state }) => state === 'live' || state === 'polled')) return bricks
      if (performance.now() > deadlineMs) throw new Error(`The daemon does not get ready: ${JSON.stringify(bricks)}`)
      await sleep(20, undefined, { signal: this.#signal })
    }
  }

  usage(): Usage {
    return usageOf(this.pid)
  }

  kill(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(name)
  }

  /** What it has still to write is done when it ends; one that hangs is killed. Returns its exit code. */
  async end(): Promise<number | null> {
    for (const socket of this.#sockets.splice(0)) socket.terminate()
    return endProcess(this.#child)
  }

  /** Each on a connection of its own: one that is kept may be closed while the daemon is busy. */
  #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.#headers, 'content-type': 'application/json', connection: 'close' }
    return fetch(`${this.#origin}${path}`, { ...init, headers, signal: this.#signal })
  }
}

/** The daemon has ended when this returns. */
export async function withDaemon<T>(options: DaemonOptions, use: (daemon: BenchDaemon) => Promise<T>): Promise<T> {
  const daemon = await BenchDaemon.start(options)
  try {
    return await use(daemon)
  } finally {
    await daemon.end()
  }
}

interface Address {
  readonly origin: string
  readonly token: string
}

/** Of the one line of JSON that `sfd up` prints when it answers. */
async function addressOf(child: ChildProcess): Promise<Address> {
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000)
  })
  if (child.stdout === null) throw new Error('The daemon has no output.')
  for await (const line of createInterface(child.stdout)) {
    const { url, token } = JSON.parse(line) as { url: string; token: string }
    return { origin: new URL(url).origin, token }
  }
  throw new Error(`The daemon did not start: ${errors.trim()}`)
}

async function endProcess(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return child.exitCode
  const ended = once(child, 'exit')
  // One that is stopped takes a signal only when it goes on.
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), endMsMax)
  await ended
  clearTimeout(kill)
  return child.exitCode
}

export interface Usage {
  /** User and system of all threads, since its start. */
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** Handed to the disk since its start. */
  readonly diskBytes: number
}

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const rss = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  const written = /^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))
  return {
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / ticksPerSecond,
    rssBytes: Number(rss?.[1] ?? 0) * 1024,
    diskBytes: Number(written?.[1] ?? 0),
  }
}

export interface Metrics {
  sum(name: string): number
  /** 0 where there is none. */
  max(name: string): number
}

/** Of Prometheus' text format. */
export function metricsOf(text: string): Metrics {
  const values = new Map<string, number[]>()
  for (const line of text.split('\n')) {
    const found = /^(\w+)(?:\{.*\})? (\S+)$/.exec(line)
    if (found === null) continue
    const [, name = '', value = ''] = found
    values.set(name, [...(values.get(name) ?? []), Number(value)])
  }
  return {
    sum: (name) => (values.get(name) ?? []).reduce((total, value) => total + value, 0),
    max: (name) => Math.max(0, ...(values.get(name) ?? [])),
  }
}
