/**
 * The world in a corner: where the districts lie and what part of them is in view. Letting go on it flies there. Not shown
 * while most of the world is in view; all it does can be done with keys on the map itself.
 */
import { cssColour, type Palette } from '../draw/palette.ts'
import type { Plate } from '../draw/scene.ts'
import {
  fitted,
  type Rect,
  toScreen,
  toWorld,
  type View,
  type Viewport,
  visibleRect,
  type WorldPoint,
} from '../view/camera.ts'
import { element } from './dom.ts'

const size: Viewport = { width: 132, height: 84 }
const marginPx = 7
/** From this share of the world's width and height on, the view is the world. */
const worldShareMin = 0.6
/** The frame of the view is never drawn smaller. */
const frameSideMin = 5

export interface MinimapState {
  readonly view: View
  readonly world: Rect
  readonly plates: readonly Plate[]
  readonly palette: Palette
}

export interface Minimap {
  update(state: MinimapState): void
}

/** `onGo`: a world point was chosen. */
export function createMinimap(host: HTMLElement, options: { onGo(point: WorldPoint): void }): Minimap {
  const canvas = element('canvas', { class: 'minimap', attributes: { 'aria-hidden': 'true' } })
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  canvas.hidden = true
  host.append(canvas)
  let overall: View | undefined
  let shown = ''
  canvas.addEventListener('pointerup', ({ offsetX, offsetY }) => {
    if (overall !== undefined) options.onGo(toWorld(overall, { x: offsetX, y: offsetY }))
  })
  return {
    update(state) {
      const { view, world, palette } = state
      const seen = visibleRect(view)
      canvas.hidden = seen.width >= worldShareMin * world.width && seen.height >= worldShareMin * world.height
      if (canvas.hidden) return
      const { camera, viewport } = view
      const lengths = state.plates.map(({ squares }) => squares.length)
      const place = [camera.x, camera.y, camera.scale, viewport.width, viewport.height]
      const signature = [...place, world.width, world.height, ...lengths, palette.theme, devicePixelRatio].join(' ')
      if (signature === shown) return
      shown = signature
      overall = { camera: fitted(world, size, marginPx), viewport: size }
      canvas.width = size.width * devicePixelRatio
      canvas.height = size.height * devicePixelRatio
      context.scale(devicePixelRatio, devicePixelRatio)
      drawDistricts(context, overall, state)
      drawFrame(context, overall, { seen, palette })
    },
  }
}

function drawDistricts(context: CanvasRenderingContext2D, overall: View, { plates, palette }: MinimapState): void {
  const { scale } = overall.camera
  context.beginPath()
  for (const plate of plates) {
    for (const { x, y, side } of plate.squares) {
      const corner = toScreen(overall, { x: plate.x + x, y: plate.y + y })
      context.rect(corner.x, corner.y, Math.max(1, side * scale), Math.max(1, side * scale))
    }
  }
  context.fillStyle = cssColour(palette.frame, 0.55)
  context.fill()
}

function drawFrame(
  context: CanvasRenderingContext2D,
  overall: View,
  { seen, palette }: { seen: Rect; palette: Palette },
): void {
  const { scale } = overall.camera
  const middle = toScreen(overall, { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 })
  const width = Math.max(frameSideMin, seen.width * scale)
  const height = Math.max(frameSideMin, seen.height * scale)
  context.strokeStyle = cssColour(palette.label)
  context.lineWidth = 1
  context.strokeRect(Math.round(middle.x - width / 2) + 0.5, Math.round(middle.y - height / 2) + 0.5, width, height)
}
