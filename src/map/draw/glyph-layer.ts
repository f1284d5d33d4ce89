/**
 * The digits inside large bytes: one instanced draw over a glyph atlas. The atlas is drawn anew, sharp for the present size
 * of a cell, once the zoom has rested; until then the nearest of those drawn before is scaled.
 */
import { BufferImageSource, type Container, GlProgram, Shader, type UniformGroup } from 'pixi.js'
import { drawGlyphAtlas, type GlyphAtlas, glyphPixelsMax, glyphsPerSide } from './glyph-atlas.ts'
import { luminance } from './palette.ts'
import { makeQuadBatch, type QuadBatch } from './quad-batch.ts'
import { glyphFragment, glyphVertex } from './shaders.ts'

export interface ByteCell {
  /** CSS pixels of the top-left corner. */
  readonly x: number
  readonly y: number
  readonly byte: number
  /** Colour of the cell, for the contrast of the digits. */
  readonly colour: number
}

const restMs = 120
/** Atlases kept for other sizes of cells. */
const atlasCountMax = 6
/** Drawn ahead of time, so that the first digits on the way in need only be scaled. */
const firstPixels = 32
/** Cells lighter than this (relative luminance) take dark digits: the ink of the higher contrast. */
const lightCellMin = 0.18

export class GlyphLayer {
  readonly #batch: QuadBatch
  readonly #shader: Shader
  readonly #nothing: BufferImageSource
  /** By CSS pixels of a cell; the one used last comes last. */
  readonly #atlases = new Map<number, BufferImageSource>()
  #shownPixels = 0
  #pixelRatio = 1
  #lastPixels = 0
  #changedMs = 0
  readonly #isLight = new Map<number, boolean>()

  constructor({ parent, pixel }: { parent: Container; pixel: UniformGroup }) {
    this.#nothing = sourceOf({ cellPixels: 0, side: 4, coverage: new Uint8Array(16) })
    const glProgram = GlProgram.from({ vertex: glyphVertex, fragment: glyphFragment, name: 'glyphs' })
    this.#shader = new Shader({ glProgram, resources: { uGlyphs: this.#nothing, pixel } })
    const attributes = [
      ['aRect', 4],
      ['aTexels', 4],
      ['aInk', 1],
    ] as const
    this.#batch = makeQuadBatch({ parent, shader: this.#shader, attributes })
  }

  /** Fonts or the resolution are new. */
  forget(pixelRatio: number): void {
    this.#pixelRatio = pixelRatio
    this.#shownPixels = 0
    this.#shader.resources['uGlyphs'] = this.#nothing
    for (const source of this.#atlases.values()) source.destroy()
    this.#atlases.clear()
  }

  /** Draws an atlas that will do on the way in. */
  warmUp(): void {
    if (this.#atlases.size === 0) this.#show(firstPixels)
  }

  /** Writes the cells of this frame; returns when another frame would be sharper, or Infinity. */
  write(options: { cells: readonly ByteCell[]; cellPixels: number; nowMs: number }): number {
    const { cells, cellPixels, nowMs } = options
    this.#batch.begin()
    let againAtMs = Number.POSITIVE_INFINITY
    if (cells.length > 0) {
      againAtMs = this.#prepare(cellPixels, nowMs)
      for (const cell of cells) this.#put(cell, cellPixels)
    }
    this.#batch.end()
    return againAtMs
  }

  #prepare(cellPixels: number, nowMs: number): number {
    const wanted = Math.min(glyphPixelsMax, Math.round(cellPixels))
    if (cellPixels !== this.#lastPixels) this.#changedMs = nowMs
    this.#lastPixels = cellPixels
    if (this.#shownPixels === wanted) return Number.POSITIVE_INFINITY
    const rested = nowMs - this.#changedMs >= restMs
    if (rested || this.#atlases.size === 0) {
      this.#show(wanted)
      return Number.POSITIVE_INFINITY
    }
    const misfit = (pixels: number) => Math.max(pixels / wanted, wanted / pixels)
    this.#show([...this.#atlases.keys()].reduce((best, pixels) => (misfit(pixels) < misfit(best) ? pixels : best)))
    return this.#changedMs + restMs
  }

  #show(cellPixels: number): void {
    if (this.#shownPixels === cellPixels) return
    this.#shownPixels = cellPixels
    const source =
      this.#atlases.get(cellPixels) ?? sourceOf(drawGlyphAtlas({ cellPixels, pixelRatio: this.#pixelRatio }))
    this.#atlases.delete(cellPixels)
    this.#atlases.set(cellPixels, source)
    this.#shader.resources['uGlyphs'] = source
    for (const [pixels, old] of this.#atlases) {
      if (this.#atlases.size <= atlasCountMax) break
      this.#atlases.delete(pixels)
      old.destroy()
    }
  }

  #put({ x, y, byte, colour }: ByteCell, cellPixels: number): void {
    const size = Math.min(glyphPixelsMax, Math.round(cellPixels))
    const snap = (value: number) => Math.round(value * this.#pixelRatio) / this.#pixelRatio
    const left = snap(x + (cellPixels - size) / 2)
    const top = snap(y + (cellPixels - size) / 2)
    const at = this.#batch.next()
    const { data } = this.#batch
    const column = byte % glyphsPerSide
    const row = Math.floor(byte / glyphsPerSide)
    data[at] = left
    data[at + 1] = top
    data[at + 2] = left + size
    data[at + 3] = top + size
    data[at + 4] = column / glyphsPerSide
    data[at + 5] = row / glyphsPerSide
    data[at + 6] = (column + 1) / glyphsPerSide
    data[at + 7] = (row + 1) / glyphsPerSide
    data[at + 8] = this.#takesDarkInk(colour) ? 0 : 1
  }

  #takesDarkInk(colour: number): boolean {
    let light = this.#isLight.get(colour)
    if (light === undefined) {
      light = luminance(colour) > lightCellMin
      this.#isLight.set(colour, light)
    }
    return light
  }
}

function sourceOf({ side, coverage }: GlyphAtlas): BufferImageSource {
  return new BufferImageSource({
    resource: coverage,
    width: side,
    height: side,
    format: 'r8unorm',
    alphaMode: 'no-premultiply-alpha',
    scaleMode: 'linear',
  })
}
