/** The real clock, the real randomness, the real machine. */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Clock, Random } from '../base/ports.ts'

const workersMax = 8
const driftNsMax = 5_000_000n

/** Wall clock minus monotonic clock when the program started: nanoseconds where Date has milliseconds. */
const originNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()

export const systemClock: Clock = {
  nowNs() {
    const precise = originNs + process.hrtime.bigint()
    const wall = BigInt(Date.now()) * 1_000_000n
    const drift = wall > precise ? wall - precise : precise - wall
    return drift > driftNsMax ? wall : precise
  },
  monotonicMs: () => performance.now(),
}

export const systemRandom: Random = { bytes: (count) => new Uint8Array(randomBytes(count)) }

/** Threads that fold or extract. */
export const workerCount = Math.max(1, Math.min(workersMax, availableParallelism()))

/** Lets signals and timers in between two pieces of synchronous work. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
