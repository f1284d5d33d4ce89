/** What has just changed glows for a moment: places and how warm they still are. Time comes in. */
import type { Rect } from '../view/camera.ts'

const coolingMs = 2600
const placeCountMax = 256

export interface Warm {
  /** World units. */
  readonly rect: Rect
  /** 1: just changed, towards 0: cold. */
  readonly share: number
}

export class Warmth {
  #places: readonly { readonly rect: Rect; readonly sinceMs: number }[] = []

  add(rects: readonly Rect[], nowMs: number): void {
    this.#places = [...this.#places, ...rects.map((rect) => ({ rect, sinceMs: nowMs }))].slice(-placeCountMax)
  }

  /** What is warm now. */
  at(nowMs: number): Warm[] {
    this.#places = this.#places.filter(({ sinceMs }) => nowMs - sinceMs < coolingMs)
    return this.#places.map(({ rect, sinceMs }) => ({ rect, share: 1 - (nowMs - sinceMs) / coolingMs }))
  }
}
