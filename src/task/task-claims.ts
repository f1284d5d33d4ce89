/**
 * One source, one brick, one task: who may have what he wants. What somebody carries out is never taken from him.
 *
 * Pure. The order of the tasks decides between two that want the same at once.
 */

import type { FoundryTask } from './foundry-task.ts'
import type { HeldTask } from './held-task.ts'
import { planTask } from './task-plan.ts'

/** The same tasks, each with its wish accepted or with the conflict that forbids it. */
export function settleClaims(tasks: readonly HeldTask[]): readonly HeldTask[] {
  const settled = tasks.map((held) => ({ ...held, conflict: null as string | null }))
  const waiting = (): number[] =>
    settled.flatMap(({ accepted, wanted, isStopped }, at) => (!isStopped && accepted !== wanted ? [at] : []))
  const accept = (at: number): void => {
    const held = settled[at]
    if (held !== undefined) settled[at] = { ...held, accepted: held.wanted }
  }
  // One that is accepted may free what another waits for.
  for (let isMoving = true; isMoving; ) {
    isMoving = false
    for (const at of waiting()) {
      if (conflictOf(settled, at) !== undefined) continue
      accept(at)
      isMoving = true
    }
  }
  // Tasks that change places: each holds what another wants, and together they fit.
  const together = waiting()
  const after = settled.map((held, at) => (together.includes(at) ? { ...held, accepted: held.wanted } : held))
  if (together.every((at) => conflictOf(after, at) === undefined)) for (const at of together) accept(at)
  for (const at of waiting()) {
    const held = settled[at]
    if (held !== undefined) settled[at] = { ...held, conflict: conflictOf(settled, at) ?? null }
  }
  return settled
}

/** Why what task `at` wants cannot be while the others have what they have. */
function conflictOf(tasks: readonly HeldTask[], at: number): string | undefined {
  const wanted = tasks[at]?.wanted
  if (!wanted) return undefined
  const claims = new Map(claimsOf(wanted.task))
  for (const [index, { taskId, accepted, isStopped, file }] of tasks.entries()) {
    if (index === at || accepted === null || isStopped) continue
    for (const [claim] of claimsOf(accepted.task)) {
      const words = claims.get(claim)
      if (words !== undefined)
        return `${words} is kept by the task ${taskId} (${file.shown}) already. Change one of them.`
    }
  }
  return undefined
}

/** What only one task can have, and how to call it. */
function claimsOf(task: FoundryTask): [claim: string, words: string][] {
  const plan = planTask(task)
  if (plan.kind !== 'bricks') return []
  return plan.bricks.flatMap(({ source, name, isNamed }) => [
    [`source ${source}`, `The source ${source}`] as [string, string],
    ...(isNamed ? [[`brick ${name}`, `The brick ${name}`] as [string, string]] : []),
  ])
}
