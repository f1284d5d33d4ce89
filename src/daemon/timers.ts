/** Timers of the system, for what takes them as a parameter. */
import type { Timers } from '../hook/timers.ts'

const delayMsMax = 2 ** 31 - 1

export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, delayMsMax))
    return () => clearTimeout(timer)
  },
}
