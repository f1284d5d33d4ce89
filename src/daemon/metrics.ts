/**
 * The daemon's figures in Prometheus' text format. They are read when somebody asks, from what the daemon counts anyway.
 *
 * Names end in their unit; labels are few: a brick's name, a task's id, a backend.
 */
import { Counter, Gauge, Registry } from 'prom-client'
import { type Severity, severities } from '../base/region.ts'
import type { AnalysisFigures } from './analysis-desk.ts'

export interface BrickFigures {
  readonly name: string
  /** 1 for the state it is in. */
  readonly state: string
  readonly generation: number
  readonly entries: number
  readonly contentBytes: number
  readonly fileBytes: number
  readonly liveBytes: number
  /** Age of the oldest change that is known and not committed. */
  readonly lagSeconds: number
  /** Since when all content is known to have been equal to the source; undefined before the first pass. */
  readonly verifiedAtSeconds: number | undefined
  /** Bytes written to the brick since the daemon started. */
  readonly writtenBytes: number
  /** What the last commit says of its analysis; undefined: nothing. */
  readonly findings?: Readonly<Record<Severity, number>>
}

export interface HookFigures {
  readonly task: string
  readonly runs: number
  readonly failures: number
  readonly waiting: number
}

export interface DaemonFigures {
  readonly bricks: readonly BrickFigures[]
  readonly hooks: readonly HookFigures[]
  readonly watches: number
  readonly events: number
  /** How often the kernel said that it had to drop events. */
  readonly overflows: number
  readonly feedSequence: number
  readonly freeBytes: number
  readonly openFiles: number
  /** 1: commits wait for space. */
  readonly storeFull: number
  /** Undefined: nothing is analysed. */
  readonly analysis?: AnalysisFigures
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #read: () => DaemonFigures

  constructor(read: () => DaemonFigures) {
    this.#read = read
  }

  async text(): Promise<string> {
    const figures = this.#read()
    this.#registry.clear()
    this.#bricks(figures.bricks)
    this.#hooks(figures.hooks)
    if (figures.analysis !== undefined) this.#analysis(figures.analysis)
    const memory = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    this.#one('sfd_watches', 'inotify watches, or fanotify marks', figures.watches)
    this.#one('sfd_events_total', 'events read from the kernel', figures.events)
    this.#one('sfd_overflows_total', 'times that the kernel dropped events', figures.overflows)
    this.#one('sfd_feed_sequence', 'number of the last feed message', figures.feedSequence)
    this.#one('sfd_state_free_bytes', 'bytes free where the bricks lie', figures.freeBytes)
    this.#one('sfd_store_full', '1 while commits wait for space', figures.storeFull)
    this.#one('process_open_fds', 'open descriptors', figures.openFiles)
    this.#one('process_resident_memory_bytes', 'resident memory', memory.rss)
    this.#one('process_cpu_seconds_total', 'CPU time', (user + system) / 1e6)
    return this.#registry.metrics()
  }

  #analysis({ waiting, entries, seconds, failures }: AnalysisFigures): void {
    this.#one('sfd_analysis_waiting', 'bricks that are analysed or wait for it', waiting)
    this.#one('sfd_analysis_entries_total', 'entries that were analysed', entries)
    this.#one('sfd_analysis_seconds_total', 'time that analyses took', seconds)
    this.#one('sfd_analysis_failures_total', 'analyses that failed', failures)
  }

  #bricks(bricks: readonly BrickFigures[]): void {
    const each = (name: string, help: string, value: (brick: BrickFigures) => number | undefined): void => {
      const told = this.#figure(name, help, ['brick'])
      for (const brick of bricks) {
        const figure = value(brick)
        if (figure !== undefined) told.labels(brick.name).inc(figure)
      }
    }
    each('sfd_brick_generation', 'generation of the last commit', ({ generation }) => generation)
    each('sfd_brick_entries', 'entries', ({ entries }) => entries)
    each('sfd_brick_content_bytes', 'bytes of content', ({ contentBytes }) => contentBytes)
    each('sfd_brick_file_bytes', 'size of the brick file', ({ fileBytes }) => fileBytes)
    each('sfd_brick_live_bytes', 'bytes that the last commit needs, an upper bound', ({ liveBytes }) => liveBytes)
    each('sfd_brick_lag_seconds', 'age of the oldest change not committed', ({ lagSeconds }) => lagSeconds)
    each('sfd_brick_written_bytes_total', 'bytes written since the start', ({ writtenBytes }) => writtenBytes)
    each('sfd_brick_verified_timestamp_seconds', 'start of the last full comparison of content', (brick) => {
      return brick.verifiedAtSeconds
    })
    const found = this.#figure('sfd_brick_findings', 'findings of the last commit', ['brick', 'severity'])
    for (const { name, findings } of bricks) {
      if (findings !== undefined) for (const each of severities) found.labels(name, each).inc(findings[each])
    }
    const state = this.#figure('sfd_brick_state', 'always 1', ['brick', 'state'])
    for (const brick of bricks) state.labels(brick.name, brick.state).inc(1)
  }

  #hooks(hooks: readonly HookFigures[]): void {
    const each = (name: string, help: string, value: (hook: HookFigures) => number): void => {
      const told = this.#figure(name, help, ['task'])
      for (const hook of hooks) told.labels(hook.task).inc(value(hook))
    }
    each('sfd_hook_runs_total', 'runs of the hook since the start', ({ runs }) => runs)
    each('sfd_hook_failures_total', 'runs that failed', ({ failures }) => failures)
    each('sfd_hook_waiting', 'runs that are due', ({ waiting }) => waiting)
  }

  #one(name: string, help: string, value: number): void {
    this.#figure(name, help, []).inc(value)
  }

  /** At 0; a total is a counter. */
  #figure(name: string, help: string, labelNames: string[]): Counter | Gauge {
    const parts = { name, help, labelNames, registers: [this.#registry] }
    return name.endsWith('_total') ? new Counter(parts) : new Gauge(parts)
  }
}
