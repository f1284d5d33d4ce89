/**
 * The writing on the map: names, and the digits inside large bytes, on a 2D canvas above the picture.
 *
 * Texts are drawn once into small canvases and copied from there, so a moving map costs one copy a name.
 */
import type { View } from '../view/camera.ts'
import { cssColour, luminance, type Palette } from './palette.ts'
import { byteSprite, type LabelStyle, labelFonts, marginPx, textSprite } from './sprites.ts'

const spriteCountMax = 600
const sizeCountMax = 20_000
const glyphCountMax = 1024
/** Cells lighter than this (relative luminance) take dark digits: the ink of the higher contrast. */
const lightCellMin = 0.18

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

export interface Writing {
  readonly labels: readonly OverlayLabel[]
  readonly cells: readonly ByteCell[]
  readonly cellPixels: number
  /** Progress: CSS pixels, and how much is done (0 .. 1). */
  readonly bars: readonly { x: number; y: number; width: number; share: number }[]
}

export class Overlay {
  readonly canvas = document.createElement('canvas')
  readonly #context = this.canvas.getContext('2d') as CanvasRenderingContext2D
  readonly #sizes = new Map<string, { width: number; height: number }>()
  readonly #sprites = new Map<string, HTMLCanvasElement>()
  readonly #glyphs = new Map<string, HTMLCanvasElement>()
  #palette: Palette
  #ratio = 1
  #blank = true

  constructor(palette: Palette) {
    this.#palette = palette
  }

  resize(viewport: View['viewport'], pixelRatio: number): void {
    const { canvas } = this
    this.#ratio = pixelRatio
    canvas.width = Math.round(viewport.width * pixelRatio)
    canvas.height = Math.round(viewport.height * pixelRatio)
    canvas.style.width = `${viewport.width}px`
    canvas.style.height = `${viewport.height}px`
    this.forgetTexts()
  }

  setPalette(palette: Palette): void {
    this.#palette = palette
    this.forgetTexts()
  }

  /** Fonts, colours or the resolution are new: measure and draw everything anew. */
  forgetTexts(): void {
    this.#sizes.clear()
    this.#sprites.clear()
    this.#glyphs.clear()
  }

  /** CSS pixels of `text` in this style, its margin included. */
  measure(text: string, style: LabelStyle): { width: number; height: number } {
    const key = `${style} ${text}`
    let size = this.#sizes.get(key)
    if (size === undefined) {
      const { font, spacing, height } = labelFonts[style]
      this.#context.font = font
      this.#context.letterSpacing = spacing
      size = { width: Math.ceil(this.#context.measureText(text).width) + 2 * marginPx, height }
      if (this.#sizes.size > sizeCountMax) this.#sizes.clear()
      this.#sizes.set(key, size)
    }
    return size
  }

  draw({ labels, cells, cellPixels, bars }: Writing): void {
    const context = this.#context
    const ratio = this.#ratio
    const blank = labels.length + cells.length + bars.length === 0
    if (blank && this.#blank) return
    this.#blank = blank
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    const size = Math.round(cellPixels)
    const shift = ((cellPixels - size) / 2) * ratio
    for (const { x, y, byte, colour } of cells) {
      const glyph = this.#glyph(byte, luminance(colour) > lightCellMin ? 'dark' : 'light', size)
      context.drawImage(glyph, Math.round(x * ratio + shift), Math.round(y * ratio + shift))
    }
    for (const { text, style, x, y, alpha } of labels) {
      context.globalAlpha = alpha
      context.drawImage(this.#sprite(text, style), Math.round(x * ratio), Math.round(y * ratio))
    }
    context.globalAlpha = 1
    for (const bar of bars) drawBar(context, { ...bar, ratio, palette: this.#palette })
  }

  #sprite(text: string, style: LabelStyle): HTMLCanvasElement {
    const key = `${style} ${text}`
    const known = this.#sprites.get(key)
    this.#sprites.delete(key)
    const sprite =
      known ?? textSprite({ text, style, palette: this.#palette, ratio: this.#ratio, ...this.measure(text, style) })
    this.#sprites.set(key, sprite)
    if (this.#sprites.size > spriteCountMax) this.#sprites.delete(this.#sprites.keys().next().value as string)
    return sprite
  }

  #glyph(byte: number, ink: 'dark' | 'light', cellPixels: number): HTMLCanvasElement {
    const key = `${byte} ${ink} ${cellPixels}`
    let glyph = this.#glyphs.get(key)
    if (glyph === undefined) {
      if (this.#glyphs.size >= glyphCountMax) this.#glyphs.clear()
      glyph = byteSprite({ byte, ink, cellPixels, ratio: this.#ratio })
      this.#glyphs.set(key, glyph)
    }
    return glyph
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
