/**
 * Ends a process group: SIGTERM, and SIGKILL after a grace to whoever is left, the leader or not.
 *
 * A process that has left the group (setsid) is not followed. Zombies that nobody collects do not count.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Timers } from './timers.ts'

export const killGraceMs = 5_000
/** How long a killed group may take to be gone, which in the end is the kernel's affair. */
const afterKillMsMax = 2_000
const lookEveryMs = 25

/** True where a member of the group is not a zombie. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return members(group).length > 0
}

/** Resolves when the group is empty; at the latest soon after the kill. */
export function endGroup(
  group: number,
  { timers, graceMs }: { readonly timers: Timers; readonly graceMs: number },
): Promise<void> {
  signalGroup(group, 'SIGTERM')
  return new Promise((resolve) => {
    let leftMs = graceMs
    const look = (): void => {
      if (!isGroupAlive(group)) return resolve()
      if (leftMs <= 0) signalGroup(group, 'SIGKILL')
      if (leftMs <= -afterKillMsMax) return resolve()
      leftMs -= lookEveryMs
      timers.after(lookEveryMs, look)
    }
    look()
  })
}

/** True where the group still has a process of that run: after a restart numbers alone prove nothing. */
export function isGroupOfRun({ group, run }: { readonly group: number; readonly run: string }): boolean {
  return members(group).some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`SFD_RUN=${run}`)
    } catch {
      return false
    }
  })
}

export function signalGroup(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name)
  } catch {
    // Nobody is left.
  }
}

function members(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isMember(name, group))
    .map(Number)
}

function isMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, , groupOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(groupOf) === group && state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}
