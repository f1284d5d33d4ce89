/**
 * The picture of a V2BR file: content along the Hilbert curve as RGBA8 rows, and back.
 *
 * The curve is the origin's, at the smallest order that holds the content. Even orders are those of a brick, odd ones
 * their transposition. Memory: one band of 256 rows when drawing, one tile when reading, whatever the size.
 */
import { pointToPosition, positionToPoint } from '../hilbert/curve.ts'
import { type Orientation, orientationAt, squareOrigin } from '../hilbert/orientation.ts'
import { createKernel, tileSide, tileSizeBytes } from '../kernel/kernel.ts'
import { v2brTexelBytes } from './v2br-header.ts'

/** Fills `target` with what begins at `start`: of content, or of a file. What lies beyond its end becomes zero. */
export type FillFrom = (start: number, target: Uint8Array) => void

/** Rows from the top, as bytes; each piece is overwritten by the next. All four channels are the byte. */
export function* drawTexture(order: number, content: FillFrom): Generator<Uint8Array> {
  if (order < tileOrder) {
    yield smallTexture(order, content)
    return
  }
  const side = 2 ** order
  const kernel = createKernel({ tileCapacity: 1 })
  const texels = new Uint32Array(side * tileSide)
  for (let top = 0; top < side; top += tileSide) {
    for (let left = 0; left < side; left += tileSide) {
      const tile = tileAt(order, { x: left, y: top })
      content(tile * tileSizeBytes, kernel.input)
      const folded = kernel.fold(0, orientationOf(order, tile))
      for (let y = 0; y < tileSide; y++) {
        for (let x = 0; x < tileSide; x++) texels[y * side + left + x] = (folded[y * tileSide + x] as number) * grey
      }
    }
    yield new Uint8Array(texels.buffer)
  }
}

/** Bytes of content [0, size) in pieces of at most a tile, each overwritten by the next. `texture`: offset 0 is the first texel. */
export function* readTexture(
  { order, size }: { readonly order: number; readonly size: number },
  texture: FillFrom,
): Generator<Uint8Array> {
  if (order < tileOrder) {
    yield smallContent(order, texture).subarray(0, size)
    return
  }
  const side = 2 ** order
  const kernel = createKernel({ tileCapacity: 1 })
  const row = new Uint8Array(tileSide * v2brTexelBytes)
  for (let tile = 0; tile * tileSizeBytes < size; tile++) {
    const { x: left, y: top } = originOf(order, tile)
    for (let y = 0; y < tileSide; y++) {
      texture(((top + y) * side + left) * v2brTexelBytes, row)
      for (let x = 0; x < tileSide; x++) kernel.input[y * tileSide + x] = row[x * v2brTexelBytes] as number
    }
    const content = kernel.unfold(0, orientationOf(order, tile))
    yield content.subarray(0, Math.min(tileSizeBytes, size - tile * tileSizeBytes))
  }
}

const tileOrder = 8
/** Times a byte: the same byte in each of four. */
const grey = 0x01010101

function smallTexture(order: number, content: FillFrom): Uint8Array {
  const bytes = new Uint8Array(4 ** order)
  content(0, bytes)
  const texture = new Uint8Array(bytes.length * v2brTexelBytes)
  for (const [position, byte] of bytes.entries()) {
    const at = texelOf(order, position) * v2brTexelBytes
    texture.fill(byte, at, at + v2brTexelBytes)
  }
  return texture
}

function smallContent(order: number, texture: FillFrom): Uint8Array {
  const texels = new Uint8Array(4 ** order * v2brTexelBytes)
  texture(0, texels)
  return Uint8Array.from({ length: 4 ** order }, (_, i) => texels[texelOf(order, i) * v2brTexelBytes] as number)
}

/** Row-major index of the texel that a byte is drawn as. */
function texelOf(order: number, position: number): number {
  const { x, y } = positionToPoint(position)
  return order % 2 === 0 ? y * 2 ** order + x : x * 2 ** order + y
}

/** The tile whose top-left texel that is. */
function tileAt(order: number, { x, y }: { readonly x: number; readonly y: number }): number {
  return Math.floor(pointToPosition(order % 2 === 0 ? { x, y } : { x: y, y: x }) / tileSizeBytes)
}

function originOf(order: number, tile: number): { readonly x: number; readonly y: number } {
  const { x, y } = squareOrigin({ position: tile * tileSizeBytes, order: tileOrder })
  return order % 2 === 0 ? { x, y } : { x: y, y: x }
}

/** Transposing is the orientation 1, and orientations combine by exclusive or. */
function orientationOf(order: number, tile: number): Orientation {
  return (orientationAt({ position: tile * tileSizeBytes, order: tileOrder }) ^ (order % 2)) as Orientation
}
