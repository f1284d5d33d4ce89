/**
 * What a task of the whole system asks for on this machine: the seam between tasks and those who know which districts a
 * machine has. Asked again every few seconds; a brick that is not planned any more is let go and stays.
 */
import type { Condition } from '../task/condition.ts'
import type { FoundryTask } from '../task/foundry-task.ts'
import type { PlannedBrick } from '../task/task-plan.ts'

export interface SystemPlan {
  /** Most wanted first. Of two with the same source the first counts. */
  readonly bricks: readonly PlannedBrick[]
  /** What was left out and why (`Degraded`). */
  readonly conditions: readonly Condition[]
}

export interface SystemPlanner {
  /** Must be quick, and say the same while nothing has changed. Never throws. */
  planOf(task: FoundryTask): SystemPlan
  /** The task ended or changed: what was remembered of it can go. */
  forget?(taskId: string): void
}
