/**
 * Turns a frame of the tile set, the outlines and the selection into quads of the surface. The camera is applied here,
 * in doubles: only view-relative pixels go further. Everything is clipped to the view.
 */
import type { Square } from '../../hilbert/squares.ts'
import { tileSpan } from '../../wire/api.ts'
import type { Drawn } from '../tileset/frame-plan.ts'
import { texelsOf } from '../tileset/tile-address.ts'
import type { FrameResult } from '../tileset/tile-set.ts'
import type { BrickHeat } from '../time/heat-store.ts'
import { intersection, type Rect, type View } from '../view/camera.ts'
import type { Fracture } from '../view/fractures.ts'
import type { ByteMode, Mode } from '../view/permalink.ts'
import type { Shape } from '../view/shapes.ts'
import { drawHeat, drawRisk, drawRiskyEntries } from './areas.ts'
import { byteColour, mutedPalette, type Palette } from './palette.ts'
import { makePen, type Pen } from './pen.ts'
import { drawRegions } from './region-lines.ts'
import type { Surface } from './surface.ts'
import type { Warm } from './warmth.ts'

/** A district as it is drawn: what its ground covers and where its border runs, units from the world's corner. */
export interface Plate {
  readonly uuid: string
  readonly x: number
  readonly y: number
  readonly squares: readonly Pick<Square, 'x' | 'y' | 'side'>[]
  readonly lines: Float64Array
  /** Not folded yet: dashed border. */
  readonly pending: boolean
  /** Of what is not folded yet: the part that is read. */
  readonly read: readonly Pick<Square, 'x' | 'y' | 'side'>[]
}

/** A byte's cell that is emphasised. */
export interface MarkedCell {
  readonly rect: Rect
  readonly kind: 'hovered' | 'pinned'
}

/** A shape that is emphasised, and its brick's corner. */
export interface MarkedShape {
  readonly x: number
  readonly y: number
  readonly shape: Shape
}

export interface SceneInput {
  readonly view: View
  readonly pixelRatio: number
  readonly palette: Palette
  readonly mode: Mode
  readonly frame: FrameResult
  readonly plates: readonly Plate[]
  readonly shapes: readonly {
    readonly brick: { readonly uuid: string; readonly x: number; readonly y: number }
    readonly shapes: readonly Shape[]
    readonly regions: readonly Shape[]
  }[]
  readonly warm: readonly Warm[]
  /** How often tiles changed; nothing but in that mode. */
  readonly heat: readonly BrickHeat[]
  /** What has findings, the mildest first; nothing but in that mode. */
  readonly fractures: readonly Fracture[]
  /** Boundaries of what was searched for, in units from the brick's corner. */
  readonly hits: readonly { readonly lines: Float64Array; readonly brick: { x: number; y: number } }[]
  /** Boundaries of what is different now, in units from the brick's corner. */
  readonly changes: readonly { readonly lines: Float64Array; readonly brick: { x: number; y: number } }[]
  /** Between cells of bytes, in units from the brick's corner. */
  readonly walls: readonly {
    readonly lines: Float64Array
    readonly brick: { x: number; y: number }
    readonly alpha: number
  }[]
  /** Emphasised: under the cursor, and pinned. */
  readonly hovered: MarkedShape | undefined
  readonly pinned: MarkedShape | undefined
  /** World rectangle of the byte under the cursor or pinned, where bytes are large enough. */
  readonly cells: readonly MarkedCell[]
}

/** An entry's border appears from this many pixels of side on, and is full this many later. */
const entrySideMin = 14
const entrySideFade = 26
/**
 * Tiles are drawn this many pixels further up and left, their texels staying in place: a pixel whose middle lies exactly on
 * an edge then belongs to the right and lower tile, as it belongs to the right and lower texel inside one. Rasterisers
 * keep 1/16 of a pixel or finer.
 */
const edgeShift = 1 / 16

