/**
 * One task being carried out: its bricks, each with its keeper, or with the reason why it has none yet. Which bricks a
 * task of the whole system has is asked again and again: they come and go with what the machine has.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { HookStatus } from '../hook/hook-status.ts'
import { isOfSource, openSource, type Source, sourceName } from '../source/open.ts'
import type { Condition } from '../task/condition.ts'
import type { RunningTask } from '../task/held-task.ts'
import { type PlannedBrick, planTask } from '../task/task-plan.ts'
import type { TaskObservation } from '../task/task-status.ts'
import { type AnalysisRules, type Assignment, usualAnalysis } from './assignment.ts'
import type { Keeper } from './keeper.ts'
import { reasonOfError } from './keeper-status.ts'
import type { Keepers } from './keepers.ts'
import type { StoredBricks } from './stored-bricks.ts'
import type { SystemPlan, SystemPlanner } from './system-planner.ts'

export interface TaskWorkParts {
  readonly bricks: StoredBricks
  readonly keepers: Keepers
  /** Of tasks of the whole system. */
  readonly planner?: SystemPlanner
}

interface Part {
  readonly planned: PlannedBrick
  keeper: Keeper | undefined
  /** What the keeper keeps. */
  source: Source | undefined
  /** Why it has no keeper. */
  trouble: { readonly reason: string; readonly message: string } | undefined
}

/** A source that is not there is looked for again that often. */
const retryMs = 5_000

export class TaskWork {
  readonly #parts: TaskWorkParts
  readonly #running: RunningTask
  #bricks: Part[] = []
  readonly #isDone: boolean
  readonly #isSystem: boolean
  #system: SystemPlan = { bricks: [], conditions: [] }
  /** Keepers that are let go, one after the other. */
  #leaving: Promise<unknown> = Promise.resolve()
  #retriedAtMs = Number.NEGATIVE_INFINITY

  /** `done`: it says to be folded once, and was. */
  constructor(parts: TaskWorkParts, running: RunningTask, state: 'open' | 'done') {
    this.#parts = parts
    this.#running = running
    this.#isDone = state === 'done' && !running.task.follow
    this.#isSystem = planTask(running.task).kind === 'system'
    this.#plan()
    if (!this.#isDone) for (const part of this.#bricks) this.#follow(part)
  }

  get generation(): number {
    return this.#running.generation
  }

  /** All of its bricks are folded, and it says that once is enough. */
  get isOver(): boolean {
    const { follow } = this.#running.task
    return !follow && this.#bricks.length > 0 && this.#bricks.every(({ keeper }) => keeper?.status.isOver === true)
  }

  /** Looks for sources that were not there, and for the next process in the place of one that has ended. */
  retry(nowMs: number): void {
    if (this.#isDone || nowMs - this.#retriedAtMs < retryMs) return
    this.#retriedAtMs = nowMs
    this.#plan()
    for (const part of this.#bricks) {
      if (part.keeper?.status.isEnded === true && hasSuccessor(part)) this.#letGo(part)
      if (part.keeper === undefined) this.#follow(part)
    }
  }

  observe(hook: HookStatus): TaskObservation {
    const brick = this.#bricks[0]?.keeper?.name ?? null
    const conditions = [...this.#bricks.flatMap((part) => this.#conditionsOf(part)), ...this.#systemConditions()]
    const ready = conditions.filter(({ type }) => type === 'Ready')
    const worst = ready.find(({ status }) => status !== 'True') ?? ready[0]
    const degraded = conditions.filter(({ type }) => type === 'Degraded')
    if (hook.isTrouble && hook.reason !== 'HookRefused') {
      degraded.push({ type: 'Degraded', status: 'True', reason: hook.reason, message: hook.message })
    }
    const observedGeneration = this.#running.generation
    return { observedGeneration, brick, conditions: [...(worst === undefined ? [] : [worst]), ...degraded] }
  }

  /** Its bricks stay, and are not followed any more. */
  async end(): Promise<void> {
    this.#parts.planner?.forget?.(this.#running.task.taskId)
    await this.#leaving
    await Promise.all(
      this.#bricks.map(async ({ keeper }) => {
        if (keeper !== undefined) await this.#parts.keepers.unfollow(keeper)
      }),
    )
  }

  /** The parts are those that are planned now; a keeper that stays is left alone. */
  #plan(): void {
    const { task, bricks } = this.#running
    if (this.#isSystem) this.#system = this.#parts.planner?.planOf(task) ?? this.#system
    const before = new Map(this.#bricks.map((part) => [part.planned.source, part]))
    const parts = new Map<string, Part>()
    for (const planned of this.#isSystem ? this.#system.bricks : bricks) {
      const { source } = planned
      const known = before.get(source) ?? { planned, keeper: undefined, source: undefined, trouble: undefined }
      if (!parts.has(source)) parts.set(source, known)
    }
    this.#bricks = [...parts.values()]
    for (const [source, part] of before) if (!parts.has(source)) this.#letGo(part)
  }

  #letGo(part: Part): void {
    const { keeper } = part
    if (keeper === undefined) return
    part.keeper = undefined
    this.#leaving = Promise.allSettled([this.#leaving, this.#parts.keepers.unfollow(keeper)])
  }

  #follow(part: Part): void {
    try {
      const source = sourceFor(part.planned)
      const assignment = this.#assignment(part.planned, source)
      makeFolder(dirname(Buffer.from(assignment.brickPath).toString()))
      part.keeper = this.#parts.keepers.follow(assignment)
      part.source = source
      part.trouble = undefined
      part.keeper.start()
    } catch (error) {
      part.trouble = { reason: reasonOfError(error), message: error instanceof Error ? error.message : String(error) }
    }
  }

