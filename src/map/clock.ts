/** The browser's time: the only file of the map, beside the feed's pauses, that starts timers or reads the clock. */

export interface Timer {
  cancel(): void
}

/** Milliseconds since navigation; never goes backwards. */
export function nowMs(): number {
  return performance.now()
}

export function after(ms: number, action: () => void): Timer {
  const timer = setTimeout(action, ms)
  return { cancel: () => clearTimeout(timer) }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => after(ms, resolve))
}

/** Aborts after `ms`. */
export function timeLimit(ms: number): AbortSignal {
  return AbortSignal.timeout(ms)
}
