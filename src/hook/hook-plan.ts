/**
 * When which hook runs: a state machine without clock, processes or disk. Time is monotonic milliseconds.
 *
 * Invariants. One run at a time for each task. A brick that waits is run for in the end, unless its task is paused: a
 * failure only delays it, longer each time, and holds up no other brick.
 *
 * The loop guard. A change that is seen while any hook runs, or soon after, may be a hook's own doing. A task that is
 * called `loopRunsMax` times in a row by nothing but such changes is held back for a while in which nothing of it runs.
 * A change that comes then was made by somebody else: it goes on, and the guard trusts it twice as far. If all is quiet
 * then, the hook calls itself, and is paused until its task changes.
 */

export const retryMsFirst = 1_000
export const retryMsMax = 300_000
export const failuresTold = 8
export const loopRunsMax = 10
/** How long after a run a change may still be its doing. */
export const aftermathMs = 10_000
const quietMsMin = 5_000
const quietMsMax = 600_000
/** Where other hooks run all the time, nothing can be told: after this the task goes on. */
const doubtMsMin = 60_000

export type PlanOrder =
  | { readonly kind: 'run'; readonly task: string; readonly uuid: string }
  | { readonly kind: 'paused'; readonly task: string }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'idle' }

interface Waiting {
  dueMs: number
  failures: number
  isDue: boolean
}

interface Lane {
  readonly bricks: Map<string, Waiting>
  running: string | undefined
  startedMs: number
  /** Longest time from one run to the next in the present chain. */
  periodMs: number
  /** Runs in a row that only hooks can have caused. */
  chain: number
  chainMax: number
  /** A change since the last start was certainly made by somebody else. */
  isCalled: boolean
  /** A change since the last start may be a hook's doing. */
  isEcho: boolean
  quietUntilMs: number | undefined
  quietEndMs: number
  isPaused: boolean
  isClosed: boolean
}

export class HookPlan {
  readonly #lanes = new Map<string, Lane>()
  #runningCount = 0
  #aftermathEndMs = Number.NEGATIVE_INFINITY

  /** From now on hooks of that task may run. */
  open(task: string): void {
    const lane = this.#lanes.get(task)
    if (lane === undefined) this.#lanes.set(task, newLane())
    else lane.isClosed = false
  }

  /** What comes is noted, and not run. */
  shut(task: string): void {
    this.open(task)
    const lane = this.#lanes.get(task)
    if (lane !== undefined) lane.isClosed = true
  }

  /** The task is another one now: nothing is held against it. */
  forgive(task: string): void {
    const lane = this.#lanes.get(task)
    if (lane === undefined) return
    Object.assign(lane, { chain: 0, chainMax: loopRunsMax, quietUntilMs: undefined, isPaused: false })
    for (const waiting of lane.bricks.values()) Object.assign(waiting, { failures: 0, dueMs: Number.NEGATIVE_INFINITY })
  }

  /** Nothing of the task runs any more. One under way is not touched. */
  drop(task: string): void {
    const lane = this.#lanes.get(task)
    if (lane?.running !== undefined) this.#runningCount--
    this.#lanes.delete(task)
  }

  pause(task: string): void {
    const lane = this.#lanes.get(task)
    if (lane !== undefined) lane.isPaused = true
  }

