/**
 * What of hooks survives a crash: for each task and brick what is to be delivered, and the last runs with their output.
 *
 * A delivery leaves only when its run has succeeded: a run that nobody saw the end of is repeated.
 */
import type { StateDb } from '../catalog/state-db.ts'
import { Records } from '../catalog/state-table.ts'
import { type HookEvent, mergeEvents } from './hook-event.ts'

/** Of one brick to one task. */
export interface Delivery {
  /** What comes next; null while it runs and nothing came since. */
  readonly waiting: HookEvent | null
  readonly running: RunningHook | null
  /** Runs of the generation that waits, so far. */
  readonly attempts: number
  /** In a row, whatever the generation. */
  readonly failures: number
}

export interface RunningHook {
  readonly event: HookEvent
  /** Names it in the environment of its processes. */
  readonly run: string
  /** Its process group; 0 until it has one. */
  readonly group: number
  /** Of this generation, this one included. */
  readonly attempts: number
}

export interface HookRun {
  readonly key: string
  /** RFC 3339, when it ended. */
  readonly time: string
  readonly outcome: 'ok' | 'failed' | 'timeout'
  readonly code: number | string | null
  readonly seconds: number
  readonly attempts: number
  readonly output: string
  readonly outputBytes: number
  readonly truncated: boolean
}

export interface HookTaskState {
  /** Of the task, when the rest was written. */
  readonly generation: number
  readonly isPaused: boolean
  /** Runs ever; the newest `runsKept` are kept. */
  readonly runs: number
}

export const runsKept = 3
const nothing: Delivery = { waiting: null, running: null, attempts: 0, failures: 0 }
const noState: HookTaskState = { generation: 0, isPaused: false, runs: 0 }

export class HookStore {
  readonly #deliveries = new Records<Delivery>('hook-delivery')
  readonly #tasks = new Records<HookTaskState>('hook-task')
  readonly #runs = new Records<HookRun>('hook-run')

  constructor(db: StateDb) {
    for (const table of [this.#deliveries, this.#tasks, this.#runs]) db.attach(table)
  }

  /** Bricks that have something for the task. */
  bricksOf(task: string): string[] {
    return [...this.#deliveries.entries()].flatMap(([key]) => (taskIn(key) === task ? [uuidIn(key)] : []))
  }

  delivery(place: Place): Delivery | undefined {
    return this.#deliveries.get(keyAt(place))
  }

  add(event: HookEvent): void {
    const known = this.delivery(event) ?? nothing
    const waiting = known.waiting === null ? event : mergeEvents(known.waiting, event)
    const attempts = known.waiting?.generation === waiting.generation ? known.attempts : 0
    this.#deliveries.set(keyAt(event), { ...known, waiting, attempts })
  }

  /** What is to be delivered; of a run that nobody saw the end of, that again. */
  next(place: Place): HookEvent | undefined {
    const { waiting, running } = this.delivery(place) ?? nothing
    if (running === null) return waiting ?? undefined
    return waiting === null ? running.event : mergeEvents(running.event, waiting)
  }

  /** One more attempt at what `next` gave. */
  began(event: HookEvent, run: string): void {
    const known = this.delivery(event) ?? nothing
    const before = known.waiting === null ? (known.running?.attempts ?? 0) : known.attempts
    const running = { event, run, group: 0, attempts: before + 1 }
    this.#deliveries.set(keyAt(event), { ...known, waiting: null, running, attempts: 0 })
  }

  /** Its process group, by which what is left of it can be ended after a crash. */
  runsAs(event: HookEvent, group: number): void {
    const known = this.delivery(event)
    if (!known?.running) return
    this.#deliveries.set(keyAt(event), { ...known, running: { ...known.running, group } })
  }

  /** `stopped`: not seen to its end; it counts as not begun. */
  ended(event: HookEvent, outcome: 'ok' | 'failed' | 'stopped'): void {
    const known = this.delivery(event)
    if (known === undefined) return
    const { waiting } = known
    if (outcome === 'ok' && waiting === null) return this.#deliveries.delete(keyAt(event))
    const next = outcome === 'ok' ? waiting : waiting === null ? event : mergeEvents(event, waiting)
    const attempts = (known.running?.attempts ?? 1) - (outcome === 'stopped' ? 1 : 0)
    const failures = outcome === 'ok' ? 0 : known.failures + (outcome === 'failed' ? 1 : 0)
    const isSame = next?.generation === event.generation
    this.#deliveries.set(keyAt(event), { waiting: next, running: null, attempts: isSame ? attempts : 0, failures })
  }

  forgive(place: Place): void {
    const known = this.delivery(place)
    if (known !== undefined && known.failures > 0) this.#deliveries.set(keyAt(place), { ...known, failures: 0 })
  }

  task(task: string): HookTaskState {
    return this.#tasks.get(task) ?? noState
  }

  setTask(task: string, change: Partial<HookTaskState>): void {
    this.#tasks.set(task, { ...this.task(task), ...change })
  }

  /** Nothing is to be delivered to the task any more. */
  drop(task: string): void {
    for (const uuid of this.bricksOf(task)) this.#deliveries.delete(keyAt({ task, uuid }))
    for (let slot = 0; slot < runsKept; slot++) this.#runs.delete(runKey(task, slot))
    this.#tasks.delete(task)
  }

  note(task: string, run: HookRun): void {
    const { runs } = this.task(task)
    this.#runs.set(runKey(task, runs), run)
    this.setTask(task, { runs: runs + 1 })
  }

  /** The newest first. */
  runsOf(task: string): readonly HookRun[] {
    const { runs } = this.task(task)
    const numbers = Array.from({ length: Math.min(runs, runsKept) }, (_, back) => runs - 1 - back)
    return numbers.flatMap((number) => this.#runs.get(runKey(task, number)) ?? [])
  }
}

export interface Place {
  readonly task: string
  readonly uuid: string
}

function keyAt({ task, uuid }: Place): string {
  return `${uuid} ${task}`
}

function uuidIn(key: string): string {
  return key.slice(0, key.indexOf(' '))
}

function taskIn(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}

function runKey(task: string, number: number): string {
  return `${number % runsKept} ${task}`
}
