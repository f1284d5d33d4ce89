/** One task being carried out: its bricks, each with its keeper, or with the reason why it has none yet. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { HookStatus } from '../hook/hook-status.ts'
import { openSource, type Source } from '../source/open.ts'
import type { Condition } from '../task/condition.ts'
import type { RunningTask } from '../task/held-task.ts'
import type { PlannedBrick } from '../task/task-plan.ts'
import type { TaskObservation } from '../task/task-status.ts'
import type { Assignment } from './assignment.ts'
import type { Keeper } from './keeper.ts'
import { reasonOfError } from './keeper-status.ts'
import type { Keepers } from './keepers.ts'
import type { StoredBricks } from './stored-bricks.ts'

export interface TaskWorkParts {
  readonly bricks: StoredBricks
  readonly keepers: Keepers
}

interface Part {
  readonly planned: PlannedBrick
  keeper: Keeper | undefined
  /** Why it has no keeper. */
  trouble: { readonly reason: string; readonly message: string } | undefined
}

/** A source that is not there is looked for again that often. */
const retryMs = 5_000

export class TaskWork {
  readonly #parts: TaskWorkParts
  readonly #running: RunningTask
  readonly #bricks: Part[]
  readonly #isDone: boolean
  #retriedAtMs = Number.NEGATIVE_INFINITY

  /** `done`: it says to be folded once, and was. */
  constructor(parts: TaskWorkParts, running: RunningTask, state: 'open' | 'done') {
    this.#parts = parts
    this.#running = running
    this.#isDone = state === 'done' && !running.task.follow
    this.#bricks = running.bricks.map((planned) => ({ planned, keeper: undefined, trouble: undefined }))
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

  /** Looks for sources that were not there. */
  retry(nowMs: number): void {
    if (this.#isDone || nowMs - this.#retriedAtMs < retryMs) return
    this.#retriedAtMs = nowMs
    for (const part of this.#bricks) if (part.keeper === undefined) this.#follow(part)
  }

  observe(hook: HookStatus): TaskObservation {
    const brick = this.#bricks[0]?.keeper?.name ?? null
    const conditions = this.#bricks.flatMap((part) => this.#conditionsOf(part))
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
    await Promise.all(
      this.#bricks.map(async ({ keeper }) => {
        if (keeper !== undefined) await this.#parts.keepers.unfollow(keeper)
      }),
    )
  }

  #follow(part: Part): void {
    try {
      const source = sourceFor(part.planned)
      const assignment = this.#assignment(part.planned, source)
      makeFolder(dirname(Buffer.from(assignment.brickPath).toString()))
      part.keeper = this.#parts.keepers.follow(assignment)
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
        include: task.include,
        exclude: task.exclude,
        maxFiles: planned.maxFiles,
        pollMs: task.pollSeconds === null ? null : task.pollSeconds * 1_000,
        follow: task.follow ? 'always' : 'once',
        retention: task.retention,
      },
    }
  }

  #conditionsOf({ keeper, trouble }: Part): readonly Condition[] {
    if (this.#isDone)
      return [{ type: 'Ready', status: 'True', reason: 'FoldedOnce', message: 'folded, and left alone' }]
    if (trouble !== undefined) return [{ type: 'Ready', status: 'False', ...trouble }]
    return keeper?.status.conditions() ?? []
  }
}

function sourceFor({ source: path, accepts }: PlannedBrick): Source {
  const source = openSource(utf8(path))
  if (accepts === 'any' || accepts === source.kind) return source
  const wanted = accepts === 'file' ? 'a file' : 'a directory'
  throw new FoundryError(
    'SOURCE_KIND',
    `${path} is ${source.kind === 'file' ? 'a file' : 'a directory'}; this type of task takes ${wanted}.`,
  )
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
