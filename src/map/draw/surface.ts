/**
 * The WebGL picture: texture pages, one instanced draw per page and layer, a palette texture and a mode uniform.
 *
 * Coordinates handed in are CSS pixels of the view, already relative to the camera (computed in doubles), clipped to the
 * view. It knows nothing of bricks, requests or time.
 */
import 'pixi.js/unsafe-eval'
import { BufferImageSource, Container, UniformGroup } from 'pixi.js'
import { slotsPerPage } from '../tileset/slot-pool.ts'
import type { Viewport } from '../view/camera.ts'
import { type Mode, modes } from '../view/permalink.ts'
import { mixColours, type Palette, paletteRowCount, paletteTexels } from './palette.ts'
import {
  layerStack,
  makePage,
  pixelAt,
  type RectLayer,
  type RectQuad,
  rectBatches,
  startRenderer,
  type TextureKind,
  type TexturePage,
  type TileQuad,
  writeRect,
  writeTile,
} from './surface-parts.ts'

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

/** The surface, or undefined where the browser has no WebGL 2. */
export async function createSurface(options: {
  viewport: Viewport
  pixelRatio: number
  palette: Palette
}): Promise<Surface | undefined> {
  const renderer = await startRenderer({ ...options, background: options.palette.world })
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
    while (list.length <= wanted)
      list.push(makePage({ kind, renderer, layers, resources: { pixel, mode, paletteSource } }))
    return list[wanted] as TexturePage
  }
  const allBatches = () => [
    ...Object.values(rects),
    ...Object.values(pages)
      .flat()
      .flatMap((p) => [p.under, p.over]),
  ]
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
