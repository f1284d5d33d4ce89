/**
 * The tile kernels in plain TypeScript: the definition. The WASM twin (wasm/) equals it bit for bit.
 *
 * Every quotient of integers is exact in doubles: numerators stay below 2^36 and divisors below 2^28, so rounding the
 * division cannot reach the next integer.
 */
import { positionToPoint } from '../hilbert/curve.ts'
import { type Orientation, orient } from '../hilbert/orientation.ts'
import { entropyTerms } from './entropy-table.ts'
import {
  blockSizeBytes,
  childCount,
  level2Bits,
  level2Offsets,
  level2PageBytes,
  pageTexels,
  planeCount,
  tileBlocks,
} from './pages.ts'

/** A square of 4^order cells, one byte each: a tile (8), a plane of a page (6) or its sixteenth (4). */
export interface SquareCells {
  readonly cells: Uint8Array
  readonly order: 4 | 6 | 8
  readonly orientation: Orientation
}

/** Curve order -> row-major; a new array of 4^order bytes. */
export function foldSquare(square: SquareCells): Uint8Array {
  const folded = new Uint8Array(4 ** square.order)
  for (let i = 0; i < folded.length; i++) folded[rowMajorIndex(i, square)] = square.cells[i] as number
  return folded
}

/** Row-major -> curve order; a new array of 4^order bytes. */
export function unfoldSquare(square: SquareCells): Uint8Array {
  const unfolded = new Uint8Array(4 ** square.order)
  for (let i = 0; i < unfolded.length; i++) unfolded[i] = square.cells[rowMajorIndex(i, square)] as number
  return unfolded
}

function rowMajorIndex(position: number, { order, orientation }: SquareCells): number {
  const side = 2 ** order
  const { x, y } = orient({ ...positionToPoint(position), side, orientation })
  return y * side + x
}

export interface TileDescription {
  /** One page, 7,680 bytes. */
  readonly level2: Uint8Array
  /** 6 planes x 256 texels. */
  readonly level4: Uint8Array
}

/** `mask`: as long as the tile, not 0 where the byte is owned. */
export function describeTile(tile: Uint8Array, mask: Uint8Array): TileDescription {
  const level2 = new Uint8Array(level2PageBytes)
  const level4 = new Uint8Array(planeCount * tileBlocks)
  for (let block = 0; block < tileBlocks; block++) {
    const owned = ownedBytes({ tile, mask, start: block * blockSizeBytes, length: blockSizeBytes })
    const texel = describeBlock(owned)
    texel.forEach((value, plane) => {
      level4[plane * tileBlocks + block] = value
    })
    const entropy = texel[0] as number
    for (let child = 0; child < childCount; child++) {
      const index = block * childCount + child
      const values = describeSixteen(ownedBytes({ tile, mask, start: index * childCount, length: childCount }), entropy)
      values.forEach((value, plane) => {
        pack(level2, { plane, index, value })
      })
    }
  }
  return { level2, level4 }
}

interface MaskedRun {
  readonly tile: Uint8Array
  readonly mask: Uint8Array
  readonly start: number
  readonly length: number
}

function ownedBytes({ tile, mask, start, length }: MaskedRun): Uint8Array {
  return tile.subarray(start, start + length).filter((_, i) => mask[start + i] !== 0)
}

/** Level-4 texel of the owned bytes of a block, planes in order. */
function describeBlock(owned: Uint8Array): readonly number[] {
  const n = owned.length
  if (n === 0) return [0, 0, 0, 0, 0, 0]
  const counts = new Uint16Array(256)
  for (const byte of owned) counts[byte] = (counts[byte] as number) + 1
  const terms = counts.reduce((sum, count) => sum + (entropyTerms[count] as number), 0)
  const s = Math.max(0, (entropyTerms[n] as number) - terms)
  const entropy = Math.min(255, Math.floor((s * 255 + n * 262_144) / (n * 524_288)))
  const { sum, zero, print, high } = classify(owned)
  const share = (count: number) => Math.floor((510 * count + n) / (2 * n))
  const coverage = Math.max(1, Math.floor((510 * n + 256) / 512))
  return [entropy, Math.floor((2 * sum + n) / (2 * n)), share(zero), share(print), share(high), coverage]
}

/** Level-2 texel of the owned ones of 16 bytes, in the few bits of each plane. */
function describeSixteen(owned: Uint8Array, blockEntropy: number): readonly number[] {
  const n = owned.length
  if (n === 0) return [0, 0, 0, 0, 0, 0]
  const { sum, zero, print, high } = classify(owned)
  const entropy = Math.floor((30 * blockEntropy + 255) / 510)
  const mean = Math.floor((30 * sum + 255 * n) / (510 * n))
  const share = (count: number) => Math.floor((6 * count + n) / (2 * n))
  return [entropy, mean, share(zero), share(print), share(high), 1]
}

function classify(bytes: Uint8Array): { sum: number; zero: number; print: number; high: number } {
  let [sum, zero, print, high] = [0, 0, 0, 0]
  for (const byte of bytes) {
    sum += byte
    if (byte === 0) zero++
    if ((byte >= 0x20 && byte <= 0x7e) || (byte >= 0x09 && byte <= 0x0d)) print++
    if (byte >= 0x80) high++
  }
  return { sum, zero, print, high }
}

function pack(page: Uint8Array, { plane, index, value }: { plane: number; index: number; value: number }): void {
  const bit = index * (level2Bits[plane] as number)
  const at = (level2Offsets[plane] as number) + (bit >> 3)
  page[at] = (page[at] as number) | (value << (bit & 7))
}

/** A page of level l >= 4 (6 planes x 4,096 texels) -> its part of level l + 2: 6 planes x 256 texels. */
export function reducePage(page: Uint8Array): Uint8Array {
  const parentCount = pageTexels / childCount
  const coverage = page.subarray((planeCount - 1) * pageTexels)
  const reduced = new Uint8Array(planeCount * parentCount)
  for (let parent = 0; parent < parentCount; parent++) {
    const weights = coverage.subarray(parent * childCount, (parent + 1) * childCount)
    const weight = weights.reduce((sum, one) => sum + one, 0)
    if (weight === 0) continue
    for (let plane = 0; plane < planeCount - 1; plane++) {
      const values = page.subarray(plane * pageTexels + parent * childCount)
      const sum = weights.reduce((total, one, i) => total + one * (values[i] as number), 0)
      reduced[plane * parentCount + parent] = Math.floor((sum + Math.floor(weight / 2)) / weight)
    }
    reduced[(planeCount - 1) * parentCount + parent] = Math.max(1, (weight + 8) >> 4)
  }
  return reduced
}
