/** What the map counts of itself, for tests and for a curious person. */

export interface AppStats {
  uploads: number
  frames: number
  /** How long the last ticks took, newest last; on a busy machine that is more than their CPU time. */
  tickMs: number[]
  firstPictureMs: number
}

const tickCountKept = 4000

export function newStats(): AppStats {
  return { uploads: 0, frames: 0, tickMs: [], firstPictureMs: 0 }
}

export function noteTick(stats: AppStats, tookMs: number): void {
  stats.frames++
  stats.tickMs.push(tookMs)
  if (stats.tickMs.length > tickCountKept) stats.tickMs.splice(0, tickCountKept / 2)
}