  #assignment(planned: PlannedBrick, source: Source): Assignment {
    const { bricks, keepers } = this.#parts
    const { task } = this.#running
    const isTaken = (name: string): boolean => keepers.isTaken(name)
    const name = planned.isNamed ? planned.name : bricks.nameFor(source, { wanted: planned.name, isTaken })
    if (isTaken(name)) {
      const message = `The brick ${name} is kept already, as the command line of the daemon says.`
      throw new FoundryError('BRICK_BUSY', message)
    }
    return {
      source,
      name,
      brickPath: utf8(bricks.pathOf(name)),
      taskId: task.taskId,
      rules: {
        include: planned.include ?? task.include,
        exclude: [...(planned.exclude ?? []), ...task.exclude],
        maxFiles: planned.maxFiles,
        pollMs: pollMsOf(task.pollSeconds ?? planned.pollSeconds ?? null),
        follow: task.follow ? 'always' : 'once',
        retention: task.retention,
        memory: task.memory,
        analysis: analysisOf(task),
      },
    }
  }

  #conditionsOf({ keeper, trouble }: Part): readonly Condition[] {
    if (this.#isDone)
      return [{ type: 'Ready', status: 'True', reason: 'FoldedOnce', message: 'folded, and left alone' }]
    if (trouble !== undefined) return [{ type: 'Ready', status: 'False', ...trouble }]
    return keeper?.status.conditions() ?? []
  }

  #systemConditions(): readonly Condition[] {
    if (!this.#isSystem || this.#parts.planner !== undefined) return this.#system.conditions
    const message = `${this.#running.task.type} of a whole system is not supported here. Name what to keep in paths.`
    return [{ type: 'Ready', status: 'False', reason: 'NotYetSupported', message }]
  }
}

function analysisOf({ analysis }: RunningTask['task']): AnalysisRules {
  if (analysis === null) return usualAnalysis
  const { enabled, model, maxTokens } = analysis
  return { when: enabled ? 'always' : 'asked', model, maxTokens }
}

function pollMsOf(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1_000
}

/** Whether there is another process now where the one that was kept has ended. A number is of one process only. */
function hasSuccessor({ planned, source }: Part): boolean {
  if (!/^proc:\D/.test(planned.source) || source === undefined) return false
  try {
    return !isOfSource({ kind: source.kind, source: sourceName(source) }, sourceFor(planned))
  } catch {
    return false
  }
}

const takes = { file: 'a file', tree: 'a directory', modules: 'a folder of kernel modules' }

function sourceFor({ source: path, accepts }: PlannedBrick): Source {
  const source = openSource(utf8(path))
  if (accepts === 'any' || accepts === source.kind) return source
  const is = source.kind === 'file' ? 'a file' : source.kind === 'tree' ? 'a directory' : `of the kind ${source.kind}`
  throw new FoundryError('SOURCE_KIND', `${path} is ${is}; this type of task takes ${takes[accepts]}.`)
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new FoundryError(
      'DISK_FAILED',
      `The folder ${path} for the brick cannot be made (${code}). Name another destination, or see to its rights.`,
      error,
    )
  }
}
