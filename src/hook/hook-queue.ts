/**
 * Runs the hooks of tasks: what a commit has to tell is durable before it is run, and stays until a run has succeeded.
 *
 * Invariants. One run at a time for each task; what comes meanwhile collapses into one more. At least once: a run that
 * nobody saw the end of is repeated under the same key, after what is left of it was ended. A hook's failure is its
 * own: it is told, tried again later, and never reaches the brick.
 */

import { toHex } from '../base/bytes.ts'
import { timestampOf } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { StateDb } from '../catalog/state-db.ts'
import { type HookEvent, keyOf } from './hook-event.ts'
import { HookPlan } from './hook-plan.ts'
import { type HookResult, hookTimeoutMs, type RunHook } from './hook-runner.ts'
import { type HookSetup, type HookStatus, statusOf } from './hook-status.ts'
import { type HookRun, HookStore, type Place } from './hook-store.ts'
import { endGroup, isGroupOfRun, killGraceMs, signalGroup } from './process-group.ts'
import type { Timers } from './timers.ts'

/** As it is told on the feed. */
export interface HookReport {
  readonly task: string
  readonly key: string
  readonly outcome: 'ok' | 'failed' | 'timeout' | 'refused'
  readonly code: number | string | null
  readonly seconds: number
  readonly attempts: number
  /** The end of what it printed, where it did not succeed. */
  readonly output?: string
}

export interface HookQueueParts {
  readonly db: StateDb
  readonly run: RunHook
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** Publishes it; called within the transaction that records it. */
  readonly report: (report: HookReport) => void
  readonly timeoutMs?: number
}

export interface HookFigures {
  readonly task: string
  readonly runs: number
  readonly failures: number
  /** Bricks that have something to tell. */
  readonly waiting: number
}

interface Running {
  readonly stop: AbortController
  readonly done: Promise<void>
  group: number | undefined
  /** Its task is gone: how it ends is nobody's business. */
  isDropped: boolean
}

/** Of the time for an end, what is left for those that have to be killed. */
const killShareMs = 1_000
const runIdBytes = 16
/** Characters of a failed run's output that the feed tells. */
const outputTold = 1_000

export class HookQueue {
  readonly #parts: HookQueueParts
  readonly #store: HookStore
  readonly #plan = new HookPlan()
  readonly #setups = new Map<string, HookSetup | null>()
  readonly #running = new Map<string, Running>()
  readonly #counts = new Map<string, { runs: number; failures: number }>()
  #isStarted = false
  #forgetTimer: () => void = () => undefined

  constructor(parts: HookQueueParts) {
    this.#parts = parts
    this.#store = new HookStore(parts.db)
  }

  /** The hook of a task from now on; null: it has none any more, and what waited for it is forgotten. */
  setTask(task: string, setup: HookSetup | null): void {
    const before = this.#setups.get(task)
    this.#setups.set(task, setup)
    if (setup === null) return this.#drop(task)
    if (this.#plan.stateOf(task) === 'none') this.#resume(task)
    if (this.#store.task(task).generation !== setup.generation) {
      for (const uuid of this.#store.bricksOf(task)) this.#store.forgive({ task, uuid })
      this.#store.setTask(task, { generation: setup.generation, isPaused: false })
      this.#plan.forgive(task)
      this.#parts.db.changed()
    }
    if (setup.hooksAllowed) this.#plan.open(task)
    else {
      this.#plan.shut(task)
      if (before?.hooksAllowed !== false) this.#refuse(task, 'HookRefused')
    }
    this.#pump()
  }

  /** Durable when it returns, or as durable as the disk allows. */
  enqueue(event: HookEvent): void {
    const setup = this.#setups.get(event.task)
    if (setup === null) return
    this.#parts.db.together(() => {
      const isFirst = this.#store.delivery(event) === undefined
      this.#store.add(event)
      this.#parts.db.changed()
      if (setup?.hooksAllowed === false && isFirst) this.#refuse(event.task, 'HookRefused')
    })
    this.#plan.changed(event, this.#nowMs())
    this.#pump()
  }

  /** Hooks may run. */
  start(): void {
    this.#isStarted = true
    this.#pump()
  }

