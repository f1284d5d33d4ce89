// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * Sixteen texels of one level into one of the level two above, four parents at a time.
 *
 * The weighted mean is divided in f32: numerators (< 2^21) and weights (<= 4,080) are exact there, a quotient that is
 * not whole is at least 1/4,080 below the next integer, and below 256 neighbouring f32 lie closer than 1/65,536.
 */
import { addAcross } from './whole.as'

const pageTexels: usize = 4_096
const parentCount: usize = 256
const coveragePlane: usize = 5

/** `page`: 6 planes x 4,096 texels; `target`: 6 planes x 256 texels. */
export function reducePlanes(page: usize, target: usize): void {
  const coverages = page + coveragePlane * pageTexels
  for (let parent: usize = 0; parent < parentCount; parent += 4) {
    const first = parent * 16
    const weights = weightsOf(coverages + first)
    for (let plane: usize = 0; plane < coveragePlane; plane++) {
      const sums = productsOf(coverages + first, page + plane * pageTexels + first)
      const rounded = i32x4.add(sums, i32x4.shr_u(weights, 1))
      const means = i32x4.trunc_sat_f32x4_s(f32x4.div(f32x4.convert_i32x4_s(rounded), f32x4.convert_i32x4_s(weights)))
      storeFour(target + plane * parentCount + parent, means)
    }
    const sixteenth = i32x4.shr_u(i32x4.add(weights, i32x4.splat(8)), 4)
    const covered = v128.andnot(i32x4.max_s(sixteenth, i32x4.splat(1)), i32x4.eq(weights, i32x4.splat(0)))
    storeFour(target + coveragePlane * parentCount + parent, covered)
  }
}

/** i32x4 of the sums of COV, one for each parent; 0 makes its means 0 / 0, which truncates to 0. */
function weightsOf(coverages: usize): v128 {
  return addAcross(
    addPairs(v128.load(coverages, 0)),
    addPairs(v128.load(coverages, 16)),
    addPairs(v128.load(coverages, 32)),
    addPairs(v128.load(coverages, 48)),
  )
}

function addPairs(bytes: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(bytes), i16x8.splat(1))
}

/** i32x4 of the sums of COV * value, one for each parent. */
function productsOf(coverages: usize, values: usize): v128 {
  return addAcross(
    multiply(v128.load(coverages, 0), v128.load(values, 0)),
    multiply(v128.load(coverages, 16), v128.load(values, 16)),
    multiply(v128.load(coverages, 32), v128.load(values, 32)),
    multiply(v128.load(coverages, 48), v128.load(values, 48)),
  )
}

/** Sixteen products of u8, added up in four lanes of i32. */
function multiply(a: v128, b: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(b)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(b)),
  )
}

/** Four lanes of 0 .. 255 as four bytes. */
function storeFour(target: usize, lanes: v128): void {
  const words = i16x8.narrow_i32x4_u(lanes, lanes)
  v128.store32_lane(target, i8x16.narrow_i16x8_u(words, words), 0)
}
