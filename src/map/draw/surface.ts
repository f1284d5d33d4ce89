/**
 * The WebGL picture: texture pages, one instanced draw per page and layer, a palette texture and a mode uniform.
 *
 * Coordinates handed in are CSS pixels of the view, already relative to the camera (computed in doubles), clipped to the
 * view. It knows nothing of bricks, requests or time.
 */
import 'pixi.js/unsafe-eval'
import { BufferImageSource, Container, GlProgram, Shader, UniformGroup, WebGLRenderer } from 'pixi.js'
import type { Viewport } from '../view/camera.ts'
import { type Mode, modes } from '../view/permalink.ts'
import { slotsPerPage } from '../tileset/slot-pool.ts'
import { type LayerTexture, makeLayerTexture } from './layer-texture.ts'
import { mixColours, type Palette, paletteRowCount, paletteTexels } from './palette.ts'
import { makeQuadBatch, type QuadBatch } from './quad-batch.ts'
import { byteFragment, overviewFragment, rectFragment, rectVertex, tileVertex } from './shaders.ts'

export type RectPattern = 0 | 1 | 2 | 3

export interface RectQuad {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
  readonly colour: number
  readonly alpha: number
  readonly pattern: RectPattern
}

export interface TileQuad {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
  /** The same corners in texels of the tile. */
  readonly u0: number
  readonly v0: number
  readonly u1: number
  readonly v1: number
  readonly slot: number
}

export type TextureKind = 'bytes' | 'planes'

/** In drawing order. */
export const rectLayers = ['plate', 'flat', 'frame'] as const
export type RectLayer = (typeof rectLayers)[number]

export interface Surface {
  readonly canvas: HTMLCanvasElement
  resize(viewport: Viewport, pixelRatio: number): void
  setPalette(palette: Palette): void
  setMode(mode: Mode): void
  /** `blockEntropy` is given with bytes only. */
  upload(kind: TextureKind, slot: number, texels: Uint8Array, blockEntropy?: Uint8Array): void
  begin(): void
  tile(kind: TextureKind, layer: 'under' | 'over', quad: TileQuad): void
  rect(layer: RectLayer, quad: RectQuad): void
  /** Draws what was given since `begin`. */
  end(): void
  /** Draws the last picture again without its frames and reads CSS pixels of it, as RGBA. */
  readPixels(points: readonly (readonly [x: number, y: number])[]): (readonly [number, number, number, number])[]
  /** Called after the GPU lost everything and is there again. */
  onRestored(listener: () => void): void
}

const tileAttributes = [
  ['aRect', 4],
  ['aTexels', 4],
  ['aLayer', 1],
] as const
const rectAttributes = [
  ['aRect', 4],
  ['aColour', 4],
  ['aPattern', 1],
] as const

interface TexturePage {
  readonly textures: readonly LayerTexture[]
  readonly under: QuadBatch
  readonly over: QuadBatch
}

/** The surface, or undefined where the browser has no WebGL 2. */
export async function createSurface(options: {
  viewport: Viewport
  pixelRatio: number
  palette: Palette
}): Promise<Surface | undefined> {
  const renderer = await startRenderer(options)
  if (renderer === undefined) return undefined
  const stage = new Container()
  const layers = layerStack(stage)
  const pixel = new UniformGroup({ uPixel: { value: new Float32Array([1, 1]), type: 'vec2<f32>' } })
  const mode = new UniformGroup({
    uMode: { value: 0, type: 'f32' },
    uMix: { value: mixColours(options.palette), type: 'vec3<f32>', size: 6 },
  })
  const paletteSource = new BufferImageSource({
    resource: paletteTexels(options.palette),
    width: 256,
    height: paletteRowCount,
    format: 'rgba8unorm',
    alphaMode: 'no-premultiply-alpha',
    scaleMode: 'nearest',
  })
  const rects = rectBatches(layers, pixel)
  const pages: Record<TextureKind, TexturePage[]> = { bytes: [], planes: [] }
  const pageOf = (kind: TextureKind, slot: number): TexturePage => {
    const list = pages[kind]
    const wanted = Math.floor(slot / slotsPerPage)
    while (list.length <= wanted) list.push(makePage({ kind, renderer, layers, resources: { pixel, mode, paletteSource } }))
    return list[wanted] as TexturePage
  }
  const allBatches = () => [...Object.values(rects), ...Object.values(pages).flat().flatMap((p) => [p.under, p.over])]
  const surface: Surface = {
    canvas: renderer.canvas as HTMLCanvasElement,
    resize(viewport, pixelRatio) {
      renderer.resize(viewport.width, viewport.height, pixelRatio)
      pixel.uniforms.uPixel = new Float32Array([2 / viewport.width, 2 / viewport.height])
      pixel.update()
    },
    setPalette(palette) {
      renderer.background.color = palette.world
      paletteSource.resource = paletteTexels(palette)
      paletteSource.update()
      mode.uniforms.uMix = mixColours(palette)
      mode.update()
    },
    setMode(name) {
      mode.uniforms.uMode = modes.indexOf(name)
      mode.update()
    },
    upload(kind, slot, texels, blockEntropy) {
      const { textures } = pageOf(kind, slot)
      textures[0]?.fill(slot % slotsPerPage, texels)
      if (blockEntropy !== undefined) textures[1]?.fill(slot % slotsPerPage, blockEntropy)
    },
    begin() {
      for (const batch of allBatches()) batch.begin()
    },
    tile(kind, layer, quad) {
      writeTile(pageOf(kind, quad.slot)[layer], quad)
    },
    rect(layer, quad) {
      writeRect(rects[layer], quad)
    },
    end() {
      for (const batch of allBatches()) batch.end()
      renderer.render(stage)
    },
    readPixels(points) {
      layers.frame.visible = false
      renderer.render(stage)
      const pixels = points.map(([x, y]) => pixelAt(renderer, x, y))
      layers.frame.visible = true
      renderer.render(stage)
      return pixels
    },
    onRestored(listener) {
      surface.canvas.addEventListener('webglcontextrestored', () => {
        for (const page of Object.values(pages).flat()) for (const texture of page.textures) texture.reset()
        listener()
      })
    },
  }
  surface.setPalette(options.palette)
  surface.resize(options.viewport, options.pixelRatio)
  return surface
}

