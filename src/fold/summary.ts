/**
 * The overview arithmetic that every node of the tree shares, whatever its height: 256 children give 256 x 256 texels,
 * 16 children fill a page of level 4k, the 16 pages reduce to the one page of level 4k + 2 that stands for the node, and
 * that page reduces to the 256 texels that its parent wants.
 *
 * Planes are planar: 6 x 4,096 texels in a page, 6 x 256 in a chunk (spec section 5).
 */
import { type Kernel, level4PageBytes, pageTexels, planeCount } from '../kernel/kernel.ts'

export const chunkTexels = 256
export const chunkBytes = planeCount * chunkTexels
const coveragePlane = planeCount - 1

/** Puts a chunk at place 0..15 of a page. */
export function patchPage(page: Uint8Array, place: number, chunk: Uint8Array): void {
  for (let plane = 0; plane < planeCount; plane++) {
    page.set(chunk.subarray(plane * chunkTexels, (plane + 1) * chunkTexels), plane * pageTexels + place * chunkTexels)
  }
}

/** The 6 x 256 texels, two levels up, of a page of 6 x 4,096. A fresh array. Overwrites the kernel's input. */
export function reducePage(kernel: Kernel, page: Uint8Array): Uint8Array {
  kernel.input.set(page.subarray(0, level4PageBytes))
  return kernel.reduce().slice(0, chunkBytes)
}

/** Nothing owned: such a page is not stored. */
export function isEmptyPage(page: Uint8Array): boolean {
  return (
    page.indexOf(0) === coveragePlane * pageTexels ||
    isZero(page.subarray(coveragePlane * pageTexels, planeCount * pageTexels))
  )
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}