  /** Runs that go on after `deadlineMs` milliseconds are ended, and repeated after the next start. */
  async close(deadlineMs: number): Promise<void> {
    this.#isStarted = false
    this.#forgetTimer()
    const all = [...this.#running.values()]
    if (all.length === 0) return
    const { timers } = this.#parts
    const over = Promise.withResolvers<void>()
    const forget = [
      timers.after(Math.max(0, deadlineMs - killShareMs), () => {
        for (const { stop } of all) stop.abort()
      }),
      timers.after(deadlineMs, () => {
        for (const { group } of all) if (group !== undefined) signalGroup(group, 'SIGKILL')
        forget.push(timers.after(killShareMs, () => over.resolve()))
      }),
    ]
    await Promise.race([Promise.all(all.map(({ done }) => done)), over.promise])
    for (const cancel of forget) cancel()
  }

  status(task: string): HookStatus {
    const setup = this.#setups.get(task) ?? undefined
    return statusOf({ task, setup, plan: this.#plan, last: this.#store.runsOf(task)[0] })
  }

  /** The last runs with what they printed, the newest first. */
  runsOf(task: string): readonly HookRun[] {
    return this.#store.runsOf(task)
  }

  figures(): HookFigures[] {
    return [...this.#setups].flatMap(([task, setup]) => {
      if (setup === null) return []
      const { runs, failures } = this.#counts.get(task) ?? { runs: 0, failures: 0 }
      return [{ task, runs, failures, waiting: this.#store.bricksOf(task).length }]
    })
  }

  #drop(task: string): void {
    const running = this.#running.get(task)
    if (running !== undefined) {
      running.isDropped = true
      running.stop.abort()
    }
    this.#plan.drop(task)
    this.#store.drop(task)
    this.#parts.db.changed()
  }

  /** What the store holds for a task that is heard of for the first time since the start. */
  #resume(task: string): void {
    this.#plan.open(task)
    for (const uuid of this.#store.bricksOf(task)) {
      const failures = this.#store.delivery({ task, uuid })?.failures ?? 0
      this.#plan.resumed({ task, uuid }, { failures, nowMs: this.#nowMs() })
    }
    if (this.#store.task(task).isPaused) this.#plan.pause(task)
  }

  #pump(): void {
    if (!this.#isStarted) return
    this.#forgetTimer()
    for (;;) {
      const nowMs = this.#nowMs()
      const order = this.#plan.next(nowMs)
      if (order.kind === 'idle') return
      if (order.kind === 'wait') {
        this.#forgetTimer = this.#parts.timers.after(Math.ceil(order.untilMs - nowMs), () => this.#pump())
        return
      }
      if (order.kind === 'paused') this.#paused(order.task)
      else this.#begin(order)
    }
  }

  #begin(place: Place): void {
    const stop = new AbortController()
    const ended = Promise.withResolvers<void>()
    const running: Running = { stop, done: ended.promise, group: undefined, isDropped: false }
    const before = this.#running.get(place.task)?.done ?? Promise.resolve()
    this.#running.set(place.task, running)
    void before
      .then(() => this.#execute(place, running))
      .finally(() => {
        if (this.#running.get(place.task) === running) this.#running.delete(place.task)
        ended.resolve()
        this.#pump()
      })
  }

  async #execute(place: Place, running: Running): Promise<void> {
    await this.#endLeftover(place)
    const event = this.#store.next(place)
    const setup = this.#setups.get(place.task)
    if (event === undefined || !setup || running.stop.signal.aborted) {
      if (!running.isDropped) this.#plan.ended(place, { outcome: 'ok', ...this.#moment() })
      return
    }
    this.#plan.taken(place)
    const run = toHex(this.#parts.random.bytes(runIdBytes))
    this.#store.began(event, run)
    const beganMs = this.#nowMs()
    const result = await this.#parts.run({
      event,
      argv: setup.argv,
      timeoutMs: this.#parts.timeoutMs ?? hookTimeoutMs,
      run,
      signal: running.stop.signal,
      started: (group) => {
        running.group = group
        this.#store.runsAs(event, group)
        this.#parts.db.changed()
      },
    })
    if (running.isDropped) return
    this.#finished(event, { ...result, seconds: (this.#nowMs() - beganMs) / 1_000 })
  }

  #finished(event: HookEvent, { outcome, code, output, seconds }: HookResult & { readonly seconds: number }): void {
    const { task } = event
    const attempts = this.#store.delivery(event)?.running?.attempts ?? 1
    this.#plan.ended(event, { outcome: outcome === 'ok' || outcome === 'stopped' ? 'ok' : 'failed', ...this.#moment() })
    this.#parts.db.together(() => {
      this.#store.ended(event, outcome === 'timeout' ? 'failed' : outcome)
      this.#parts.db.changed()
      if (outcome === 'stopped') return
      const counts = this.#counts.get(task) ?? { runs: 0, failures: 0 }
      const failures = counts.failures + (outcome === 'ok' ? 0 : 1)
      this.#counts.set(task, { runs: counts.runs + 1, failures })
      const told = { key: keyOf(event), outcome, code, seconds: Math.round(seconds * 1_000) / 1_000, attempts }
      const { text, bytes, truncated } = output
      this.#store.note(task, { ...told, time: this.#time(), output: text, outputBytes: bytes, truncated })
      const printed = outcome === 'ok' || text === '' ? {} : { output: text.slice(-outputTold) }
      this.#parts.report({ task, ...told, ...printed })
    })
  }

  /** Of a daemon that was killed: one run at a time holds for its hook, too. */
  async #endLeftover(place: Place): Promise<void> {
    const left = this.#store.delivery(place)?.running
    if (!left || left.group === 0 || !isGroupOfRun(left)) return
    await endGroup(left.group, { timers: this.#parts.timers, graceMs: killGraceMs })
  }

  #paused(task: string): void {
    this.#parts.db.together(() => {
      this.#store.setTask(task, { isPaused: true })
      this.#parts.db.changed()
      this.#refuse(task, 'HookLoop')
    })
  }

  #refuse(task: string, code: 'HookRefused' | 'HookLoop'): void {
    for (const uuid of this.#store.bricksOf(task)) {
      const event = this.#store.next({ task, uuid })
      if (event === undefined) continue
      this.#parts.report({ task, key: keyOf(event), outcome: 'refused', code, seconds: 0, attempts: 0 })
    }
  }

  #moment(): { readonly nowMs: number; readonly chance: number } {
    const [byte = 0] = this.#parts.random.bytes(1)
    return { nowMs: this.#nowMs(), chance: byte / 255 }
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }

  #time(): string {
    return rfc3339(timestampOf(this.#parts.clock.nowNs())) ?? ''
  }
}
