/**
 * The camera: which world point lies in the middle of the view and how many pixels a unit takes. One world unit is one
 * byte-pixel. All of it in doubles; nothing here knows of a GPU. Screen points are CSS pixels from the top-left corner.
 */

export interface Camera {
  /** World point at the middle of the view, in units. */
  readonly x: number
  readonly y: number
  /** Screen pixels per unit, > 0. */
  readonly scale: number
}

export interface Viewport {
  /** CSS pixels, >= 1. */
  readonly width: number
  readonly height: number
}

export interface WorldPoint {
  readonly x: number
  readonly y: number
}

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A byte is never drawn larger than this many pixels. */
export const scaleMax = 128
/** The whole world is never drawn smaller than this many pixels. */
const worldSideMin = 96

export interface View {
  readonly camera: Camera
  readonly viewport: Viewport
}

export function toScreen({ camera, viewport }: View, point: WorldPoint): WorldPoint {
  return {
    x: (point.x - camera.x) * camera.scale + viewport.width / 2,
    y: (point.y - camera.y) * camera.scale + viewport.height / 2,
  }
}

export function toWorld({ camera, viewport }: View, point: WorldPoint): WorldPoint {
  return {
    x: (point.x - viewport.width / 2) / camera.scale + camera.x,
    y: (point.y - viewport.height / 2) / camera.scale + camera.y,
  }
}

/** The world rectangle that the view shows. */
export function visibleRect({ camera, viewport }: View): Rect {
  const width = viewport.width / camera.scale
  const height = viewport.height / camera.scale
  return { x: camera.x - width / 2, y: camera.y - height / 2, width, height }
}

/** The smallest scale allowed: the world is then a small figure in the middle. */
export function scaleMinFor(world: Rect): number {
  return worldSideMin / Math.max(world.width, world.height, 1)
}

/** `camera` inside its bounds: scale within limits, and the middle of the view on the world. */
export function bounded(camera: Camera, world: Rect): Camera {
  const scale = Math.min(scaleMax, Math.max(scaleMinFor(world), camera.scale))
  return {
    x: Math.min(world.x + world.width, Math.max(world.x, camera.x)),
    y: Math.min(world.y + world.height, Math.max(world.y, camera.y)),
    scale,
  }
}

/** Zooms by `factor`; the world point under the screen point `at` stays under it. The scale is held at most `scaleMax` and at least `scaleMin`. */
export function zoomedAbout(view: View, options: { at: WorldPoint; factor: number; scaleMin: number }): Camera {
  const { camera, viewport } = view
  const fixed = toWorld(view, options.at)
  const scale = Math.min(scaleMax, Math.max(options.scaleMin, camera.scale * options.factor))
  return {
    x: fixed.x - (options.at.x - viewport.width / 2) / scale,
    y: fixed.y - (options.at.y - viewport.height / 2) / scale,
    scale,
  }
}

/** Moves the picture by whole or broken screen pixels: a positive dx moves it to the right. */
export function pannedBy(camera: Camera, delta: { dx: number; dy: number }): Camera {
  return { x: camera.x - delta.dx / camera.scale, y: camera.y - delta.dy / camera.scale, scale: camera.scale }
}

/** The camera that shows `rect` in the middle, `marginPx` free on all sides. */
export function fitted(rect: Rect, viewport: Viewport, marginPx: number): Camera {
  const roomX = Math.max(32, viewport.width - 2 * marginPx)
  const roomY = Math.max(32, viewport.height - 2 * marginPx)
  const scale = Math.min(scaleMax, roomX / Math.max(rect.width, 1), roomY / Math.max(rect.height, 1))
  return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2, scale }
}

/** The common part of two rectangles, or undefined where they share no area. */
export function intersection(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x)
  const y = Math.max(a.y, b.y)
  const width = Math.min(a.x + a.width, b.x + b.width) - x
  const height = Math.min(a.y + a.height, b.y + b.height) - y
  return width > 0 && height > 0 ? { x, y, width, height } : undefined
}

/** The smallest rectangle around all of `rects`; undefined for none. */
export function union(rects: readonly Rect[]): Rect | undefined {
  if (rects.length === 0) return undefined
  const x = Math.min(...rects.map((rect) => rect.x))
  const y = Math.min(...rects.map((rect) => rect.y))
  const right = Math.max(...rects.map((rect) => rect.x + rect.width))
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height))
  return { x, y, width: right - x, height: bottom - y }
}
