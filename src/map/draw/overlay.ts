/**
 * The writing on the map: names, and the digits inside large bytes, on a 2D canvas above the picture.
 *
 * Texts are drawn once into small canvases and copied from there, so a moving map costs one copy a name.
 */
import type { View } from '../view/camera.ts'
import { cssColour, luminance, type Palette } from './palette.ts'

export type LabelStyle = 'district' | 'detail' | 'directory' | 'entry' | 'notice'

export interface OverlayLabel {
  readonly text: string
  readonly style: LabelStyle
  /** CSS pixels of the top-left corner. */
  readonly x: number
  readonly y: number
  readonly alpha: number
}

export interface ByteCell {
  /** CSS pixels of the top-left corner. */
  readonly x: number
  readonly y: number
  readonly byte: number
  /** Colour of the cell, for the contrast of the digits. */
  readonly colour: number
}

export interface Overlay {
  readonly canvas: HTMLCanvasElement
  resize(view: View['viewport'], pixelRatio: number): void
  setPalette(palette: Palette): void
  /** CSS pixels of `text` in this style, its margin included. */
  measure(text: string, style: LabelStyle): { width: number; height: number }
  /** Fonts have arrived: measure and draw anew. */
  forgetTexts(): void
  draw(options: {
    labels: readonly OverlayLabel[]
    cells: readonly ByteCell[]
    cellPixels: number
    bars: readonly { x: number; y: number; width: number; share: number }[]
  }): void
}

const fonts: Readonly<Record<LabelStyle, { font: string; spacing: string; height: number; alpha: number }>> = {
  district: { font: '600 13px Inter, sans-serif', spacing: '0.01em', height: 18, alpha: 1 },
  detail: { font: '400 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 0.62 },
  directory: { font: '600 12px Inter, sans-serif', spacing: '0.02em', height: 18, alpha: 1 },
  entry: { font: '500 11px Inter, sans-serif', spacing: '0', height: 16, alpha: 0.96 },
  notice: { font: '400 12px Inter, sans-serif', spacing: '0', height: 18, alpha: 0.8 },
}
const marginPx = 3
const haloPx = 3
const spriteCountMax = 600
/** The character of a byte stands below its digits from this cell size on. */
export const characterPixelsMin = 40

interface Sprite {
  readonly canvas: HTMLCanvasElement
  readonly width: number
  readonly height: number
}

export function createOverlay(options: { palette: Palette }): Overlay {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  const sizes = new Map<string, { width: number; height: number }>()
  const sprites = new Map<string, Sprite>()
  const glyphs = new Map<string, HTMLCanvasElement>()
  let palette = options.palette
  let ratio = 1
  let blank = true
  const forgetTexts = () => {
    sizes.clear()
    sprites.clear()
    glyphs.clear()
  }
  const measure = (text: string, style: LabelStyle) => {
    const key = `${style} ${text}`
    let size = sizes.get(key)
    if (size === undefined) {
      const { font, spacing, height } = fonts[style]
      context.font = font
      context.letterSpacing = spacing
      size = { width: Math.ceil(context.measureText(text).width) + 2 * marginPx, height }
      if (sizes.size > 20_000) sizes.clear()
      sizes.set(key, size)
    }
    return size
  }
  const spriteOf = (text: string, style: LabelStyle): Sprite => {
    const key = `${style} ${text}`
    const known = sprites.get(key)
    if (known !== undefined) {
      sprites.delete(key)
      sprites.set(key, known)
      return known
    }
    const sprite = textSprite({ text, style, palette, ratio, ...measure(text, style) })
    sprites.set(key, sprite)
    if (sprites.size > spriteCountMax) sprites.delete(sprites.keys().next().value as string)
    return sprite
  }
  const glyphOf = (byte: number, ink: 'dark' | 'light', cellPixels: number): HTMLCanvasElement => {
    const key = `${byte} ${ink} ${cellPixels}`
    let glyph = glyphs.get(key)
    if (glyph === undefined) {
      if (glyphs.size > 1024) glyphs.clear()
      glyph = byteSprite({ byte, ink, cellPixels, ratio })
      glyphs.set(key, glyph)
    }
    return glyph
  }
  return {
    canvas,
    resize(viewport, pixelRatio) {
      ratio = pixelRatio
      canvas.width = Math.round(viewport.width * pixelRatio)
      canvas.height = Math.round(viewport.height * pixelRatio)
      canvas.style.width = `${viewport.width}px`
      canvas.style.height = `${viewport.height}px`
      forgetTexts()
    },
    setPalette(next) {
      palette = next
      forgetTexts()
    },
    measure,
    forgetTexts,
    draw({ labels, cells, cellPixels, bars }) {
      if (labels.length + cells.length + bars.length === 0 && blank) return
      blank = labels.length + cells.length + bars.length === 0
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, canvas.width, canvas.height)
      const size = Math.round(cellPixels)
      for (const { x, y, byte, colour } of cells) {
        const ink = luminance(colour) > 0.2 ? 'dark' : 'light'
        const shift = ((cellPixels - size) / 2) * ratio
        context.drawImage(glyphOf(byte, ink, size), Math.round(x * ratio + shift), Math.round(y * ratio + shift))
      }
      for (const { text, style, x, y, alpha } of labels) {
        context.globalAlpha = alpha
        context.drawImage(spriteOf(text, style).canvas, Math.round(x * ratio), Math.round(y * ratio))
      }
      context.globalAlpha = 1
      for (const bar of bars) drawBar(context, { ...bar, ratio, palette })
    },
  }
}

