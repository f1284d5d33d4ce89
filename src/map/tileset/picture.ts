/**
 * Tiles as they come from the server (curve order) -> texels as they are drawn (picture order), by the kernel; where the
 * browser allows no WASM, by the kernel's plain definition, slower and equal.
 */
import type { Orientation } from '../../hilbert/orientation.ts'
import { createKernel, type Kernel, level4PageBytes, pageSide, pageTexels, unpackLevel2 } from '../../kernel/kernel.ts'
import { describeTile, foldSquare } from '../../kernel/reference.ts'
import { tileBytes } from '../../wire/api.ts'
import type { TilePayload } from './transport.ts'

export interface PictureMaker {
  readonly kind: 'wasm' | 'plain'
  /** `body`: tileBytes(level) bytes. The payload's buffers are new. */
  payload(options: { level: number; body: Uint8Array; orientation: Orientation }): TilePayload
}

/** Planes of a page in the order of the format: ENT MEAN ZERO PRINT HIGH COV -> byte in the texture's texel. */
const planePlaces = [
  { plane: 0, half: 0, channel: 0 },
  { plane: 1, half: 0, channel: 1 },
  { plane: 5, half: 0, channel: 2 },
  { plane: 2, half: 0, channel: 3 },
  { plane: 3, half: 1, channel: 0 },
  { plane: 4, half: 1, channel: 1 },
] as const

export function makePictures(): PictureMaker {
  const steps = wasmSteps() ?? plainSteps()
  return {
    kind: steps.kind,
    payload({ level, body, orientation }) {
      if (body.length !== tileBytes(level)) throw new RangeError(`a tile of level ${level} has ${body.length} bytes`)
      if (level === 0) return { kind: 'bytes', ...steps.foldTile(body, orientation) }
      return { kind: 'planes', texels: planeTexels(steps, level === 2 ? unpacked(body) : body, orientation) }
    },
  }
}

interface Steps {
  readonly kind: 'wasm' | 'plain'
  foldTile(tile: Uint8Array, orientation: Orientation): { bytes: Uint8Array; blockEntropy: Uint8Array }
  /** The result may be overwritten by the next call. */
  foldPlane(page: Uint8Array, plane: number, orientation: Orientation): Uint8Array
}

function wasmSteps(): Steps | undefined {
  let kernel: Kernel
  try {
    kernel = createKernel({ tileCapacity: 1 })
  } catch {
    return undefined
  }
  return {
    kind: 'wasm',
    foldTile(tile, orientation) {
      kernel.input.set(tile)
      const bytes = kernel.fold(0, orientation).slice()
      kernel.describe(0, 'all')
      kernel.input.set(kernel.level4.subarray(0, 256))
      return { bytes, blockEntropy: kernel.foldBlocks(orientation).slice() }
    },
    foldPlane(page, plane, orientation) {
      if (plane === 0) kernel.input.set(page)
      return kernel.foldPlane(orientation, plane)
    },
  }
}

function plainSteps(): Steps {
  const everything = new Uint8Array(tileBytes(0)).fill(1)
  return {
    kind: 'plain',
    foldTile(tile, orientation) {
      const entropy = describeTile(tile, everything).level4.subarray(0, 256)
      return {
        bytes: foldSquare({ cells: tile, order: 8, orientation }),
        blockEntropy: foldSquare({ cells: entropy, order: 4, orientation }),
      }
    },
    foldPlane(page, plane, orientation) {
      const cells = page.subarray(plane * pageTexels, (plane + 1) * pageTexels)
      return foldSquare({ cells, order: 6, orientation })
    },
  }
}

function unpacked(page: Uint8Array): Uint8Array {
  const planes = new Uint8Array(level4PageBytes)
  unpackLevel2(page, planes)
  return planes
}

/** Six planes -> RGBA texels, 128 x 64. */
function planeTexels(steps: Steps, page: Uint8Array, orientation: Orientation): Uint8Array {
  const texels = new Uint8Array(2 * pageTexels * 4)
  for (const { plane, half, channel } of planePlaces) {
    const folded = steps.foldPlane(page, plane, orientation)
    for (let row = 0; row < pageSide; row++) {
      let to = (row * 2 * pageSide + half * pageSide) * 4 + channel
      for (let at = row * pageSide; at < (row + 1) * pageSide; at++, to += 4) texels[to] = folded[at] as number
    }
  }
  return texels
}
