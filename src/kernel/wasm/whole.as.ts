// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * MEAN, ZERO, PRINT and HIGH of a block of 256 owned bytes, on both levels, without a branch.
 *
 * Sixteen texels are sixteen rows of sixteen bytes. Eight rows are transposed as words (pairs of bytes), so that a row
 * is one lane of eight vectors and all its sums are additions of whole vectors; the last addition joins the pairs.
 */
import { level4, scratch } from './memory.as'
import { storeTexels } from './texels.as'

/** i16x8 of eight rows each, of the upper and of the lower half of the block. */
const sums: usize = scratch
const zeros: usize = scratch + 32
const prints: usize = scratch + 64
const highs: usize = scratch + 96
const halfOffset: usize = 16

/**
 * 0x20 .. 0x7e and 0x09 .. 0x0d as signed ranges: what to add so that the range begins at -128, and where it then ends.
 * In memory, because the engine would build a constant vector anew at each use.
 */
const printRanges: usize = memory.data<u8>([0x60, 0xdf, 0x77, 0x85])

/** All but ENT. */
export function describeWhole(source: usize, block: usize): void {
  countHalf(source, 0)
  countHalf(source + 128, halfOffset)
  const upperSums = v128.load(sums)
  const lowerSums = v128.load(sums, halfOffset)
  const zeroCounts = i8x16.narrow_i16x8_u(v128.load(zeros), v128.load(zeros, halfOffset))
  const printCounts = i8x16.narrow_i16x8_u(v128.load(prints), v128.load(prints, halfOffset))
  const highCounts = i8x16.narrow_i16x8_u(v128.load(highs), v128.load(highs, halfOffset))
  storeTexels(
    block,
    i8x16.narrow_i16x8_u(meansOf(upperSums), meansOf(lowerSums)),
    sharesOf(zeroCounts),
    sharesOf(printCounts),
    sharesOf(highCounts),
    0xffff,
  )
  storeBlock(block, i16x8.add(upperSums, lowerSums), zeroCounts, printCounts, highCounts)
}

/** Transposes eight rows of eight words in three rounds, then counts. */
function countHalf(rows: usize, half: usize): void {
  const a0 = interleaveFirst(v128.load(rows, 0), v128.load(rows, 64))
  const a1 = interleaveLast(v128.load(rows, 0), v128.load(rows, 64))
  const a2 = interleaveFirst(v128.load(rows, 16), v128.load(rows, 80))
  const a3 = interleaveLast(v128.load(rows, 16), v128.load(rows, 80))
  const a4 = interleaveFirst(v128.load(rows, 32), v128.load(rows, 96))
  const a5 = interleaveLast(v128.load(rows, 32), v128.load(rows, 96))
  const a6 = interleaveFirst(v128.load(rows, 48), v128.load(rows, 112))
  const a7 = interleaveLast(v128.load(rows, 48), v128.load(rows, 112))
  const b0 = interleaveFirst(a0, a4)
  const b1 = interleaveLast(a0, a4)
  const b2 = interleaveFirst(a1, a5)
  const b3 = interleaveLast(a1, a5)
  const b4 = interleaveFirst(a2, a6)
  const b5 = interleaveLast(a2, a6)
  const b6 = interleaveFirst(a3, a7)
  const b7 = interleaveLast(a3, a7)
  const c0 = interleaveFirst(b0, b4)
  const c1 = interleaveLast(b0, b4)
  const c2 = interleaveFirst(b1, b5)
  const c3 = interleaveLast(b1, b5)
  const c4 = interleaveFirst(b2, b6)
  const c5 = interleaveLast(b2, b6)
  const c6 = interleaveFirst(b3, b7)
  const c7 = interleaveLast(b3, b7)
  v128.store(sums + half, addBytes(c0, c1, c2, c3, c4, c5, c6, c7))
  v128.store(zeros + half, countZeros(c0, c1, c2, c3, c4, c5, c6, c7))
  v128.store(prints + half, countPrints(c0, c1, c2, c3, c4, c5, c6, c7))
  v128.store(highs + half, countHighs(c0, c1, c2, c3, c4, c5, c6, c7))
}

function interleaveFirst(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
}

function interleaveLast(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
}

function addBytes(c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128): v128 {
  let sum = i16x8.add(i16x8.extadd_pairwise_i8x16_u(c0), i16x8.extadd_pairwise_i8x16_u(c1))
  sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(c2))
  sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(c3))
  sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(c4))
  sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(c5))
  sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(c6))
  return i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(c7))
}

function countZeros(c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128): v128 {
  const zero = i8x16.splat(0)
  let count = i8x16.sub(zero, i8x16.eq(c0, zero))
  count = i8x16.sub(count, i8x16.eq(c1, zero))
  count = i8x16.sub(count, i8x16.eq(c2, zero))
  count = i8x16.sub(count, i8x16.eq(c3, zero))
  count = i8x16.sub(count, i8x16.eq(c4, zero))
  count = i8x16.sub(count, i8x16.eq(c5, zero))
  count = i8x16.sub(count, i8x16.eq(c6, zero))
  count = i8x16.sub(count, i8x16.eq(c7, zero))
  return i16x8.extadd_pairwise_i8x16_u(count)
}

function countPrints(c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128, c6: v128, c7: v128): v128 {
  let count = countRange(i8x16.splat(0), 0, c0, c1, c2, c3, c4, c5, c6, c7)
  count = countRange(count, 2, c0, c1, c2, c3, c4, c5, c6, c7)
  return i16x8.extadd_pairwise_i8x16_u(count)
}
