/** Names as small canvases, drawn once and copied often. */
import { cssColour, type Palette } from './palette.ts'

export type LabelStyle = 'district' | 'detail' | 'directory' | 'entry' | 'region' | 'notice' | 'chip'

export const labelFonts: Readonly<
  Record<LabelStyle, { font: string; spacing: string; height: number; alpha: number }>
> = {
  district: { font: '600 13px Inter, sans-serif', spacing: '0.01em', height: 18, alpha: 1 },
  detail: { font: '400 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 0.62 },
  directory: { font: '600 12px Inter, sans-serif', spacing: '0.02em', height: 18, alpha: 1 },
  entry: { font: '500 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 0.96 },
  region: { font: '400 10.5px Inter, sans-serif', spacing: '0', height: 15, alpha: 0.92 },
  chip: { font: '500 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 1 },
  notice: { font: '400 12px Inter, sans-serif', spacing: '0', height: 18, alpha: 0.8 },
}
export const marginPx = 3
const haloPx = 3

export function textSprite(options: {
  text: string
  style: LabelStyle
  palette: Palette
  ratio: number
  width: number
  height: number
}): HTMLCanvasElement {
  const { text, style, palette, ratio, width, height } = options
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(width * ratio)
  canvas.height = Math.ceil(height * ratio)
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  const { font, spacing, alpha } = labelFonts[style]
  context.font = font
  context.letterSpacing = spacing
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  if (style === 'directory' || style === 'entry' || style === 'region') {
    context.strokeStyle = cssColour(palette.labelHalo, 0.86)
    context.lineWidth = haloPx
    context.strokeText(text, marginPx, height / 2 + 0.5)
  }
  if (style === 'chip') {
    context.fillStyle = cssColour(palette.labelHalo, 0.9)
    context.strokeStyle = cssColour(palette.label, 0.7)
    context.beginPath()
    context.roundRect(0.5, 0.5, width - 1, height - 1, 3)
    context.fill()
    context.stroke()
  }
  context.fillStyle = cssColour(palette.label, alpha)
  context.fillText(text, marginPx, height / 2 + 0.5)
  return canvas
}