export function drawScene(surface: Surface, input: SceneInput): void {
  const pen = makePen(surface, input)
  surface.begin()
  for (const plate of input.plates) {
    for (const square of plate.squares)
      pen.worldRect('plate', squareRect(square, plate), { colour: input.palette.ground })
    for (const square of plate.read)
      pen.worldRect('plate', squareRect(square, plate), { colour: input.palette.entry, alpha: 0.6 })
  }
  for (const drawn of input.frame.under) drawTile(surface, pen, input, drawn, 'under')
  for (const drawn of input.frame.over) drawTile(surface, pen, input, drawn, 'over')
  drawHoleEdges(pen, input)
  for (const { lines, brick, alpha } of input.walls) {
    pen.lines(lines, brick, { colour: input.palette.ground, width: 2, alpha: 0.9 * alpha })
  }
  for (const { brick, squares } of input.heat) drawHeat(pen, input, brick, squares)
  if (input.mode === 'risk') {
    for (const { brick, shapes } of input.shapes) drawRiskyEntries(pen, input, brick, shapes)
    drawRisk(pen, input)
  }
  for (const { brick, regions } of input.shapes) drawRegions(pen, { ...input, brick, regions })
  for (const { brick, shapes } of input.shapes) drawShapes(pen, input, brick, shapes)
  for (const { rect, share } of input.warm) drawWarm(pen, input, rect, share)
  for (const plate of input.plates) {
    const pattern = plate.pending ? 3 : 0
    pen.lines(plate.lines, plate, { colour: input.palette.frame, width: 1, alpha: 0.9, pattern })
  }
  for (const { lines, brick } of input.changes) {
    pen.lines(lines, brick, { colour: input.palette.glowSeam, width: 3, alpha: 0.75 })
    pen.lines(lines, brick, { colour: input.palette.glow, width: 1, alpha: 1 })
  }
  for (const { lines, brick } of input.hits) {
    pen.lines(lines, brick, { colour: input.palette.labelHalo, width: 4, alpha: 0.85 })
    pen.lines(lines, brick, { colour: input.palette.accent, width: 2, alpha: 1 })
  }
  drawSelection(pen, input)
  surface.end()
}

function drawTile(surface: Surface, pen: Pen, input: SceneInput, drawn: Drawn, layer: 'under' | 'over'): void {
  const { record, brick } = drawn
  const area = drawn.part ?? { x: record.x, y: record.y, width: record.side, height: record.side }
  if ((record.index + 1) * tileSpan(record.level) <= brick.length) {
    drawPart(surface, pen, input, { drawn, layer, area })
    return
  }
  for (const { x, y, side } of brick.squares) {
    const inside = intersection(area, { x, y, width: side, height: side })
    if (inside !== undefined) drawPart(surface, pen, input, { drawn, layer, area: inside })
  }
}

/** `area`: units from the brick's corner, inside the tile. */
function drawPart(
  surface: Surface,
  pen: Pen,
  input: SceneInput,
  options: { drawn: Drawn; layer: 'under' | 'over'; area: Rect },
): void {
  const { drawn, layer, area } = options
  const { record, brick } = drawn
  const rect = { x: brick.x + area.x, y: brick.y + area.y, width: area.width, height: area.height }
  if (record.slot < 0) {
    drawFlat(pen, input, drawn, rect)
    return
  }
  const box = pen.clipped(rect)
  if (box === undefined) return
  const left = pen.screenX(brick.x + record.x)
  const top = pen.screenY(brick.y + record.y)
  const perPixel = texelsOf(record.level) / (record.side * input.view.camera.scale)
  const [x0, y0, x1, y1] = [box.x0 - edgeShift, box.y0 - edgeShift, box.x1 - edgeShift, box.y1 - edgeShift]
  surface.tile(record.level === 0 ? 'bytes' : 'planes', layer, {
    x0,
    y0,
    x1,
    y1,
    u0: (x0 - left) * perPixel,
    v0: (y0 - top) * perPixel,
    u1: (x1 - left) * perPixel,
    v1: (y1 - top) * perPixel,
    slot: record.slot,
  })
}

function drawFlat(pen: Pen, input: SceneInput, { record }: Drawn, rect: Rect): void {
  const { palette } = input
  const flat = record.flat
  if (flat === undefined || flat.kind === 'absent') return
  const look = byteLook(palette, input.mode)
  const colour = flat.kind === 'fill' ? byteColour({ ...look, byte: flat.byte, blockEntropy: 0 }) : palette.ground
  pen.worldRect('flat', rect, { colour })
  if (flat.kind === 'unreadable') pen.worldRect('flat', rect, { colour: palette.hatch, alpha: 0.55, pattern: 1 })
  if (flat.kind === 'pruned') pen.worldRect('flat', rect, { colour: palette.hatch, alpha: 0.6, pattern: 2 })
}

