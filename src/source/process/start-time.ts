/** When a process started, as a wall clock has it: the boot's time and the ticks since then. */
import { readFileSync } from 'node:fs'
import type { Timestamp } from '../../base/entry.ts'
import { ticksPerSecond } from './proc-stat.ts'

/**
 * Whole seconds. The kernel reckons the boot's time anew when the clock is set, so this may differ by a little from one
 * call to the next: who compares keeps the first answer.
 */
export function startOfProcess(startTicks: bigint): Timestamp {
  return { seconds: bootSeconds() + Number(startTicks / ticksPerSecond), nanoseconds: 0 }
}

function bootSeconds(): number {
  const found = /^btime ([0-9]+)$/m.exec(readFileSync('/proc/stat', 'latin1'))
  return Number(found?.[1] ?? 0)
}
