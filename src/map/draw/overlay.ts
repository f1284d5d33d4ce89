/**
 * The writing on the map: names and progress, on a 2D canvas above the picture.
 *
 * Texts are drawn once into small canvases and copied from there, so a moving map costs one copy a name.
 */
import type { Severity } from '../../base/region.ts'
import type { View, WorldPoint } from '../view/camera.ts'
import { countText, drawCrack, drawLeader, type MarkSprite, markSprite } from './mark-pen.ts'
import { cssColour, type Palette } from './palette.ts'
import { type LabelStyle, labelFonts, marginPx, textSprite, writingScale } from './sprites.ts'

const spriteCountMax = 600
const sizeCountMax = 20_000

export interface OverlayLabel {
  readonly text: string
  readonly style: LabelStyle
  /** CSS pixels of the top-left corner. */
  readonly x: number
  readonly y: number
  readonly alpha: number
}

export interface OverlayMark {
  /** CSS pixels of its middle. */
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly look: Severity | 'hit'
  /** How many it stands for. */
  readonly count: number
}

/** From a mark to its title, CSS pixels. */
export interface OverlayLeader {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

export interface OverlayCrack {
  /** CSS pixels: the main line, then its branch. */
  readonly lines: readonly (readonly WorldPoint[])[]
  readonly severity: Severity
  /** Pixels of the square that it goes through. */
  readonly side: number
}

export interface Writing {
  readonly cracks: readonly OverlayCrack[]
  readonly labels: readonly OverlayLabel[]
  readonly marks: readonly OverlayMark[]
  readonly leaders: readonly OverlayLeader[]
  /** Above all else. */
  readonly titles: readonly OverlayLabel[]
  /** Progress: CSS pixels, and how much is done (0 .. 1). */
  readonly bars: readonly { x: number; y: number; width: number; share: number }[]
}

export class Overlay {
  readonly canvas = document.createElement('canvas')
  readonly #context = this.canvas.getContext('2d') as CanvasRenderingContext2D
  readonly #sizes = new Map<string, { width: number; height: number }>()
  readonly #sprites = new Map<string, HTMLCanvasElement>()
  readonly #marks = new Map<string, MarkSprite>()
  #palette: Palette
  #ratio = 1
  /** CSS pixels of a pixel of the fonts. */
  #writing = 1
  #blank = true

  constructor(palette: Palette) {
    this.#palette = palette
  }

  resize(viewport: View['viewport'], pixelRatio: number): void {
    const { canvas } = this
    this.#ratio = pixelRatio
    this.#writing = writingScale(viewport.width)
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
    this.#marks.clear()
  }

  /** CSS pixels of `text` in this style, its margin included. */
  measure(text: string, style: LabelStyle): { width: number; height: number } {
    const key = `${style} ${text}`
    let size = this.#sizes.get(key)
    if (size === undefined) {
      const { font, spacing, height, before } = labelFonts[style]
      this.#context.font = font
      this.#context.letterSpacing = spacing
      const width = Math.ceil(this.#context.measureText(text).width) + 2 * marginPx + before
      size = { width: Math.ceil(width * this.#writing), height: Math.ceil(height * this.#writing) }
      if (this.#sizes.size > sizeCountMax) this.#sizes.clear()
      this.#sizes.set(key, size)
    }
    return size
  }

  draw({ cracks, labels, bars, marks, leaders, titles }: Writing): void {
    const context = this.#context
    const ratio = this.#ratio
    const blank = labels.length + bars.length + cracks.length + marks.length + titles.length === 0
    if (blank && this.#blank) return
    this.#blank = blank
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    const look = { palette: this.#palette, ratio }
    for (const crack of cracks) drawCrack(context, crack, look)
    this.#write(labels)
    for (const bar of bars) drawBar(context, { ...bar, ...look })
    for (const leader of leaders) drawLeader(context, leader, look)
    for (const mark of marks) {
      const { canvas, inset } = this.#mark(mark)
      context.drawImage(canvas, Math.round((mark.x - inset) * ratio), Math.round((mark.y - inset) * ratio))
    }
    this.#write(titles)
  }

  #write(labels: readonly OverlayLabel[]): void {
    const context = this.#context
    const ratio = this.#ratio
    for (const { text, style, x, y, alpha } of labels) {
      context.globalAlpha = alpha
      context.drawImage(this.#sprite(text, style), Math.round(x * ratio), Math.round(y * ratio))
    }
    context.globalAlpha = 1
  }

  /** There are as many as looks and ways to say a count. */
  #mark(mark: OverlayMark): MarkSprite {
    const key = `${mark.look} ${mark.count > 1 ? countText(mark.count) : ''}`
    let sprite = this.#marks.get(key)
    if (sprite === undefined) {
      sprite = markSprite(mark, { palette: this.#palette, ratio: this.#ratio })
      this.#marks.set(key, sprite)
    }
    return sprite
  }

  #sprite(text: string, style: LabelStyle): HTMLCanvasElement {
    const key = `${style} ${text}`
    const known = this.#sprites.get(key)
    this.#sprites.delete(key)
    const { width, height } = this.measure(text, style)
    const scale = this.#writing
    const size = { width: width / scale, height: height / scale, ratio: this.#ratio * scale }
    const sprite = known ?? textSprite({ text, style, palette: this.#palette, ...size })
    this.#sprites.set(key, sprite)
    if (this.#sprites.size > spriteCountMax) this.#sprites.delete(this.#sprites.keys().next().value as string)
    return sprite
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
