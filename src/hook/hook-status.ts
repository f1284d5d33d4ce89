/** How a task's hook is doing, in words. */
import type { HookPlan } from './hook-plan.ts'
import { failuresTold, loopRunsMax } from './hook-plan.ts'
import type { HookRun } from './hook-store.ts'

export interface HookStatus {
  /** CamelCase. */
  readonly reason:
    | 'NoHook'
    | 'HookIdle'
    | 'HookWaiting'
    | 'HookRunning'
    | 'HookRetrying'
    | 'HookWatched'
    | 'HookFailing'
    | 'HookLoop'
    | 'HookRefused'
  readonly message: string
  /** Somebody should look: the task is degraded. */
  readonly isTrouble: boolean
}

export interface HookSetup {
  readonly argv: readonly string[]
  /** False: the task file can be written by others than the daemon's user. */
  readonly hooksAllowed: boolean
  /** Why not. */
  readonly why?: string
  /** Of the task: when it changes, a paused hook may run again. */
  readonly generation: number
}

export function statusOf(parts: {
  readonly task: string
  readonly setup: HookSetup | undefined
  readonly plan: HookPlan
  readonly last: HookRun | undefined
}): HookStatus {
  const { task, setup, plan, last } = parts
  if (setup === undefined) return { reason: 'NoHook', message: 'The task has no hook.', isTrouble: false }
  if (!setup.hooksAllowed) {
    return { reason: 'HookRefused', message: `Its hook is not run: ${setup.why ?? 'not allowed.'}`, isTrouble: true }
  }
  const state = plan.stateOf(task)
  const failures = plan.failures(task)
  if (state === 'paused') {
    const message = `Its hook changes what it is called for: ${loopRunsMax} times in a row nothing else did. It is paused until the task file changes.`
    return { reason: 'HookLoop', message, isTrouble: true }
  }
  if (failures >= failuresTold) return { reason: 'HookFailing', message: failed(failures, last), isTrouble: true }
  if (state === 'quiet') {
    const message = 'Its hook may be calling itself; it is held back for a moment to see.'
    return { reason: 'HookWatched', message, isTrouble: false }
  }
  if (state === 'running') return { reason: 'HookRunning', message: 'Its hook runs.', isTrouble: false }
  if (failures > 0) return { reason: 'HookRetrying', message: failed(failures, last), isTrouble: false }
  if (state === 'waiting') return { reason: 'HookWaiting', message: 'Its hook is about to run.', isTrouble: false }
  return { reason: 'HookIdle', message: 'Its hook has been told of every commit.', isTrouble: false }
}

function failed(failures: number, last: HookRun | undefined): string {
  const how = last === undefined ? '' : ` (${last.outcome === 'timeout' ? 'out of time' : `last: ${last.code}`})`
  return `Its hook failed ${failures} ${failures === 1 ? 'time' : 'times in a row'}${how}; it is tried again.`
}
