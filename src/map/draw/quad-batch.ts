/** One instanced draw: a growing list of quads with a fixed number of floats each, rewritten every frame. */
import { Buffer, BufferUsage, type Container, Geometry, Mesh, type Shader } from 'pixi.js'

const instanceCountFirst = 512
const corners = new Float32Array([0, 0, 1, 0, 1, 1, 0, 1])
const cornerOrder = new Uint16Array([0, 1, 2, 0, 2, 3])
const floatFormats = { 1: 'float32', 2: 'float32x2', 4: 'float32x4' } as const

export interface QuadBatch {
  /** Number of quads written since `begin`. */
  readonly count: number
  begin(): void
  /** Room for one more quad: where in `data` its floats go. Take `data` anew after each call. */
  next(): number
  readonly data: Float32Array
  /** Hands what was written to the GPU. */
  end(): void
}

/** `attributes`: name and floats of each, in order. The mesh joins `parent`, above what is there. */
export function makeQuadBatch(options: {
  parent: Container
  shader: Shader
  attributes: readonly (readonly [name: string, floats: 1 | 2 | 4])[]
}): QuadBatch {
  const { parent, shader, attributes } = options
  const stride = attributes.reduce((sum, [, floats]) => sum + floats, 0)
  let data = new Float32Array(instanceCountFirst * stride)
  const buffer = new Buffer({ data, usage: BufferUsage.VERTEX | BufferUsage.COPY_DST, shrinkToFit: false })
  const described: Record<string, object> = { aCorner: { buffer: corners, format: 'float32x2' } }
  let offset = 0
  for (const [name, floats] of attributes) {
    described[name] = { buffer, format: floatFormats[floats], stride: stride * 4, offset, instance: true }
    offset += floats * 4
  }
  const geometry = new Geometry({ attributes: described as never, indexBuffer: cornerOrder })
  const mesh = new Mesh({ geometry: geometry as never, shader })
  mesh.visible = false
  parent.addChild(mesh)
  let count = 0
  return {
    get count() {
      return count
    },
    get data() {
      return data
    },
    begin() {
      count = 0
    },
    next() {
      if ((count + 1) * stride > data.length) {
        const larger = new Float32Array(data.length * 2)
        larger.set(data)
        data = larger
      }
      return count++ * stride
    },
    end() {
      mesh.visible = count > 0
      if (count === 0) return
      geometry.instanceCount = count
      if (buffer.data !== data) buffer.setDataWithSize(data, data.length, true)
      buffer.update(count * stride * 4)
    },
  }
}
