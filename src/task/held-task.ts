/** What is known of one task_id between two readings of the folder: what runs, what its file says, what is remembered. */
import type { TaskWarning } from './condition.ts'
import type { FoundryTask } from './foundry-task.ts'
import type { ParsedTask, UnparsedTask } from './parse-task.ts'
import { specText, taskOfSpecText } from './spec-text.ts'
import type { RefusedFile, TaskFile } from './task-folder.ts'
import { type PlannedBrick, planTask } from './task-plan.ts'
import type { HookTrust } from './task-rights.ts'

/** A specification that is carried out. */
export interface Accepted {
  readonly task: FoundryTask
  readonly specHash: string
  readonly generation: number
}

export interface HeldTask {
  readonly taskId: string
  /** The file that speaks for it; of a stopped task, the last one. */
  readonly file: { readonly key: string; readonly shown: string }
  readonly trust: HookTrust
  readonly isStopped: boolean
  /** Null until something of it was acceptable. */
  readonly accepted: Accepted | null
  /** The newest valid specification: what is accepted, or waits for what others hold. */
  readonly wanted: Accepted | null
  readonly warnings: readonly TaskWarning[]
  /** What its file is now, if it is no task. */
  readonly broken: UnparsedTask | RefusedFile | null
  /** What it wants and another holds. */
  readonly conflict: string | null
  /** Milliseconds of the caller's clock; null while the file is there. */
  readonly missingSinceMs: number | null
}

/** A task as the rest of the daemon carries it out. */
export interface RunningTask {
  readonly task: FoundryTask
  readonly generation: number
  /** For people. */
  readonly file: string
  /** Empty where this build cannot do the task yet. */
  readonly bricks: readonly PlannedBrick[]
  readonly trust: HookTrust
}

/** One row to keep over restarts, plain JSON. The whole of them is all that a TaskSet needs to go on. */
export interface TaskMemory {
  readonly taskId: string
  /** Canonical specification that runs, and its generation; null and 0 where none was accepted. */
  readonly spec: string | null
  readonly specGeneration: number
  /** The newest valid one and its generation. */
  readonly wanted: string | null
  readonly generation: number
  /** One character a byte. */
  readonly file: string
  readonly fileShown: string
  readonly isStopped: boolean
  /** Which folder it was in. */
  readonly folder: string
}

const untrusted: HookTrust = { kind: 'refused', message: 'on_brick is not run: its file has not been looked at yet.' }

export function heldFrom(memory: TaskMemory, specHashOf: (task: FoundryTask) => string): HeldTask | undefined {
  const { spec, specGeneration, generation } = memory
  const accepted = remembered({ memory, text: spec, generation: specGeneration, specHashOf })
  const wanted = memory.wanted === spec ? accepted : remembered({ memory, text: memory.wanted, generation, specHashOf })
  if (accepted === undefined || wanted === undefined || wanted === null) return undefined
  return {
    taskId: memory.taskId,
    file: { key: memory.file, shown: memory.fileShown },
    trust: untrusted,
    isStopped: memory.isStopped,
    accepted,
    wanted,
    warnings: [],
    broken: null,
    conflict: null,
    missingSinceMs: null,
  }
}

export function memoryOf({ taskId, file, accepted, wanted, isStopped }: HeldTask, folder: string): TaskMemory {
  return {
    taskId,
    spec: accepted === null ? null : specText(accepted.task),
    specGeneration: accepted?.generation ?? 0,
    wanted: wanted === null ? null : specText(wanted.task),
    generation: wanted?.generation ?? 0,
    file: file.key,
    fileShown: file.shown,
    isStopped,
    folder,
  }
}

export function generationOf({ accepted, wanted }: HeldTask): number {
  return Math.max(accepted?.generation ?? 0, wanted?.generation ?? 0)
}

/** Undefined while nothing of it is carried out. */
export function runningOf({ accepted, isStopped, file, trust }: HeldTask): RunningTask | undefined {
  if (accepted === null || isStopped) return undefined
  const plan = planTask(accepted.task)
  const bricks = plan.kind === 'bricks' ? plan.bricks : []
  return { task: accepted.task, generation: accepted.generation, file: file.shown, bricks, trust }
}

/** The same task after its file was read and is valid. */
export function heldWith(before: HeldTask | undefined, file: TaskFile, parsed: ParsedTask): HeldTask {
  const { task, specHash, warnings } = parsed
  const newest = before?.wanted ?? null
  const next = before === undefined ? 1 : generationOf(before) + 1
  const wanted = newest?.specHash === specHash ? newest : { task, specHash, generation: next }
  return {
    taskId: task.taskId,
    file: { key: file.key, shown: file.shown },
    trust: file.trust,
    isStopped: false,
    // A stopped one holds nothing any more: it asks anew for its source.
    accepted: before === undefined || before.isStopped ? null : before.accepted,
    wanted,
    warnings,
    broken: null,
    conflict: null,
    missingSinceMs: null,
  }
}

interface Remembered {
  readonly memory: TaskMemory
  readonly text: string | null
  readonly generation: number
  readonly specHashOf: (task: FoundryTask) => string
}

/** Undefined where the row does not hold what it says. */
function remembered({ memory, text, generation, specHashOf }: Remembered): Accepted | null | undefined {
  if (text === null) return null
  const task = taskOfSpecText(text)
  if (task?.taskId !== memory.taskId || !Number.isSafeInteger(generation) || generation < 1) return undefined
  return { task, specHash: specHashOf(task), generation }
}
