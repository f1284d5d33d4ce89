// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/** The sixteen level-2 texels of a block into their places on the packed page, and ENT of both levels. */
import { level2, level4 } from './memory.as'

const meanPlane: usize = level2 + 2_048
const zeroPlane: usize = level2 + 4_096
const printPlane: usize = level2 + 5_120
const highPlane: usize = level2 + 6_144
const coveragePlane: usize = level2 + 7_168

/** ENT of all texels of a block that own a byte, those whose lane in `owned` is -1; `entropy`: the block's, 0 .. 255. */
export function storeEntropy(block: usize, entropy: u32, owned: v128): void {
  const lanes = v128.and(i8x16.splat(u8((30 * entropy + 255) / 510)), owned)
  v128.store64_lane(level2 + block * 8, packNibbles(lanes), 0)
  store<u8>(level4 + block, u8(entropy))
}

/** All but ENT, one lane a texel: `mean` 0 .. 15, the shares 0 .. 3; bit i of `covered` is COV of texel i. */
export function storeTexels(block: usize, mean: v128, zero: v128, print: v128, high: v128, covered: u32): void {
  v128.store64_lane(meanPlane + block * 8, packNibbles(mean), 0)
  v128.store32_lane(zeroPlane + block * 4, packPairs(zero), 0)
  v128.store32_lane(printPlane + block * 4, packPairs(print), 0)
  v128.store32_lane(highPlane + block * 4, packPairs(high), 0)
  store<u16>(coveragePlane + block * 2, u16(covered))
}

/** Sixteen lanes of 0 .. 15 as 8 bytes, the first lane of two in the low nibble. */
function packNibbles(lanes: v128): v128 {
  const joined = v128.and(v128.or(lanes, i16x8.shr_u(lanes, 4)), i16x8.splat(0xff))
  return i8x16.narrow_i16x8_u(joined, joined)
}

/**
 * Sixteen lanes of 0 .. 3 as 4 bytes, the first lane of four in the lowest bits. The product moves lane i of four from
 * bit 8 i to bit 24 + 2 i; all other copies fall below bit 24 or beyond 32, each in bits of its own.
 */
function packPairs(lanes: v128): v128 {
  const moved = i32x4.mul(lanes, i32x4.splat((1 << 24) | (1 << 18) | (1 << 12) | (1 << 6)))
  return v128.shuffle<u8>(moved, moved, 3, 7, 11, 15, 3, 7, 11, 15, 3, 7, 11, 15, 3, 7, 11, 15)
}