function textSprite(options: {
  text: string
  style: LabelStyle
  palette: Palette
  ratio: number
  width: number
  height: number
}): Sprite {
  const { text, style, palette, ratio, width, height } = options
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(width * ratio)
  canvas.height = Math.ceil(height * ratio)
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  const { font, spacing, alpha } = fonts[style]
  context.font = font
  context.letterSpacing = spacing
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  if (style === 'directory' || style === 'entry') {
    context.strokeStyle = cssColour(palette.labelHalo, 0.86)
    context.lineWidth = haloPx
    context.strokeText(text, marginPx, height / 2 + 0.5)
  }
  context.fillStyle = cssColour(palette.label, alpha)
  context.fillText(text, marginPx, height / 2 + 0.5)
  return { canvas, width, height }
}

const darkInk = 0x0b0d10
const lightInk = 0xf4f5f6

/** Two hex digits, and from `characterPixelsMin` on the ASCII character below them. */
function byteSprite(options: {
  byte: number
  ink: 'dark' | 'light'
  cellPixels: number
  ratio: number
}): HTMLCanvasElement {
  const { byte, ink, cellPixels, ratio } = options
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(cellPixels * ratio)
  canvas.height = Math.ceil(cellPixels * ratio)
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const colour = ink === 'dark' ? darkInk : lightInk
  const withCharacter = cellPixels >= characterPixelsMin
  const digitPx = Math.min(22, Math.round(cellPixels * (withCharacter ? 0.34 : 0.46)))
  context.font = `500 ${digitPx}px "JetBrains Mono", monospace`
  context.fillStyle = cssColour(colour, byte === 0 ? 0.34 : 0.92)
  const middle = cellPixels / 2
  context.fillText(byte.toString(16).padStart(2, '0'), middle, withCharacter ? cellPixels * 0.36 : middle + 0.5)
  if (withCharacter && byte > 0x20 && byte < 0x7f) {
    context.font = `400 ${Math.min(18, Math.round(cellPixels * 0.28))}px "JetBrains Mono", monospace`
    context.fillStyle = cssColour(colour, 0.62)
    context.fillText(String.fromCharCode(byte), middle, cellPixels * 0.72)
  }
  return canvas
}

function drawBar(
  context: CanvasRenderingContext2D,
  options: { x: number; y: number; width: number; share: number; ratio: number; palette: Palette },
): void {
  const { x, y, width, share, ratio, palette } = options
  const height = Math.max(1, Math.round(2 * ratio))
  context.fillStyle = cssColour(palette.label, 0.18)
  context.fillRect(Math.round(x * ratio), Math.round(y * ratio), Math.round(width * ratio), height)
  context.fillStyle = cssColour(palette.label, 0.8)
  context.fillRect(Math.round(x * ratio), Math.round(y * ratio), Math.round(width * share * ratio), height)
}
