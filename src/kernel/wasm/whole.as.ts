// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * MEAN, ZERO, PRINT and HIGH of a block of 256 owned bytes, on both levels, without a branch.
 *
 * Sixteen texels are sixteen rows of sixteen bytes. Eight rows are transposed as words (pairs of bytes), so that a row
 * is one lane of eight vectors and all its sums are additions of whole vectors; the last addition joins the pairs.
 */
import { level4, scratch } from './memory.as'
import { storeTexels } from './texels.as'

/** One vector for the upper eight rows, one for the lower: i16x8 of sums, i8x16 of how many in either half of a pair. */
const sums: usize = scratch
const zeros: usize = scratch + 32
const prints: usize = scratch + 64
const highs: usize = scratch + 96
const lower: usize = 16

/**
 * 0x20 .. 0x7e and 0x09 .. 0x0d as signed ranges: what to add so that the range begins at -128, and where it then ends.
 * In memory, because the engine would build a constant vector anew at each use.
 */
const printRanges: usize = memory.data<u8>([0x60, 0xdf, 0x77, 0x85])

/** All but ENT. */
export function describeWhole(source: usize, block: usize): void {
  clearCounts()
  countHalf(source, 0)
  countHalf(source + 128, lower)
  const upperSums = v128.load(sums)
  const lowerSums = v128.load(sums, lower)
  const zeroCounts = rowCounts(zeros)
  const printCounts = rowCounts(prints)
  const highCounts = rowCounts(highs)
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

function clearCounts(): void {
  const zero = i8x16.splat(0)
  for (let at = scratch; at < scratch + 128; at += 16) v128.store(at, zero)
}

/** The first round of transposing for eight rows; `half`: 0 or `lower`. */
function countHalf(rows: usize, half: usize): void {
  const a = v128.load(rows, 0)
  const b = v128.load(rows, 16)
  const c = v128.load(rows, 32)
  const d = v128.load(rows, 48)
  const e = v128.load(rows, 64)
  const f = v128.load(rows, 80)
  const g = v128.load(rows, 96)
  const h = v128.load(rows, 112)
  countWords(interleaveFirst(a, e), interleaveFirst(b, f), interleaveFirst(c, g), interleaveFirst(d, h), half)
  countWords(interleaveLast(a, e), interleaveLast(b, f), interleaveLast(c, g), interleaveLast(d, h), half)
}

/** The second and third round for half of the words; then each vector has one word of every row. */
function countWords(ae: v128, bf: v128, cg: v128, dh: v128, half: usize): void {
  const acegFirst = interleaveFirst(ae, cg)
  const acegLast = interleaveLast(ae, cg)
  const bdfhFirst = interleaveFirst(bf, dh)
  const bdfhLast = interleaveLast(bf, dh)
  const w0 = interleaveFirst(acegFirst, bdfhFirst)
  const w1 = interleaveLast(acegFirst, bdfhFirst)
  const w2 = interleaveFirst(acegLast, bdfhLast)
  const w3 = interleaveLast(acegLast, bdfhLast)
  const sum01 = i16x8.add(i16x8.extadd_pairwise_i8x16_u(w0), i16x8.extadd_pairwise_i8x16_u(w1))
  const sum23 = i16x8.add(i16x8.extadd_pairwise_i8x16_u(w2), i16x8.extadd_pairwise_i8x16_u(w3))
  v128.store(sums + half, i16x8.add(v128.load(sums + half), i16x8.add(sum01, sum23)))
  const zero = i8x16.splat(0)
  addHits(zeros + half, i8x16.eq(w0, zero), i8x16.eq(w1, zero), i8x16.eq(w2, zero), i8x16.eq(w3, zero))
  addHits(highs + half, i8x16.lt_s(w0, zero), i8x16.lt_s(w1, zero), i8x16.lt_s(w2, zero), i8x16.lt_s(w3, zero))
  for (let range = printRanges; range < printRanges + 4; range += 2) {
    const shift = v128.load8_splat(range, 0)
    const end = v128.load8_splat(range, 1)
    addHits(
      prints + half,
      i8x16.lt_s(i8x16.add(w0, shift), end),
      i8x16.lt_s(i8x16.add(w1, shift), end),
      i8x16.lt_s(i8x16.add(w2, shift), end),
      i8x16.lt_s(i8x16.add(w3, shift), end),
    )
  }
}

/** Adds the hits (-1) in four vectors to the counts at `counts`. */
function addHits(counts: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(counts, i8x16.sub(v128.load(counts), i8x16.add(i8x16.add(a, b), i8x16.add(c, d))))
}

/** The counts of all sixteen rows at `counts` as u8. */
function rowCounts(counts: usize): v128 {
  return i8x16.narrow_i16x8_u(
    i16x8.extadd_pairwise_i8x16_u(v128.load(counts)),
    i16x8.extadd_pairwise_i8x16_u(v128.load(counts, lower)),
  )
}

function interleaveFirst(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
}

function interleaveLast(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
}

/** floor((sum + 136) / 272) = the level-2 MEAN of 16 bytes; 272 = 16 * 17, and x * 241 >> 12 = x / 17 for x < 4096. */
function meansOf(rowSums: v128): v128 {
  const sixteenths = i16x8.shr_u(i16x8.add(rowSums, i16x8.splat(136)), 4)
  return i16x8.shr_u(i16x8.mul(sixteenths, i16x8.splat(241)), 12)
}

/** floor((3 * count + 8) / 16) = the level-2 share of a class in 16 bytes. */
function sharesOf(counts: v128): v128 {
  const tripled = i8x16.add(i8x16.add(counts, counts), i8x16.add(counts, i8x16.splat(8)))
  return v128.and(i16x8.shr_u(tripled, 4), i8x16.splat(3))
}

/** The level-4 texel: floor((2 * sum + 256) / 512) and floor((510 * count + 256) / 512). */
function storeBlock(block: usize, rowSums: v128, zeroCounts: v128, printCounts: v128, highCounts: v128): void {
  const one = i16x8.splat(1)
  const totals = addAcross(
    i32x4.dot_i16x8_s(rowSums, one),
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(zeroCounts), one),
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(printCounts), one),
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(highCounts), one),
  )
  const values = i32x4.shr_u(i32x4.add(i32x4.mul(totals, i32x4(1, 255, 255, 255)), i32x4.splat(128)), 8)
  const texel = level4 + block
  v128.store8_lane(texel, values, 0, 256)
  v128.store8_lane(texel, values, 4, 512)
  v128.store8_lane(texel, values, 8, 768)
  v128.store8_lane(texel, values, 12, 1_024)
  store<u8>(texel, 255, 1_280)
}

/** Four vectors of i32x4 -> one of their sums. */
export function addAcross(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
}
