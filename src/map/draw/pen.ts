/**
 * Applies the camera: world coordinates in, quads in pixels of the view out, all in doubles and cut to the view. Lines lie
 * on whole device pixels.
 */
import type { Rect, View } from '../view/camera.ts'
import type { Surface } from './surface.ts'
import type { RectLayer, RectPattern } from './surface-parts.ts'

const lineCountMax = 24_000

export interface Ink {
  readonly colour: number
  readonly alpha?: number
  readonly pattern?: RectPattern
  /** A smaller rectangle is drawn this large. */
  readonly minPixels?: number
}

export interface ScreenBox {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

export interface Pen {
  screenX(worldX: number): number
  screenY(worldY: number): number
  /** In pixels, cut to the view; undefined where nothing is left. */
  clipped(rect: Rect): ScreenBox | undefined
  worldRect(layer: RectLayer, rect: Rect, ink: Ink): void
  /** Hairlines on whole device pixels; `lines` relative to `origin`. */
  lines(lines: Float64Array, origin: { x: number; y: number }, ink: Ink & { width: number }): void
}

export function makePen(surface: Surface, { view, pixelRatio }: { view: View; pixelRatio: number }): Pen {
  const { camera, viewport } = view
  const { width, height } = viewport
  const screenX = (x: number) => (x - camera.x) * camera.scale + width / 2
  const screenY = (y: number) => (y - camera.y) * camera.scale + height / 2
  const snap = (value: number) => Math.round(value * pixelRatio) / pixelRatio
  let lineCount = 0
  const clipped = (rect: Rect): ScreenBox | undefined => {
    const x0 = Math.max(0, screenX(rect.x))
    const y0 = Math.max(0, screenY(rect.y))
    const x1 = Math.min(width, screenX(rect.x + rect.width))
    const y1 = Math.min(height, screenY(rect.y + rect.height))
    return x1 > x0 && y1 > y0 ? { x0, y0, x1, y1 } : undefined
  }
  return {
    screenX,
    screenY,
    clipped,
    worldRect(layer, rect, { colour, alpha = 1, pattern = 0, minPixels = 0 }) {
      const box = clipped(rect)
      if (box === undefined) return
      const growX = Math.max(0, minPixels - (box.x1 - box.x0)) / 2
      const growY = Math.max(0, minPixels - (box.y1 - box.y0)) / 2
      surface.rect(layer, {
        x0: box.x0 - growX,
        y0: box.y0 - growY,
        x1: box.x1 + growX,
        y1: box.y1 + growY,
        colour,
        alpha,
        pattern,
      })
    },
    lines(lines, origin, { colour, width: lineWidth, alpha = 1, pattern = 0 }) {
      const before = Math.floor(lineWidth / 2)
      for (let i = 0; i < lines.length && lineCount < lineCountMax; i += 4) {
        const x0 = snap(screenX(origin.x + (lines[i] as number))) - before
        const y0 = snap(screenY(origin.y + (lines[i + 1] as number))) - before
        const x1 = snap(screenX(origin.x + (lines[i + 2] as number))) - before + lineWidth
        const y1 = snap(screenY(origin.y + (lines[i + 3] as number))) - before + lineWidth
        if (x1 <= 0 || y1 <= 0 || x0 >= width || y0 >= height) continue
        lineCount++
        surface.rect('frame', {
          x0: Math.max(-8, x0),
          y0: Math.max(-8, y0),
          x1: Math.min(width + 8, x1),
          y1: Math.min(height + 8, y1),
          colour,
          alpha,
          pattern,
        })
      }
    },
  }
}
