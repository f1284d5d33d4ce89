/** Tells a fast zoom: while levels fly by, what is asked for is out of date before it arrives. */

const levelsPerSecondMax = 3
const memoryMs = 120

export interface ZoomGate {
  /** To be called once a frame. A level is a doubling of the scale. */
  isFast(scale: number, nowMs: number): boolean
}

export function makeZoomGate(): ZoomGate {
  let samples: { atMs: number; log2: number }[] = []
  return {
    isFast(scale, nowMs) {
      const log2 = Math.log2(scale)
      samples = samples.filter((sample) => nowMs - sample.atMs <= memoryMs)
      samples.push({ atMs: nowMs, log2 })
      const first = samples[0] as { atMs: number; log2: number }
      const seconds = (nowMs - first.atMs) / 1000
      return seconds > 0.02 && Math.abs(log2 - first.log2) / seconds > levelsPerSecondMax
    },
  }
}
