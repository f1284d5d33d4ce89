/** Mouse, pen and fingers on the map -> motions of the camera and questions about a point. */
import type { WorldPoint } from '../view/camera.ts'
import type { Motion } from '../view/motion.ts'

const wheelStep = 0.0022
const pinchWheelStep = 0.01
const wheelLinePx = 16
/** A press that moves less is a click. */
const clickSlackPx = 4
const doubleClickFactor = 4
/** A second click within this time and distance is the other half of a double click. */
const doubleClickMs = 500
const doubleClickPx = 6

export interface HandsOptions {
  readonly motion: Motion
  nowMs(): number
  /** The picture has to be drawn again. */
  changed(): void
  /** CSS pixels; undefined: the cursor left. */
  hover(point: WorldPoint | undefined): void
  click(point: WorldPoint): void
  /** The last click was the first half of a double click: it meant nothing. */
  unclick(): void
}

export function listenToHands(target: HTMLElement, options: HandsOptions): void {
  const { motion } = options
  const pressed = new Map<number, WorldPoint>()
  let travelled = 0
  let lastClick = { atMs: Number.NEGATIVE_INFINITY, x: 0, y: 0 }
  const click = (at: WorldPoint): void => {
    const atMs = options.nowMs()
    const near = Math.hypot(at.x - lastClick.x, at.y - lastClick.y) <= doubleClickPx
    const second = near && atMs - lastClick.atMs <= doubleClickMs
    lastClick = { atMs: second ? Number.NEGATIVE_INFINITY : atMs, ...at }
    if (!second) options.click(at)
  }

  target.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    target.focus({ preventScroll: true })
    target.setPointerCapture(event.pointerId)
    if (pressed.size === 0) travelled = 0
    pressed.set(event.pointerId, pointOf(event))
    motion.drag({ dx: 0, dy: 0 }, options.nowMs())
    options.changed()
  })
  target.addEventListener('pointermove', (event) => {
    const before = pressed.get(event.pointerId)
    const now = pointOf(event)
    if (before === undefined) {
      if (event.pointerType !== 'touch') options.hover(now)
      return
    }
    const other = [...pressed].find(([id]) => id !== event.pointerId)?.[1]
    pressed.set(event.pointerId, now)
    travelled += Math.hypot(now.x - before.x, now.y - before.y)
    if (travelled < clickSlackPx) return
    target.classList.add('dragging')
    if (other === undefined) motion.drag({ dx: now.x - before.x, dy: now.y - before.y }, options.nowMs())
    else pinch(motion, { before, now, other, nowMs: options.nowMs() })
    options.changed()
  })
  const release = (event: PointerEvent): void => {
    if (!pressed.delete(event.pointerId) || pressed.size > 0) return
    target.classList.remove('dragging')
    if (event.type === 'pointerup' && travelled < clickSlackPx) click(pointOf(event))
    else motion.release(options.nowMs())
    options.changed()
  }
  target.addEventListener('pointerup', release)
  target.addEventListener('pointercancel', release)
  target.addEventListener('pointerleave', () => options.hover(undefined))
  target.addEventListener('dblclick', (event) => {
    options.unclick()
    motion.zoom(pointOf(event), event.shiftKey ? 1 / doubleClickFactor : doubleClickFactor)
    options.changed()
  })
  target.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * wheelLinePx : event.deltaY
      if (event.ctrlKey) motion.zoomNow(pointOf(event), Math.exp(-pixels * pinchWheelStep))
      else motion.zoom(pointOf(event), Math.exp(-pixels * wheelStep))
      options.changed()
    },
    { passive: false },
  )
}

/** One finger of two has moved: the world points under both stay under them as far as zoom and pan can do it. */
function pinch(
  motion: Motion,
  fingers: { before: WorldPoint; now: WorldPoint; other: WorldPoint; nowMs: number },
): void {
  const { before, now, other, nowMs } = fingers
  const spanBefore = Math.hypot(before.x - other.x, before.y - other.y)
  const spanNow = Math.hypot(now.x - other.x, now.y - other.y)
  if (spanBefore < 8 || spanNow < 8) return
  motion.drag({ dx: (now.x - before.x) / 2, dy: (now.y - before.y) / 2 }, nowMs)
  motion.zoomNow({ x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }, spanNow / spanBefore)
}

function pointOf(event: MouseEvent): WorldPoint {
  return { x: event.clientX, y: event.clientY }
}
