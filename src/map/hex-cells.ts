/**
 * The bytes in view as cells: walls between those that are not neighbours in the file, so that the eye can follow the
 * order of the bytes along the curve, and digits once a byte is large enough to read.
 */
import { pointToPosition } from '../hilbert/curve.ts'
import { tileSpan } from '../wire/api.ts'
import type { ByteCell } from './draw/glyph-layer.ts'
import { byteColour, type Palette } from './draw/palette.ts'
import { byteLook } from './draw/scene.ts'
import type { Drawn } from './tileset/frame-plan.ts'
import { intersection, type Rect, toScreen, type View, visibleRect } from './view/camera.ts'
import type { Mode } from './view/permalink.ts'

/** Pixels a byte from which its digits are shown. */
export const hexPixelsMin = 24

export function hexCells(options: { view: View; drawn: readonly Drawn[]; mode: Mode; palette: Palette }): ByteCell[] {
  const { view, drawn } = options
  const look = byteLook(options.palette, options.mode)
  const { scale } = view.camera
  if (scale < hexPixelsMin) return []
  const seen = visibleRect(view)
  const cells: ByteCell[] = []
  for (const { record, brick } of drawn) {
    if (record.level !== 0 || record.bytes === undefined || record.blockEntropy === undefined) continue
    const left = brick.x + record.x
    const top = brick.y + record.y
    const part = intersection(seen, { x: left, y: top, width: record.side, height: record.side })
    if (part === undefined) continue
    const ends = (record.index + 1) * tileSpan(0) > brick.length
    const column0 = Math.floor(part.x - left)
    const column1 = Math.min(record.side, Math.ceil(part.x + part.width - left))
    const row1 = Math.min(record.side, Math.ceil(part.y + part.height - top))
    for (let row = Math.floor(part.y - top); row < row1; row++) {
      for (let column = column0; column < column1; column++) {
        if (ends && pointToPosition({ x: record.x + column, y: record.y + row }) >= brick.length) continue
        const byte = record.bytes[row * 256 + column] as number
        const blockEntropy = record.blockEntropy[(row >> 4) * 16 + (column >> 4)] as number
        const corner = toScreen(view, { x: left + column, y: top + row })
        cells.push({ ...corner, byte, colour: byteColour({ ...look, byte, blockEntropy }) })
      }
    }
  }
  return cells
}

/** Pixels a byte from which walls are shown, and how much more until they are full. */
const wallPixelsMin = 9
const wallPixelsFade = 15

export interface CellWalls {
  /** Lines as x0, y0, x1, y1 in units from the brick's corner. */
  readonly lines: Float64Array
  readonly brick: { readonly x: number; readonly y: number }
  readonly alpha: number
}

/** Walls of the part of `brick` that is in view; undefined where bytes are too small or out of view. */
export function cellWalls(
  view: View,
  brick: { readonly x: number; readonly y: number; readonly length: number; readonly box: Rect },
): CellWalls | undefined {
  const alpha = Math.min(1, (view.camera.scale - wallPixelsMin) / wallPixelsFade)
  if (alpha <= 0) return undefined
  const seen = visibleRect(view)
  const part = intersection({ ...seen, x: seen.x - brick.x, y: seen.y - brick.y }, brick.box)
  if (part === undefined) return undefined
  const x0 = Math.floor(part.x)
  const y0 = Math.floor(part.y)
  const x1 = Math.ceil(part.x + part.width)
  const y1 = Math.ceil(part.y + part.height)
  return { lines: wallsOf({ x0, y0, x1, y1 }, brick.length), brick, alpha }
}

let lastWalls = { key: '', lines: new Float64Array(0) }

/** `length`: beyond it there are no cells. */
function wallsOf({ x0, y0, x1, y1 }: { x0: number; y0: number; x1: number; y1: number }, length: number): Float64Array {
  const key = `${x0} ${y0} ${x1} ${y1} ${length}`
  if (lastWalls.key === key) return lastWalls.lines
  const columns = x1 - x0
  const positions = new Float64Array(columns * (y1 - y0))
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) positions[(y - y0) * columns + x - x0] = pointToPosition({ x, y })
  }
  const isWall = (a: number, b: number) => {
    const [from, to] = [positions[a] as number, positions[b] as number]
    return Math.abs(from - to) !== 1 && Math.min(from, to) < length
  }
  const lines: number[] = []
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const at = (y - y0) * columns + x - x0
      if (x + 1 < x1 && isWall(at, at + 1)) lines.push(x + 1, y, x + 1, y + 1)
      if (y + 1 < y1 && isWall(at, at + columns)) lines.push(x, y + 1, x + 1, y + 1)
    }
  }
  lastWalls = { key, lines: Float64Array.from(lines) }
  return lastWalls.lines
}
