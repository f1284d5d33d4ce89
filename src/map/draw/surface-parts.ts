/** What the surface is made of: the renderer, the layers in drawing order, texture pages with their draws, and the quads. */
import 'pixi.js/mesh'
import { type BufferImageSource, Container, GlProgram, Shader, Ticker, type UniformGroup, WebGLRenderer } from 'pixi.js'
import { slotsPerPage } from '../tileset/slot-pool.ts'
import type { Viewport } from '../view/camera.ts'
import { type LayerTexture, makeLayerTexture } from './layer-texture.ts'
import { makeQuadBatch, type QuadBatch } from './quad-batch.ts'
import {
  byteFragment,
  glyphFragment,
  glyphVertex,
  overviewFragment,
  rectFragment,
  rectVertex,
  tileVertex,
} from './shaders.ts'

/** 0: plain; 1: hatched (unreadable); 2: sparse dots (pruned); 3: dashed (to come); 4: dotted (hole). */
export type RectPattern = 0 | 1 | 2 | 3 | 4

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

export type Rgba = readonly [red: number, green: number, blue: number, alpha: number]

export type TextureKind = 'bytes' | 'planes'

/** In drawing order. */
export const rectLayers = ['plate', 'flat', 'heat', 'frame'] as const
export type RectLayer = (typeof rectLayers)[number]

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

export interface TexturePage {
  readonly textures: readonly LayerTexture[]
  readonly under: QuadBatch
  readonly over: QuadBatch
}

/** Undefined where the browser has no WebGL 2. */
export async function startRenderer(options: {
  viewport: Viewport
  pixelRatio: number
  background: number
}): Promise<WebGLRenderer | undefined> {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('webgl2', contextAttributes)
  if (context === null) return undefined
  const renderer = new WebGLRenderer()
  await renderer.init({
    canvas,
    context,
    width: options.viewport.width,
    height: options.viewport.height,
    resolution: options.pixelRatio,
    antialias: false,
    backgroundColor: options.background,
    // Meshes are all that is drawn here: PixiJS needs none of its other parts, which take a quarter of a second to start.
    manageImports: false,
    // It would take away the textures of tiles that were not drawn for a minute; the tile set keeps account of them.
    gcActive: false,
  } as never)
  // Runs every frame, for ever, for the sake of that collector alone.
  Ticker.system.stop()
  linkPrograms(renderer)
  return renderer
}

const contextAttributes: WebGLContextAttributes = {
  alpha: false,
  antialias: false,
  depth: false,
  stencil: true,
  premultipliedAlpha: true,
  preserveDrawingBuffer: false,
  powerPreference: 'high-performance',
}

/**
 * Has the GPU link what the first pictures need while the server is still being asked. Linking waits for everything the
 * GPU was given before: done later, it would stop a moving picture.
 */
function linkPrograms(renderer: WebGLRenderer): void {
  for (const make of [rectProgram, glyphProgram, () => tileProgram('planes'), () => tileProgram('bytes')]) {
    renderer.shader.bind(new Shader({ glProgram: make(), resources: {} }), true)
  }
}

const rectProgram = () => GlProgram.from({ vertex: rectVertex, fragment: rectFragment, name: 'rects' })

const glyphProgram = () => GlProgram.from({ vertex: glyphVertex, fragment: glyphFragment, name: 'glyphs' })

const tileProgram = (kind: TextureKind) =>
  GlProgram.from({
    vertex: tileVertex,
    fragment: kind === 'bytes' ? byteFragment : overviewFragment,
    name: `tiles-${kind}`,
  })

/** RGBA of one CSS pixel of what was drawn last, to be asked in the task that drew it. */
export function pixelAt(renderer: WebGLRenderer, x: number, y: number): Rgba {
  const gl = renderer.gl as WebGL2RenderingContext
  const ratio = renderer.resolution
  const row = gl.drawingBufferHeight - 1 - Math.floor((y + 0.5) * ratio)
  const rgba = new Uint8Array(4)
  gl.readPixels(Math.floor((x + 0.5) * ratio), row, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, rgba)
  return [rgba[0] as number, rgba[1] as number, rgba[2] as number, rgba[3] as number]
}

/** Containers in drawing order: plates, pages that stand in, flat squares, pages wanted, change heat, frames, digits. */
export function layerStack(stage: Container): Record<RectLayer | 'under' | 'over' | 'glyph', Container> {
  const make = () => stage.addChild(new Container())
  return { plate: make(), under: make(), flat: make(), over: make(), heat: make(), frame: make(), glyph: make() }
}

export type Layers = ReturnType<typeof layerStack>

export function rectBatches(layers: Layers, pixel: UniformGroup): Record<RectLayer, QuadBatch> {
  const program = rectProgram()
  const make = (layer: RectLayer) =>
    makeQuadBatch({
      parent: layers[layer],
      shader: new Shader({ glProgram: program, resources: { pixel } }),
      attributes: rectAttributes,
    })
  return { plate: make('plate'), flat: make('flat'), heat: make('heat'), frame: make('frame') }
}

export function makePage(options: {
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
  const program = tileProgram(kind)
  const samplers =
    kind === 'bytes' ? { uBytes: textures[0]?.source, uEntropy: textures[1]?.source } : { uPlanes: textures[0]?.source }
  const make = (parent: Container) =>
    makeQuadBatch({
      parent,
      shader: new Shader({ glProgram: program, resources: { ...samplers, uPalette: paletteSource, pixel, mode } }),
      attributes: tileAttributes,
    })
  return { textures, under: make(layers.under), over: make(layers.over) }
}

export function writeTile(batch: QuadBatch, quad: TileQuad): void {
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

export function writeRect(batch: QuadBatch, quad: RectQuad): void {
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
