/**
 * Sizes and shapes of tiles and overview pages, and level 2 as bytes.
 *
 * Invariants: everything is in curve order and planar: entropy, mean byte, shares of zero, printable and high, coverage. A tile has 4,096 level-2
 * texels (one page) and 256 level-4 texels (a sixteenth of a page).
 */
import { assert } from '../base/assert.ts'

export const planeCount = 6

export const tileSizeBytes = 65_536
/** Of a tile folded, in bytes. */
export const tileSide = 256

/** Texels of an overview page of any level. */
export const pageTexels = 4_096
/** Of a page folded, in texels. */
export const pageSide = 64

/** Level-4 texels of one tile. */
export const tileBlocks = 256
/** Bytes that a level-4 texel sums up. */
export const blockSizeBytes = 256
/** Level-2 texels in a block, and level l texels in one of level l + 2. */
export const childCount = 16

/** From level 4 on: six planes of u8. */
export const level4PageBytes = planeCount * pageTexels

/** Bits of a texel in each plane of a level-2 page. */
export const level2Bits = [4, 4, 2, 2, 2, 1] as const
export const level2PageBytes = (pageTexels * 15) / 8
/** First byte of each plane in a level-2 page. */
export const level2Offsets = [0, 2_048, 4_096, 5_120, 6_144, 7_168] as const

/**
 * A level-2 page (7,680 bytes) as six planes of 4,096 u8 (24,576 bytes into `target`), scaled to 0 .. 255. Texel i of
 * a plane of b bits lies in byte i * b / 8, in the lowest bits that earlier texels of the byte have left.
 */
export function unpackLevel2(page: Uint8Array, target: Uint8Array): void {
  assert(page.length === level2PageBytes, 'a level-2 page has 7,680 bytes')
  assert(target.length >= level4PageBytes, 'six planes of 4,096 bytes need 24,576')
  for (let plane = 0; plane < planeCount; plane++) {
    const bits = level2Bits[plane] as number
    const offset = level2Offsets[plane] as number
    const end = offset + (pageTexels * bits) / 8
    const top = (1 << bits) - 1
    const scale = 255 / top
    let texel = plane * pageTexels
    for (let at = offset; at < end; at++) {
      const packed = page[at] as number
      for (let shift = 0; shift < 8; shift += bits) target[texel++] = ((packed >> shift) & top) * scale
    }
  }
}
