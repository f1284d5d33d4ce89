/**
 * The writing on the map: names, and the digits inside large bytes, on a 2D canvas above the picture.
 *
 * Texts are drawn once into small canvases and copied from there, so a moving map costs one copy a name.
 */
import type { View } from '../view/camera.ts'
import { cssColour, luminance, type Palette } from './palette.ts'
import { byteSprite, type LabelStyle, labelFonts, marginPx, type Sprite, textSprite } from './sprites.ts'

const spriteCountMax = 600

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
      const { font, spacing, height } = labelFonts[style]
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