/** A dotted line where a hole meets what is none. */
function drawHoleEdges(pen: Pen, { frame, palette }: SceneInput): void {
  const holes = frame.over.filter(({ record }) => record.flat?.kind === 'hole')
  if (holes.length === 0) return
  const keyOf = (uuid: string, x: number, y: number) => `${uuid} ${x} ${y}`
  const places = new Set(holes.map(({ record }) => keyOf(record.uuid, record.x, record.y)))
  for (const { record, brick } of holes) {
    const { uuid, x, y, side } = record
    const [right, bottom] = [x + side, y + side]
    const edges: number[] = []
    if (!places.has(keyOf(uuid, x, y - side))) edges.push(x, y, right, y)
    if (!places.has(keyOf(uuid, x, bottom))) edges.push(x, bottom, right, bottom)
    if (!places.has(keyOf(uuid, x - side, y))) edges.push(x, y, x, bottom)
    if (!places.has(keyOf(uuid, right, y))) edges.push(right, y, right, bottom)
    pen.lines(Float64Array.from(edges), brick, { colour: palette.hatch, width: 1, alpha: 0.9, pattern: 4 })
  }
}

/** Entries as thin grey seams, then directories as a light line in such a gap. */
function drawShapes(pen: Pen, input: SceneInput, brick: { x: number; y: number }, shapes: readonly Shape[]): void {
  const { palette, view } = input
  const inView = shapes.filter(
    ({ box }) => pen.clipped({ ...box, x: brick.x + box.x, y: brick.y + box.y }) !== undefined,
  )
  for (const shape of inView) {
    if (shape.kind !== 'entry') continue
    const side = Math.sqrt(shape.spaceBytes) * view.camera.scale
    const alpha = Math.min(1, Math.max(0, (side - entrySideMin) / entrySideFade))
    if (alpha === 0) continue
    for (const square of shape.hatched) {
      pen.worldRect('frame', squareRect(square, brick), { colour: palette.hatch, alpha: 0.5 * alpha, pattern: 1 })
    }
    const sparse = shape.entry?.flags.includes('sparse') === true
    pen.lines(shape.lines, brick, {
      colour: sparse ? palette.hatch : palette.entry,
      width: 1,
      alpha,
      pattern: sparse ? 4 : 0,
    })
  }
  for (const shape of inView) {
    if (shape.kind !== 'directory') continue
    const side = Math.sqrt(shape.spaceBytes) * view.camera.scale
    const alpha = Math.min(1, Math.max(0, (side - entrySideMin) / entrySideFade))
    if (alpha === 0) continue
    pen.lines(shape.lines, brick, { colour: palette.ground, width: 3, alpha: 0.8 * alpha })
    pen.lines(shape.lines, brick, { colour: palette.directory, width: 1, alpha: 0.62 * alpha })
  }
}

/** What colours the bytes in `mode`: under change heat and risk the classes in greys. */
export function byteLook(palette: Palette, mode: Mode): { palette: Palette; mode: ByteMode } {
  return mode === 'heat' || mode === 'risk' ? { palette: mutedPalette(palette), mode: 'class' } : { palette, mode }
}

/** A light line in a dark seam: seen on every colour, by every eye. */
function drawWarm(pen: Pen, { palette }: SceneInput, rect: Rect, share: number): void {
  pen.worldRect('frame', rect, { colour: palette.glow, alpha: 0.3 * share, minPixels: 3 })
  pen.lines(boxLines(rect), { x: 0, y: 0 }, { colour: palette.glowSeam, width: 3, alpha: 0.8 * share })
  pen.lines(boxLines(rect), { x: 0, y: 0 }, { colour: palette.glow, width: 1, alpha: 0.95 * share })
}

function drawSelection(pen: Pen, input: SceneInput): void {
  const { palette, hovered, pinned } = input
  if (hovered !== undefined && hovered.shape !== pinned?.shape) {
    pen.lines(hovered.shape.lines, hovered, { colour: palette.label, width: 1, alpha: 0.75 })
  }
  if (pinned !== undefined) pen.lines(pinned.shape.lines, pinned, { colour: palette.accent, width: 2, alpha: 1 })
  for (const { rect, kind } of input.cells) {
    const colour = kind === 'pinned' ? palette.accent : palette.label
    pen.lines(boxLines(rect), { x: 0, y: 0 }, { colour: palette.labelHalo, width: 4, alpha: 0.9 })
    pen.lines(boxLines(rect), { x: 0, y: 0 }, { colour, width: 2, alpha: 1 })
  }
}

function squareRect(square: Pick<Square, 'x' | 'y' | 'side'>, origin: { x: number; y: number }): Rect {
  return { x: origin.x + square.x, y: origin.y + square.y, width: square.side, height: square.side }
}

function boxLines({ x, y, width, height }: Rect): Float64Array {
  return Float64Array.of(
    x,
    y,
    x + width,
    y,
    x,
    y + height,
    x + width,
    y + height,
    x,
    y,
    x,
    y + height,
    x + width,
    y,
    x + width,
    y + height,
  )
}
