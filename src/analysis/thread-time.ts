/** How long a thread of this process has worked: on a busy machine that is much less than the time that has passed. */
import { readFileSync } from 'node:fs'

/** Milliseconds of processor time; undefined where nobody says. `task`: `PID/task/TID`. */
export function workedMs(task: string): number | undefined {
  if (!/^[0-9]+\/task\/[0-9]+$/.test(task)) return undefined
  try {
    const text = readFileSync(`/proc/${task}/stat`, 'latin1')
    // The name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[userField]) + Number(fields[systemField])
    return Number.isFinite(ticks) ? ticks * msPerTick : undefined
  } catch {
    return undefined
  }
}

/** Of proc_pid_stat(5), counted from the state. */
const userField = 11
const systemField = 12
/** USER_HZ is 100 on all that this runs on. */
const msPerTick = 10
