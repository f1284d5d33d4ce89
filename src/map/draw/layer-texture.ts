/**
 * Array textures whose layers are filled one by one. PixiJS uploads an array texture only as a whole, so the layer goes
 * in by a direct GL call; this is the only file that does so. Their content is lost with the GL context.
 */
import { Texture, TextureSource, type WebGLRenderer } from 'pixi.js'
import { slotsPerPage } from '../tileset/slot-pool.ts'

export interface LayerTexture {
  readonly source: TextureSource
  /** `texels`: the whole layer, row by row, one or four bytes a texel as the format says. */
  fill(layer: number, texels: Uint8Array): void
  /** After a lost context: an empty texture again. */
  reset(): void
}

export function makeLayerTexture(options: {
  renderer: WebGLRenderer
  width: number
  height: number
  format: 'r8unorm' | 'rgba8unorm'
}): LayerTexture {
  const { renderer, width, height, format } = options
  const source = new TextureSource({
    width,
    height,
    arrayLayerCount: slotsPerPage,
    viewDimension: '2d-array',
    format,
    alphaMode: 'no-premultiply-alpha',
    scaleMode: 'nearest',
  })
  renderer.texture.initSource(source)
  return {
    source,
    fill(layer, texels) {
      const gl = renderer.gl as WebGL2RenderingContext
      bindForUpload(renderer, source)
      const premultiplies = gl.getParameter(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL) as boolean
      if (premultiplies) gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false)
      const layout = format === 'r8unorm' ? gl.RED : gl.RGBA
      gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, width, height, 1, layout, gl.UNSIGNED_BYTE, texels)
      if (premultiplies) gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true)
    },
    reset() {
      source.unload()
      renderer.texture.initSource(source)
    },
  }
}

/** Makes `source` the texture of the active unit. PixiJS skips what it takes for bound already, the unit's activation too. */
function bindForUpload(renderer: WebGLRenderer, source: TextureSource): void {
  renderer.texture.bindSource(Texture.EMPTY.source, 0)
  renderer.texture.bindSource(source, 0)
}
