/** What of the view panels lie over, and where things are shown beside them. Pure. */
import { type Camera, fitted, type Rect, type Viewport } from './camera.ts'

/** CSS pixels at the edges of the view that something lies over. */
export interface Insets {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export const noInsets: Insets = { left: 0, right: 0, top: 0, bottom: 0 }

/** Between a panel and what is shown beside it. */
const panelGapPx = 20

/** The camera that shows `rect` in the middle of what is not covered, at least `marginPx` from the view's edges. */
export function fittedInside(
  rect: Rect,
  options: { viewport: Viewport; covered: Insets; marginPx: number; scaleMost: number },
): Camera {
  const { viewport, covered, marginPx, scaleMost } = options
  const inset = (pixels: number) => (pixels === 0 ? marginPx : Math.max(marginPx, pixels + panelGapPx))
  const [left, right] = [inset(covered.left), inset(covered.right)]
  const [top, bottom] = [inset(covered.top), inset(covered.bottom)]
  const free = { width: viewport.width - left - right, height: viewport.height - top - bottom }
  const { x, y, scale: scaleFit } = fitted(rect, free, 0)
  const scale = Math.min(scaleFit, scaleMost)
  return { x: x - (left - right) / 2 / scale, y: y - (top - bottom) / 2 / scale, scale }
}

/** Of the bar at the top, and what writing keeps free at the other edges. */
const barPx = 44
const edgePx = 4

/** CSS pixels of what nothing lies over, a little inside of it. */
export function freeRoom({ width, height }: Viewport, covered: Insets): Rect {
  const { left, right, bottom } = covered
  const y = Math.max(covered.top, barPx)
  return { x: left + edgePx, y, width: width - left - right - 2 * edgePx, height: height - y - bottom - edgePx }
}
