/**
 * What has just changed glows for a moment: places and how warm they still are. Time comes in.
 *
 * It cools in steps, a few a second: each is too small to be seen, and between them nothing is drawn. Where motion is
 * to be reduced it does not cool at all: it is marked, and after the same time it is not.
 */
import type { Rect } from '../view/camera.ts'

const coolingMs = 2600
const stepCount = 13
const stepMs = coolingMs / stepCount
const placeCountMax = 256
/** How warm a place is that does not cool. */
const stillShare = 0.7

export interface Warm {
  /** World units. */
  readonly rect: Rect
  /** 1: just changed, towards 0: cold. */
  readonly share: number
}

export class Warmth {
  readonly #sinceMs = new Map<string, { readonly rect: Rect; readonly sinceMs: number }>()

  /** A place that is warm already becomes as warm as a new one. */
  add(rects: readonly Rect[], nowMs: number): void {
    for (const rect of rects) {
      const key = `${rect.x} ${rect.y} ${rect.width}`
      this.#sinceMs.delete(key)
      this.#sinceMs.set(key, { rect, sinceMs: nowMs })
    }
    for (const key of this.#sinceMs.keys()) {
      if (this.#sinceMs.size <= placeCountMax) break
      this.#sinceMs.delete(key)
    }
  }

  clear(): void {
    this.#sinceMs.clear()
  }

  /** What is warm now, and when that will look different; Infinity: nothing is. */
  at(nowMs: number, motion: 'full' | 'reduced'): { warm: Warm[]; againAtMs: number } {
    const warm: Warm[] = []
    let againAtMs = Number.POSITIVE_INFINITY
    for (const [key, { rect, sinceMs }] of this.#sinceMs) {
      const step = Math.floor((nowMs - sinceMs) / stepMs)
      if (step >= stepCount) {
        this.#sinceMs.delete(key)
        continue
      }
      warm.push({ rect, share: motion === 'reduced' ? stillShare : 1 - step / stepCount })
      againAtMs = Math.min(againAtMs, sinceMs + (motion === 'reduced' ? coolingMs : (step + 1) * stepMs))
    }
    return { warm, againAtMs }
  }
}
