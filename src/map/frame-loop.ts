/** Frames on demand: one when something changed, one at a time that was asked for, none otherwise. */
import { after, nowMs, type Timer } from './clock.ts'

export interface FrameLoop {
  /** One frame in this very task. */
  now(): void
  /** There will be a frame. */
  request(): void
  /** There will be a frame at `atMs` (clock.ts) at the latest; Infinity: none is needed. */
  requestAt(atMs: number): void
}

export function makeFrameLoop(tick: () => void): FrameLoop {
  let requested = false
  let timer: Timer | undefined
  const request = (): void => {
    if (requested) return
    requested = true
    timer?.cancel()
    requestAnimationFrame(() => {
      requested = false
      tick()
    })
  }
  return {
    now: tick,
    request,
    requestAt(atMs) {
      const waitMs = atMs - nowMs()
      if (waitMs <= 0) request()
      else if (waitMs < Number.POSITIVE_INFINITY && !requested) {
        timer?.cancel()
        timer = after(waitMs + 1, request)
      }
    },
  }
}
