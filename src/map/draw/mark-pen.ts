/** Draws severity: its shape in its colour with a seam around it, and cracks; on the canvas of the writing. */
import type { Severity } from '../../base/region.ts'
import { isGrave, severityMarks } from '../view/severity.ts'
import type { OverlayCrack, OverlayLeader, OverlayMark } from './overlay.ts'
import { cssColour, type Palette } from './palette.ts'

interface Look {
  readonly palette: Palette
  /** Device pixels of a CSS pixel. */
  readonly ratio: number
}

const seamPx = 2
const countFont = '600 11px Inter, sans-serif'
const countMax = 999
/** Room for the count, of a digit and at most. */
const digitPx = 7
const countWidthPx = 36
const countGapPx = 3

/** The shape of a severity around a point; units are those of the context. */
export function traceMark(
  context: CanvasRenderingContext2D,
  mark: { x: number; y: number; radius: number; severity: Severity; palette: Palette },
): void {
  const { x, y, radius, severity, palette } = mark
  const { outline, filled } = severityMarks[severity]
  const colour = cssColour(palette.risk[severity])
  context.beginPath()
  for (const [dx, dy] of outline) context.lineTo(x + dx * radius, y + dy * radius)
  context.closePath()
  context.lineJoin = 'round'
  context.strokeStyle = cssColour(palette.labelHalo, 0.92)
  context.lineWidth = 2 * seamPx + (filled ? 0 : 1.5)
  context.stroke()
  context.fillStyle = filled ? colour : cssColour(palette.labelHalo, 0.92)
  context.fill()
  if (filled) return
  context.strokeStyle = colour
  context.lineWidth = 1.5
  context.stroke()
}

/** A mark and its count as a small canvas, to be copied: there may be hundreds. Its point is `inset` CSS pixels from the corner. */
export function markSprite(mark: Pick<OverlayMark, 'radius' | 'look' | 'count'>, { palette, ratio }: Look): MarkSprite {
  const { radius, look, count } = mark
  const inset = radius + seamPx + 1
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil((2 * inset + countWidthPx) * ratio)
  canvas.height = Math.ceil(2 * inset * ratio)
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  if (look === 'hit') drawHit(context, { x: inset, y: inset, radius }, palette)
  else traceMark(context, { x: inset, y: inset, radius, severity: look, palette })
  if (count > 1) {
    context.font = countFont
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    const at = [inset + radius + countGapPx, inset + 0.5] as const
    context.strokeStyle = cssColour(palette.labelHalo, 0.9)
    context.lineWidth = 3
    context.strokeText(countText(count), ...at)
    context.fillStyle = cssColour(palette.label)
    context.fillText(countText(count), ...at)
  }
  return { canvas, inset }
}

export interface MarkSprite {
  readonly canvas: HTMLCanvasElement
  readonly inset: number
}

/** Pixels that the count takes to the right of the mark's edge; 0 for one. */
export function countWidth(count: number): number {
  return count > 1 ? countGapPx + 1 + digitPx * countText(count).length : 0
}

/** Larger ones are said in steps, so that there are few sprites. */
export function countText(count: number): string {
  if (count < 100) return String(count)
  return count > countMax ? `${countMax}+` : `${Math.floor(count / 100)}00+`
}

/** A ring in the colour of what is chosen. */
function drawHit(
  context: CanvasRenderingContext2D,
  { x, y, radius }: Pick<OverlayMark, 'x' | 'y' | 'radius'>,
  palette: Palette,
): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.strokeStyle = cssColour(palette.labelHalo, 0.92)
  context.lineWidth = 5
  context.stroke()
  context.strokeStyle = cssColour(palette.accent)
  context.lineWidth = 2
  context.stroke()
}

/** A seam, in it a line; thinner where it is short. */
export function drawCrack(context: CanvasRenderingContext2D, crack: OverlayCrack, { palette, ratio }: Look): void {
  const { lines, severity, side } = crack
  context.save()
  context.scale(ratio, ratio)
  context.lineJoin = 'miter'
  context.lineCap = 'butt'
  const width = (isGrave(severity) ? 1.75 : 1.25) * Math.min(1, Math.max(0.7, side / 120))
  for (const [colour, extra] of [
    [cssColour(palette.labelHalo, 0.85), 2.5],
    [cssColour(palette.risk[severity], 0.95), 0],
  ] as const) {
    for (const [at, points] of lines.entries()) {
      context.beginPath()
      for (const { x, y } of points) context.lineTo(x, y)
      context.strokeStyle = colour
      context.lineWidth = (at === 0 ? width : width * 0.7) + extra
      context.stroke()
    }
  }
  context.restore()
}

/** A thin line in a seam. */
export function drawLeader(
  context: CanvasRenderingContext2D,
  { x0, y0, x1, y1 }: OverlayLeader,
  { palette, ratio }: Look,
): void {
  context.save()
  context.scale(ratio, ratio)
  for (const [colour, width] of [
    [cssColour(palette.labelHalo, 0.85), 3],
    [cssColour(palette.label, 0.8), 1],
  ] as const) {
    context.beginPath()
    context.moveTo(x0, y0)
    context.lineTo(x1, y1)
    context.strokeStyle = colour
    context.lineWidth = width
    context.stroke()
  }
  context.restore()
}
