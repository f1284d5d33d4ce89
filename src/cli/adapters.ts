/** The real clock and the real randomness. */
import { randomBytes } from 'node:crypto'
import type { Clock, Random } from '../base/ports.ts'

/** Wall clock in nanoseconds: the monotonic clock, moved to where the wall clock stood when it was first asked. */
const originNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()

export const systemClock: Clock = {
  nowNs() {
    const monotonic = originNs + process.hrtime.bigint()
    const wall = BigInt(Date.now()) * 1_000_000n
    const drift = wall > monotonic ? wall - monotonic : monotonic - wall
    return drift > 5_000_000n ? wall : monotonic
  },
  monotonicMs: () => performance.now(),
}

export const systemRandom: Random = { bytes: (count) => new Uint8Array(randomBytes(count)) }
