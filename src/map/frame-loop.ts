/** Frames on demand: one when something changed, one at a time that was asked for, none otherwise. */

export interface FrameLoop {
  /** There will be a frame. */
  request(): void
  /** There will be a frame at `atMs` (clock of performance.now) at the latest; Infinity: none is needed. */
  requestAt(atMs: number): void
}

export function makeFrameLoop(tick: () => void): FrameLoop {
  let requested = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const request = (): void => {
    if (requested) return
    requested = true
    clearTimeout(timer)
    requestAnimationFrame(() => {
      requested = false
      tick()
    })
  }
  return {
    request,
    requestAt(atMs) {
      const waitMs = atMs - performance.now()
      if (waitMs <= 0) request()
      else if (waitMs < Number.POSITIVE_INFINITY && !requested) {
        clearTimeout(timer)
        timer = setTimeout(request, waitMs + 1)
      }
    },
  }
}
