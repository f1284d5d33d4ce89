/** Areas over the picture in greys: how often tiles changed, and what has findings. From afar they cover it; nearer it shines through. */
import type { Square } from '../../hilbert/squares.ts'
import { heatPixelsMin } from '../time/heat-squares.ts'
import type { BrickHeat } from '../time/heat-store.ts'
import type { Rect, View, WorldPoint } from '../view/camera.ts'
import type { Fracture } from '../view/fractures.ts'
import type { Shape } from '../view/shapes.ts'
import { heatStep, type Palette } from './palette.ts'
import type { Pen } from './pen.ts'
import { riskyEntries } from './risky-entries.ts'

export interface AreaInput {
  readonly view: View
  readonly palette: Palette
  /** The mildest first. */
  readonly fractures: readonly Fracture[]
  /** Corners of the bricks. */
  readonly plates: readonly (WorldPoint & { readonly uuid: string })[]
}

/** From 1 pixel a byte on, an area lets so much of itself be seen; it covers all that many levels further out. */
const nearAlpha = 0.62
const nearLevels = 3
const riskyEntryAlpha = 0.34

/** Seen from afar, heat covers the picture; nearer, the bytes shine through. */
export function drawHeat(
  pen: Pen,
  { palette, view }: AreaInput,
  brick: WorldPoint,
  squares: BrickHeat['squares'],
): void {
  const alpha = areaAlpha(view)
  for (const square of squares) {
    const colour = palette.heat[heatStep(square.count)] ?? palette.glow
    pen.worldRect('heat', squareRect(square, brick), { colour, alpha, minPixels: heatPixelsMin })
  }
}

/** Entries in which something is, faintly: what is wrong may be a few bytes of much. */
export function drawRiskyEntries(
  pen: Pen,
  { palette, fractures }: AreaInput,
  brick: WorldPoint & { readonly uuid: string },
  shapes: readonly Shape[],
): void {
  for (const { squares, severity } of riskyEntries({ shapes, fractures, uuid: brick.uuid })) {
    const ink = { colour: palette.risk[severity], alpha: riskyEntryAlpha }
    for (const square of squares) pen.worldRect('heat', squareRect(square, brick), ink)
  }
}

/** What has findings by the gravest of them, over all else; as heat, nearer the bytes shine through. */
export function drawRisk(pen: Pen, { palette, view, fractures, plates }: AreaInput): void {
  const corners = new Map(plates.map((plate) => [plate.uuid, plate]))
  const alpha = areaAlpha(view)
  for (const { uuid, severity, squares } of fractures) {
    const corner = corners.get(uuid)
    if (corner === undefined) continue
    for (const square of squares) {
      const ink = { colour: palette.risk[severity], alpha, minPixels: heatPixelsMin }
      pen.worldRect('heat', squareRect(square, corner), ink)
    }
  }
}

function areaAlpha({ camera }: View): number {
  const near = Math.min(1, Math.max(0, (Math.log2(camera.scale) + nearLevels) / nearLevels))
  return 1 - (1 - nearAlpha) * near
}

function squareRect(square: Pick<Square, 'x' | 'y' | 'side'>, origin: WorldPoint): Rect {
  return { x: origin.x + square.x, y: origin.y + square.y, width: square.side, height: square.side }
}
