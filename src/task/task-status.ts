/** What is told of a task: its conditions, in the order Ready, Degraded, Invalid, Conflict; each type at least once. */
import type { Condition, TaskError, TaskWarning } from './condition.ts'
import type { TaskType } from './foundry-task.ts'
import { generationOf, type HeldTask } from './held-task.ts'
import type { UnparsedTask } from './parse-task.ts'
import type { RefusedFile } from './task-folder.ts'
import { planTask } from './task-plan.ts'

export interface TaskStatus {
  /** Null of a file that does not say it. */
  readonly taskId: string | null
  /** Absolute, for people. One status for each file; a stopped task names the one it had. */
  readonly file: string
  readonly type: TaskType | null
  readonly source: string | null
  /** Name of its brick; of several the first. */
  readonly brick: string | null
  readonly generation: number
  /** The generation that is carried out; 0: none. */
  readonly observedGeneration: number
  readonly conditions: readonly Condition[]
}

/** What only those who carry a task out can say. */
export interface TaskObservation {
  readonly observedGeneration: number
  readonly brick: string | null
  /** Ready and Degraded. */
  readonly conditions: readonly Condition[]
}

/** `folder` is what is wrong with the folder of all tasks, if anything. */
export interface StatusContext {
  readonly folder: Condition | null
  readonly observed: TaskObservation | undefined
}

export function heldStatus(held: HeldTask, { folder, observed }: StatusContext): TaskStatus {
  const shown = held.accepted ?? held.wanted
  const plan = shown === null ? undefined : planTask(shown.task)
  const planned = plan?.kind === 'bricks' ? (plan.bricks[0]?.name ?? null) : null
  const { broken, conflict, trust } = held
  const degraded: Condition[] = [
    ...ofType('Degraded', observed),
    ...(folder === null || held.isStopped ? [] : [folder]),
    ...(trust.kind === 'refused' && shown?.task.onBrick && !held.isStopped
      ? [condition('Degraded', 'True', { reason: 'HookRefused', message: trust.message })]
      : []),
    ...(broken === null ? held.warnings.map(warningCondition) : []),
  ]
  return {
    taskId: held.taskId,
    file: held.file.shown,
    type: shown?.task.type ?? null,
    source: shown?.task.source ?? shown?.task.paths[0] ?? null,
    brick: observed?.brick ?? planned,
    generation: generationOf(held),
    observedGeneration: observed?.observedGeneration ?? 0,
    conditions: [
      ...readyConditions(held, observed),
      ...orElse(degraded.toSorted(trueFirst), condition('Degraded', 'False', allWell)),
      ...(broken === null ? [valid] : brokenConditions(broken, held.accepted !== null && !held.isStopped)),
      conflict === null ? free : condition('Conflict', 'True', { reason: 'Claimed', message: conflict }),
    ],
  }
}

/** Of a file that speaks for no task: broken, refused, or with the id of another. */
export interface LooseFile {
  readonly taskId: string | null
  readonly file: string
  readonly type: TaskType | null
  readonly source: string | null
  readonly broken: UnparsedTask | RefusedFile | null
  readonly conflict: string | null
}

export function looseStatus({ taskId, file, type, source, broken, conflict }: LooseFile): TaskStatus {
  const why = broken === null ? 'another file is this task.' : 'its file is no task.'
  return {
    taskId,
    file,
    type,
    source,
    brick: null,
    generation: 0,
    observedGeneration: 0,
    conditions: [
      condition('Ready', 'False', {
        reason: broken === null ? 'Conflict' : 'Invalid',
        message: `Nothing is kept: ${why}`,
      }),
      condition('Degraded', 'False', allWell),
      ...(broken === null ? [valid] : brokenConditions(broken, false)),
      conflict === null ? free : condition('Conflict', 'True', { reason: 'DuplicateTaskId', message: conflict }),
    ],
  }
}

/** As `GET /api/tasks` and `sfd task ls --json` say it. */
export function taskStatusJson({ taskId, ...rest }: TaskStatus): Omit<TaskStatus, 'taskId'> & {
  /** Null of a file that does not say it. */
  readonly task_id: string | null
} {
  return { task_id: taskId, ...rest }
}

/** One error in one line: what, and what would be right. */
export function errorText({ message, expected }: TaskError): string {
  return `${message}; expected ${expected}`
}

function readyConditions(held: HeldTask, observed: TaskObservation | undefined): readonly Condition[] {
  const { accepted, isStopped, broken, conflict } = held
  const no = (reason: string, message: string): Condition[] => [condition('Ready', 'False', { reason, message })]
  if (isStopped) {
    return no('Stopped', `Its file ${held.file.shown} is gone. The brick stays; \`sfd rm\` deletes it.`)
  }
  if (accepted === null) {
    if (conflict !== null) return no('Conflict', 'Nothing is kept: another task has what it wants.')
    return no('Invalid', broken === null ? 'Nothing of it is accepted yet.' : 'Nothing is kept: its file is no task.')
  }
  const told = ofType('Ready', observed)
  const pending = { reason: 'Pending', message: 'It is accepted; its source has not been looked at yet.' }
  return orElse(told, condition('Ready', 'Unknown', pending))
}

function brokenConditions(broken: UnparsedTask | RefusedFile, runsOn: boolean): readonly Condition[] {
  const last = runsOn ? ' The last good version goes on.' : ''
  if (broken.kind === 'refused') {
    return [condition('Invalid', 'True', { reason: broken.reason, message: `${broken.message}${last}` })]
  }
  return broken.errors.map((error) => ({
    ...condition('Invalid', 'True', { reason: 'NotATask', message: `${errorText(error)}.${last}` }),
    line: error.line,
    column: error.column,
  }))
}

/** A field without effect is a note: the task is carried out as it says. */
function warningCondition({ reason, message, line, column }: TaskWarning): Condition {
  return { type: 'Degraded', status: reason === 'NoEffect' ? 'False' : 'True', reason, message, line, column }
}

function trueFirst(a: Condition, b: Condition): number {
  return Number(b.status === 'True') - Number(a.status === 'True')
}

function ofType(type: Condition['type'], observed: TaskObservation | undefined): readonly Condition[] {
  return (observed?.conditions ?? []).filter((told) => told.type === type)
}

function orElse(conditions: readonly Condition[], otherwise: Condition): readonly Condition[] {
  return conditions.length > 0 ? conditions : [otherwise]
}

function condition(
  type: Condition['type'],
  status: Condition['status'],
  { reason, message }: { readonly reason: string; readonly message: string },
): Condition {
  return { type, status, reason, message }
}

const allWell = { reason: 'AsWritten', message: 'Nothing is known to be amiss.' }
const valid = condition('Invalid', 'False', { reason: 'Valid', message: 'The file is a task.' })
const free = condition('Conflict', 'False', { reason: 'Alone', message: 'Nothing else has its id, source or brick.' })