async function startRenderer(options: {
  viewport: Viewport
  pixelRatio: number
  palette: Palette
}): Promise<WebGLRenderer | undefined> {
  const probe = document.createElement('canvas').getContext('webgl2')
  if (probe === null) return undefined
  probe.getExtension('WEBGL_lose_context')?.loseContext()
  const renderer = new WebGLRenderer()
  await renderer.init({
    width: options.viewport.width,
    height: options.viewport.height,
    resolution: options.pixelRatio,
    antialias: false,
    depth: false,
    powerPreference: 'high-performance',
    backgroundColor: options.palette.world,
    preferWebGLVersion: 2,
  } as never)
  return renderer
}

function pixelAt(renderer: WebGLRenderer, x: number, y: number): readonly [number, number, number, number] {
  const gl = renderer.gl as WebGL2RenderingContext
  const ratio = renderer.resolution
  const row = gl.drawingBufferHeight - 1 - Math.floor((y + 0.5) * ratio)
  const rgba = new Uint8Array(4)
  gl.readPixels(Math.floor((x + 0.5) * ratio), row, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, rgba)
  return [rgba[0] as number, rgba[1] as number, rgba[2] as number, rgba[3] as number]
}

/** Containers in drawing order: plates, pages that stand in, flat squares, pages wanted, frames. */
function layerStack(stage: Container): Record<'plate' | 'under' | 'flat' | 'over' | 'frame', Container> {
  const make = () => stage.addChild(new Container())
  return { plate: make(), under: make(), flat: make(), over: make(), frame: make() }
}

type Layers = ReturnType<typeof layerStack>

function rectBatches(layers: Layers, pixel: UniformGroup): Record<RectLayer, QuadBatch> {
  const program = GlProgram.from({ vertex: rectVertex, fragment: rectFragment, name: 'rects' })
  const make = (layer: RectLayer) =>
    makeQuadBatch({
      parent: layers[layer],
      shader: new Shader({ glProgram: program, resources: { pixel } }),
      attributes: rectAttributes,
    })
  return { plate: make('plate'), flat: make('flat'), frame: make('frame') }
}

function makePage(options: {
  kind: TextureKind
  renderer: WebGLRenderer
  layers: Layers
  resources: { pixel: UniformGroup; mode: UniformGroup; paletteSource: BufferImageSource }
}): TexturePage {
  const { kind, renderer, layers } = options
  const { pixel, mode, paletteSource } = options.resources
  const textures =
    kind === 'bytes'
      ? [
          makeLayerTexture({ renderer, width: 256, height: 256, format: 'r8unorm' }),
          makeLayerTexture({ renderer, width: 16, height: 16, format: 'r8unorm' }),
        ]
      : [makeLayerTexture({ renderer, width: 128, height: 64, format: 'rgba8unorm' })]
  const fragment = kind === 'bytes' ? byteFragment : overviewFragment
  const program = GlProgram.from({ vertex: tileVertex, fragment, name: `tiles-${kind}` })
  const samplers =
    kind === 'bytes'
      ? { uBytes: textures[0]?.source, uEntropy: textures[1]?.source }
      : { uPlanes: textures[0]?.source }
  const make = (parent: Container) =>
    makeQuadBatch({
      parent,
      shader: new Shader({ glProgram: program, resources: { ...samplers, uPalette: paletteSource, pixel, mode } }),
      attributes: tileAttributes,
    })
  return { textures, under: make(layers.under), over: make(layers.over) }
}

function writeTile(batch: QuadBatch, quad: TileQuad): void {
  const at = batch.next()
  const { data } = batch
  data[at] = quad.x0
  data[at + 1] = quad.y0
  data[at + 2] = quad.x1
  data[at + 3] = quad.y1
  data[at + 4] = quad.u0
  data[at + 5] = quad.v0
  data[at + 6] = quad.u1
  data[at + 7] = quad.v1
  data[at + 8] = quad.slot % slotsPerPage
}

function writeRect(batch: QuadBatch, quad: RectQuad): void {
  const at = batch.next()
  const { data } = batch
  data[at] = quad.x0
  data[at + 1] = quad.y0
  data[at + 2] = quad.x1
  data[at + 3] = quad.y1
  data[at + 4] = (quad.colour >> 16) / 255
  data[at + 5] = ((quad.colour >> 8) & 255) / 255
  data[at + 6] = (quad.colour & 255) / 255
  data[at + 7] = quad.alpha
  data[at + 8] = quad.pattern
}