  /** A brick of the task has changed. */
  changed({ task, uuid }: { readonly task: string; readonly uuid: string }, nowMs: number): void {
    const lane = this.#lanes.get(task)
    if (lane === undefined) return
    if (this.#mayBeEcho(nowMs)) lane.isEcho = true
    else this.#call(lane)
    const waiting = lane.bricks.get(uuid) ?? { dueMs: nowMs, failures: 0, isDue: true }
    waiting.isDue = true
    lane.bricks.set(uuid, waiting)
  }

  /** Runs that were under way or due when the last daemon ended: as `changed`, and nobody's echo. */
  resumed(
    { task, uuid }: { readonly task: string; readonly uuid: string },
    { failures, nowMs }: { readonly failures: number; readonly nowMs: number },
  ): void {
    this.#lanes.get(task)?.bricks.set(uuid, { dueMs: nowMs, failures, isDue: true })
  }

  /** What to do now. A `run` counts as started. */
  next(nowMs: number): PlanOrder {
    let untilMs = Number.POSITIVE_INFINITY
    for (const [task, lane] of this.#lanes) {
      if (lane.running !== undefined || lane.isPaused || lane.isClosed) continue
      const first = firstDue(lane)
      if (first === undefined) continue
      const [uuid, { dueMs }] = first
      if (dueMs > nowMs) {
        untilMs = Math.min(untilMs, dueMs)
        continue
      }
      const quietUntilMs = this.#quietUntil(lane, nowMs)
      if (quietUntilMs === undefined) return this.#start({ task, uuid, lane }, nowMs)
      if (quietUntilMs <= nowMs) {
        lane.isPaused = true
        return { kind: 'paused', task }
      }
      untilMs = Math.min(untilMs, quietUntilMs)
    }
    return untilMs === Number.POSITIVE_INFINITY ? { kind: 'idle' } : { kind: 'wait', untilMs }
  }

  /** The run that was started tells of all that came until now. */
  taken({ task, uuid }: { readonly task: string; readonly uuid: string }): void {
    const waiting = this.#lanes.get(task)?.bricks.get(uuid)
    if (waiting !== undefined) waiting.isDue = false
  }

  /** `chance` is 0 .. 1. */
  ended(
    { task, uuid }: { readonly task: string; readonly uuid: string },
    { outcome, nowMs, chance }: { readonly outcome: 'ok' | 'failed'; readonly nowMs: number; readonly chance: number },
  ): void {
    const lane = this.#lanes.get(task)
    if (lane?.running !== uuid) return
    lane.running = undefined
    this.#runningCount--
    this.#aftermathEndMs = Math.max(this.#aftermathEndMs, nowMs + aftermathMs)
    const waiting = lane.bricks.get(uuid)
    if (waiting === undefined) return
    if (outcome === 'ok') {
      waiting.failures = 0
      waiting.dueMs = nowMs
      if (!waiting.isDue) lane.bricks.delete(uuid)
      return
    }
    waiting.dueMs = nowMs + backOffMs(waiting.failures, chance)
    waiting.failures++
    waiting.isDue = true
  }

  /** Of the brick that fails most. */
  failures(task: string): number {
    return Math.max(0, ...[...(this.#lanes.get(task)?.bricks.values() ?? [])].map(({ failures }) => failures))
  }

  stateOf(task: string): 'none' | 'idle' | 'waiting' | 'running' | 'quiet' | 'paused' {
    const lane = this.#lanes.get(task)
    if (lane === undefined) return 'none'
    if (lane.isPaused) return 'paused'
    if (lane.running !== undefined) return 'running'
    if (lane.quietUntilMs !== undefined) return 'quiet'
    return firstDue(lane) === undefined ? 'idle' : 'waiting'
  }

  #mayBeEcho(nowMs: number): boolean {
    return this.#runningCount > 0 || nowMs <= this.#aftermathEndMs
  }

  #call(lane: Lane): void {
    lane.isCalled = true
    if (lane.quietUntilMs === undefined) return
    lane.quietUntilMs = undefined
    lane.chainMax *= 2
  }

  /** Until when the lane is held back to see whether anything comes; undefined: it is not. */
  #quietUntil(lane: Lane, nowMs: number): number | undefined {
    if (lane.quietUntilMs === undefined) {
      if (lane.isCalled || lane.chain < lane.chainMax) return undefined
      const quietMs = Math.min(quietMsMax, Math.max(quietMsMin, 3 * lane.periodMs))
      lane.quietUntilMs = Math.max(nowMs, this.#aftermathEndMs) + quietMs
      lane.quietEndMs = lane.quietUntilMs + Math.max(doubtMsMin, quietMs)
    }
    if (!this.#mayBeEcho(nowMs)) return lane.quietUntilMs
    const quietMs = Math.min(quietMsMax, Math.max(quietMsMin, 3 * lane.periodMs))
    lane.quietUntilMs = Math.max(lane.quietUntilMs, Math.max(nowMs, this.#aftermathEndMs) + quietMs)
    if (nowMs < lane.quietEndMs) return lane.quietUntilMs
    this.#call(lane)
    return undefined
  }

  #start({ task, uuid, lane }: { task: string; uuid: string; lane: Lane }, nowMs: number): PlanOrder {
    if (lane.isCalled) {
      lane.chain = 0
      lane.periodMs = 0
    } else if (lane.isEcho) {
      lane.chain++
      lane.periodMs = Math.max(lane.periodMs, nowMs - lane.startedMs)
    }
    lane.isCalled = false
    lane.isEcho = false
    lane.startedMs = nowMs
    lane.running = uuid
    this.#runningCount++
    const waiting = lane.bricks.get(uuid)
    if (waiting !== undefined) waiting.isDue = false
    return { kind: 'run', task, uuid }
  }
}

function newLane(): Lane {
  return {
    bricks: new Map(),
    running: undefined,
    startedMs: 0,
    periodMs: 0,
    chain: 0,
    chainMax: loopRunsMax,
    isCalled: false,
    isEcho: false,
    quietUntilMs: undefined,
    quietEndMs: 0,
    isPaused: false,
    isClosed: false,
  }
}

function firstDue({ bricks }: Lane): [string, Waiting] | undefined {
  let first: [string, Waiting] | undefined
  for (const entry of bricks) {
    if (entry[1].isDue && (first === undefined || entry[1].dueMs < first[1].dueMs)) first = entry
  }
  return first
}

/** Up to a quarter less, so that many that failed together do not come back together. */
function backOffMs(failures: number, chance: number): number {
  return Math.min(retryMsMax, retryMsFirst * 2 ** failures) * (1 - chance / 4)
}
