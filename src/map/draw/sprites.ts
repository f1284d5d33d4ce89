/** Names as small canvases, drawn once and copied often. */
import type { Severity } from '../../base/region.ts'
import { severityMarks } from '../view/severity.ts'
import { traceMark } from './mark-pen.ts'
import { cssColour, type Palette } from './palette.ts'

/** `title`: of a mark; `finding-..`: of a region with a finding, its severity's shape before it. */
export type LabelStyle =
  | ('district' | 'detail' | 'directory' | 'entry' | 'region' | 'notice' | 'chip' | 'title')
  | `finding-${Severity}`

interface LabelFont {
  readonly font: string
  readonly spacing: string
  readonly height: number
  readonly alpha: number
  /** Pixels kept free before the text. */
  readonly before: number
}

const finding: LabelFont = { font: '500 12px Inter, sans-serif', spacing: '0', height: 18, alpha: 1, before: 15 }

export const labelFonts: Readonly<Record<LabelStyle, LabelFont>> = {
  district: { font: '600 13px Inter, sans-serif', spacing: '0.01em', height: 18, alpha: 1, before: 0 },
  detail: { font: '400 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 0.62, before: 0 },
  directory: { font: '600 12px Inter, sans-serif', spacing: '0.02em', height: 18, alpha: 1, before: 0 },
  entry: { font: '500 12px Inter, sans-serif', spacing: '0', height: 17, alpha: 1, before: 0 },
  region: { font: '400 11.5px Inter, sans-serif', spacing: '0', height: 16, alpha: 1, before: 0 },
  chip: { font: '500 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 1, before: 0 },
  notice: { font: '400 12px Inter, sans-serif', spacing: '0', height: 18, alpha: 0.8, before: 0 },
  title: { font: '500 12px Inter, sans-serif', spacing: '0', height: 19, alpha: 1, before: 0 },
  'finding-info': finding,
  'finding-low': finding,
  'finding-medium': finding,
  'finding-high': finding,
  'finding-critical': finding,
}
export const marginPx = 3
const onBytes: ReadonlySet<LabelStyle> = new Set(['directory', 'entry', 'region'])
/** Of the ground under names that stand on bytes: quiet, but what lies there does not run into the letters. */
const plateAlpha = 0.74
/** The same for findings. */
const findingPlateAlpha = 0.9
/** Views this wide are looked at from further away, or hold more: writing is larger by that much. */
const wideViewPx = 2_000
const wideScale = 1.2

/** CSS pixels of a pixel of the fonts above, by the width of the view. */
export function writingScale(viewWidth: number): number {
  return viewWidth >= wideViewPx ? wideScale : 1
}

export function textSprite(options: {
  text: string
  style: LabelStyle
  palette: Palette
  /** Device pixels of a pixel of the fonts. */
  ratio: number
  /** Pixels of the fonts. */
  width: number
  height: number
}): HTMLCanvasElement {
  const { text, style, palette, ratio, width, height } = options
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(width * ratio)
  canvas.height = Math.ceil(height * ratio)
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  const { font, spacing, alpha, before } = labelFonts[style]
  context.font = font
  context.letterSpacing = spacing
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  const severity = severityOf(style)
  const textX = marginPx + before
  if (onBytes.has(style) || severity !== undefined) {
    context.fillStyle = cssColour(palette.labelHalo, severity === undefined ? plateAlpha : findingPlateAlpha)
    context.beginPath()
    context.roundRect(0, 0.5, width, height - 1, 3)
    context.fill()
  }
  if (severity !== undefined) {
    const { radius } = severityMarks[severity]
    traceMark(context, {
      x: marginPx + before / 2 - 1,
      y: height / 2,
      radius: Math.min(radius, 5.5),
      severity,
      palette,
    })
  }
  if (style === 'chip' || style === 'title') {
    context.fillStyle = cssColour(palette.labelHalo, 0.9)
    context.strokeStyle = cssColour(palette.label, 0.7)
    context.beginPath()
    context.roundRect(0.5, 0.5, width - 1, height - 1, 3)
    context.fill()
    context.stroke()
  }
  context.fillStyle = cssColour(palette.label, alpha)
  context.fillText(text, textX, height / 2 + 0.5)
  return canvas
}

function severityOf(style: LabelStyle): Severity | undefined {
  return style.startsWith('finding-') ? (style.slice('finding-'.length) as Severity) : undefined
}
