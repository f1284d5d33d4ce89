/**
 * The WebGL picture: texture pages, one instanced draw per page and layer, a palette texture and a mode uniform.
 *
 * Coordinates handed in are CSS pixels of the view, already relative to the camera (computed in doubles), clipped to the
 * view. It knows nothing of bricks, requests or time.
 */
import 'pixi.js/unsafe-eval'
import { BufferImageSource, Container, UniformGroup, type WebGLRenderer } from 'pixi.js'
import { slotsPerPage } from '../tileset/slot-pool.ts'
import type { Viewport } from '../view/camera.ts'
import { type ByteMode, byteModes, type Mode } from '../view/permalink.ts'
import { GlyphLayer } from './glyph-layer.ts'
import { mixColours, mutedPalette, type Palette, paletteRowCount, paletteTexels } from './palette.ts'
import type { QuadBatch } from './quad-batch.ts'
import {
  layerStack,
  makePage,
  pixelAt,
  type RectLayer,
  type RectQuad,
  type Rgba,
  rectBatches,
  startRenderer,
  type TextureKind,
  type TexturePage,
  type TileQuad,
  writeRect,
  writeTile,
} from './surface-parts.ts'

export class Surface {
  readonly canvas: HTMLCanvasElement
  readonly #renderer: WebGLRenderer
  readonly #stage = new Container()
  readonly #layers = layerStack(this.#stage)
  readonly #pixel = new UniformGroup({ uPixel: { value: new Float32Array([1, 1]), type: 'vec2<f32>' } })
  readonly #mode: UniformGroup
  readonly #paletteSource: BufferImageSource
  readonly #rects = rectBatches(this.#layers, this.#pixel)
  readonly glyphs = new GlyphLayer({ parent: this.#layers.glyph, pixel: this.#pixel })
  readonly #pages: Record<TextureKind, TexturePage[]> = { bytes: [], planes: [] }

  constructor(renderer: WebGLRenderer, palette: Palette) {
    this.#renderer = renderer
    this.canvas = renderer.canvas as HTMLCanvasElement
    this.#mode = new UniformGroup({
      uMode: { value: 0, type: 'f32' },
      uMix: { value: mixColours(palette), type: 'vec3<f32>', size: 6 },
    })
    this.#paletteSource = new BufferImageSource({
      resource: paletteTexels(palette),
      width: 256,
      height: paletteRowCount,
      format: 'rgba8unorm',
      alphaMode: 'no-premultiply-alpha',
      scaleMode: 'nearest',
    })
  }

  resize(viewport: Viewport, pixelRatio: number): void {
    this.#renderer.resize(viewport.width, viewport.height, pixelRatio)
    this.canvas.style.width = `${viewport.width}px`
    this.canvas.style.height = `${viewport.height}px`
    this.#pixel.uniforms['uPixel'] = new Float32Array([2 / viewport.width, 2 / viewport.height])
    this.#pixel.update()
    this.glyphs.forget(pixelRatio)
  }

  /** `palette` as it is now, and the mode. */
  setLook(palette: Palette, mode: Mode): void {
    this.#renderer.background.color = palette.world
    if (mode === 'heat' || mode === 'risk') this.#setBytes(mutedPalette(palette), 'class')
    else this.#setBytes(palette, mode)
  }

  #setBytes(palette: Palette, mode: ByteMode): void {
    this.#paletteSource.resource = paletteTexels(palette)
    this.#paletteSource.update()
    this.#mode.uniforms['uMix'] = mixColours(palette)
    this.#mode.uniforms['uMode'] = byteModes.indexOf(mode)
    this.#mode.update()
  }

  /** `blockEntropy` is given with bytes only. */
  upload(kind: TextureKind, slot: number, texels: Uint8Array, blockEntropy?: Uint8Array): void {
    const { textures } = this.#page(kind, slot)
    textures[0]?.fill(slot % slotsPerPage, texels)
    if (blockEntropy !== undefined) textures[1]?.fill(slot % slotsPerPage, blockEntropy)
  }

  begin(): void {
    for (const batch of this.#batches()) batch.begin()
  }

  tile(kind: TextureKind, layer: 'under' | 'over', quad: TileQuad): void {
    writeTile(this.#page(kind, quad.slot)[layer], quad)
  }

  rect(layer: RectLayer, quad: RectQuad): void {
    writeRect(this.#rects[layer], quad)
  }

  /** Draws what was given since `begin`. */
  end(): void {
    for (const batch of this.#batches()) batch.end()
    this.#renderer.render(this.#stage)
  }

  /** Draws the last picture again without frames and digits and reads CSS pixels of it, as RGBA. */
  readPixels(points: readonly (readonly [x: number, y: number])[]): Rgba[] {
    this.#layers.frame.visible = false
    this.#layers.glyph.visible = false
    this.#renderer.render(this.#stage)
    const pixels = points.map(([x, y]) => pixelAt(this.#renderer, x, y))
    this.#layers.frame.visible = true
    this.#layers.glyph.visible = true
    this.#renderer.render(this.#stage)
    return pixels
  }

  /** Calls `listener` after the GPU lost everything and is there again. */
  onRestored(listener: () => void): void {
    this.canvas.addEventListener('webglcontextrestored', () => {
      for (const { textures } of Object.values(this.#pages).flat()) for (const texture of textures) texture.reset()
      listener()
    })
  }

  /** Has the GPU compile what the first deep view will need: better now than on the way there. */
  warmUp(): void {
    this.glyphs.warmUp()
    this.#page('bytes', 0)
    this.begin()
    for (const kind of ['bytes', 'planes'] as const) {
      writeTile(this.#page(kind, 0).over, { x0: 0, y0: 0, x1: 0, y1: 0, u0: 0, v0: 0, u1: 0, v1: 0, slot: 0 })
    }
    this.end()
  }

  #page(kind: TextureKind, slot: number): TexturePage {
    const list = this.#pages[kind]
    const wanted = Math.floor(slot / slotsPerPage)
    const resources = { pixel: this.#pixel, mode: this.#mode, paletteSource: this.#paletteSource }
    while (list.length <= wanted) {
      list.push(makePage({ kind, renderer: this.#renderer, layers: this.#layers, resources }))
    }
    return list[wanted] as TexturePage
  }

  *#batches(): Generator<QuadBatch> {
    yield* Object.values(this.#rects)
    for (const { under, over } of Object.values(this.#pages).flat()) {
      yield under
      yield over
    }
  }
}

/** The surface, or undefined where the browser has no WebGL 2. */
export async function createSurface(options: {
  viewport: Viewport
  pixelRatio: number
  palette: Palette
}): Promise<Surface | undefined> {
  const renderer = await startRenderer({ ...options, background: options.palette.world })
  if (renderer === undefined) return undefined
  const surface = new Surface(renderer, options.palette)
  surface.resize(options.viewport, options.pixelRatio)
  return surface
}
