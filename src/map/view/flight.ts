/**
 * The path of a camera flight: zoom out, over, and in again, at a speed that feels even to the eye (van Wijk and Nuij,
 * "Smooth and efficient zooming and panning", 2003). Pure: the caller owns the clock.
 */
import type { Camera, Viewport } from './camera.ts'

const durationMsMin = 200
const durationMsMax = 400
/** How far a flight zooms out on its way; the paper's user test found about 1.4 pleasant. */
const rho = 1.4
const msPerUnitOfPath = 120

export interface Flight {
  readonly durationMs: number
  /** The camera after `elapsedMs`; from durationMs on exactly the target. */
  at(elapsedMs: number): Camera
}

export function flightBetween(options: { from: Camera; to: Camera; viewport: Viewport }): Flight {
  const { from, to, viewport } = options
  const widthFrom = viewport.width / from.scale
  const widthTo = viewport.width / to.scale
  const dx = to.x - from.x
  const dy = to.y - from.y
  const path = pathOf({ widthFrom, widthTo, distance: Math.hypot(dx, dy) })
  const durationMs = Math.min(durationMsMax, Math.max(durationMsMin, path.length * msPerUnitOfPath))
  return {
    durationMs,
    at(elapsedMs) {
      if (elapsedMs >= durationMs) return to
      const eased = easeInOut(Math.max(0, elapsedMs) / durationMs)
      const { share, width } = path.at(eased * path.length)
      return { x: from.x + dx * share, y: from.y + dy * share, scale: viewport.width / width }
    },
  }
}

interface ZoomPath {
  readonly length: number
  /** `share` of the way gone (0..1) and the width of the view, in units. */
  at(s: number): { share: number; width: number }
}

function pathOf(options: { widthFrom: number; widthTo: number; distance: number }): ZoomPath {
  const { widthFrom, widthTo, distance } = options
  if (distance < 1e-6 * Math.max(widthFrom, widthTo)) {
    const length = Math.abs(Math.log(widthTo / widthFrom)) / rho
    const direction = widthTo < widthFrom ? -1 : 1
    return {
      length,
      at: (s) => ({ share: length === 0 ? 1 : s / length, width: widthFrom * Math.exp(direction * rho * s) }),
    }
  }
  const rho2 = rho * rho
  const spread = (sign: 1 | -1, width: number) =>
    (widthTo ** 2 - widthFrom ** 2 + sign * rho2 * rho2 * distance ** 2) / (2 * width * rho2 * distance)
  const r0 = -Math.asinh(spread(1, widthFrom))
  const r1 = -Math.asinh(spread(-1, widthTo))
  const length = (r1 - r0) / rho
  return {
    length,
    at: (s) => {
      const moved = (widthFrom / rho2) * (Math.cosh(r0) * Math.tanh(rho * s + r0) - Math.sinh(r0))
      return { share: moved / distance, width: (widthFrom * Math.cosh(r0)) / Math.cosh(rho * s + r0) }
    },
  }
}

function easeInOut(t: number): number {
  return t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) * (1 - t)
}
