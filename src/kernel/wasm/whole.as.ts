// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * MEAN, ZERO, PRINT and HIGH of a block of 256 owned bytes, on both levels, without a branch.
 *
 * Sixteen texels are sixteen rows of sixteen bytes. Four rows at a time are summed across by adding neighbouring lanes
 * and narrowing two vectors into one, until a vector holds a sum for each row. Class members are counted as -1.
 */
import { level4, scratch } from './memory.as'
import { entropyLevel2, storeTexels } from './texels.as'

const sumRows: usize = scratch
const zeroRows: usize = scratch + 64
const printRows: usize = scratch + 128
const highRows: usize = scratch + 192

/** `entropy`: ENT of the block, 0 .. 255. */
export function describeWhole(source: usize, block: usize, entropy: u32): void {
  for (let group: usize = 0; group < 64; group += 16) {
    const rows = source + group * 4
    const a = v128.load(rows, 0)
    const b = v128.load(rows, 16)
    const c = v128.load(rows, 32)
    const d = v128.load(rows, 48)
    const zero = i8x16.splat(0)
    v128.store(sumRows + group, addBytes(a, b, c, d))
    v128.store(zeroRows + group, addHits(i8x16.eq(a, zero), i8x16.eq(b, zero), i8x16.eq(c, zero), i8x16.eq(d, zero)))
    v128.store(printRows + group, addHits(printable(a), printable(b), printable(c), printable(d)))
    v128.store(
      highRows + group,
      addHits(i8x16.lt_s(a, zero), i8x16.lt_s(b, zero), i8x16.lt_s(c, zero), i8x16.lt_s(d, zero)),
    )
  }
  const firstSums = i16x8.narrow_i32x4_u(v128.load(sumRows), v128.load(sumRows, 16))
  const lastSums = i16x8.narrow_i32x4_u(v128.load(sumRows, 32), v128.load(sumRows, 48))
  const zeros = joinHits(zeroRows)
  const prints = joinHits(printRows)
  const highs = joinHits(highRows)
  storeTexels(
    block,
    i8x16.splat(u8(entropyLevel2(entropy))),
    i8x16.narrow_i16x8_u(meansOf(firstSums), meansOf(lastSums)),
    sharesOf(zeros),
    sharesOf(prints),
    sharesOf(highs),
    0xffff,
  )
  storeBlock(block, entropy, i16x8.add(firstSums, lastSums), zeros, prints, highs)
}

/** -1 where the byte is 0x20 .. 0x7e or 0x09 .. 0x0d, else 0; a signed byte above 0x1f is below 0x80. */
export function printable(bytes: v128): v128 {
  const visible = v128.andnot(i8x16.gt_s(bytes, i8x16.splat(0x1f)), i8x16.eq(bytes, i8x16.splat(0x7f)))
  const blank = v128.and(i8x16.gt_s(bytes, i8x16.splat(0x08)), i8x16.lt_s(bytes, i8x16.splat(0x0e)))
  return v128.or(visible, blank)
}

/** Four rows of u8 -> i32x4 of their sums. */
function addBytes(a: v128, b: v128, c: v128, d: v128): v128 {
  const one = i16x8.splat(1)
  const ab = i16x8.narrow_i32x4_s(
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(a), one),
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(b), one),
  )
  const cd = i16x8.narrow_i32x4_s(
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(c), one),
    i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(d), one),
  )
  const halves = i16x8.narrow_i32x4_s(i32x4.dot_i16x8_s(ab, one), i32x4.dot_i16x8_s(cd, one))
  return i32x4.dot_i16x8_s(halves, one)
}

/** Four rows of 0 and -1 -> i16x8 of the sums of their halves. */
function addHits(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i8x16.narrow_i16x8_s(i16x8.extadd_pairwise_i8x16_s(a), i16x8.extadd_pairwise_i8x16_s(b))
  const cd = i8x16.narrow_i16x8_s(i16x8.extadd_pairwise_i8x16_s(c), i16x8.extadd_pairwise_i8x16_s(d))
  return i16x8.extadd_pairwise_i8x16_s(
    i8x16.narrow_i16x8_s(i16x8.extadd_pairwise_i8x16_s(ab), i16x8.extadd_pairwise_i8x16_s(cd)),
  )
}

/** What addHits gave for four times four rows -> how many each of the sixteen rows has, 0 .. 16. */
function joinHits(rows: usize): v128 {
  const first = i8x16.narrow_i16x8_s(v128.load(rows), v128.load(rows, 16))
  const last = i8x16.narrow_i16x8_s(v128.load(rows, 32), v128.load(rows, 48))
  return i8x16.neg(i8x16.narrow_i16x8_s(i16x8.extadd_pairwise_i8x16_s(first), i16x8.extadd_pairwise_i8x16_s(last)))
}

/** floor((sum + 136) / 272) = the level-2 MEAN of 16 bytes; 272 = 16 * 17, and x * 241 >> 12 = x / 17 for x < 4096. */
function meansOf(sums: v128): v128 {
  const sixteenths = i16x8.shr_u(i16x8.add(sums, i16x8.splat(136)), 4)
  return i16x8.shr_u(i16x8.mul(sixteenths, i16x8.splat(241)), 12)
}

/** floor((3 * count + 8) / 16) = the level-2 share of a class in 16 bytes. */
function sharesOf(counts: v128): v128 {
  const tripled = i8x16.add(i8x16.add(counts, counts), i8x16.add(counts, i8x16.splat(8)))
  return v128.and(i16x8.shr_u(tripled, 4), i8x16.splat(3))
}

/** The level-4 texel: floor((2 * sum + 256) / 512) and floor((510 * count + 256) / 512). */
function storeBlock(block: usize, entropy: u32, sums: v128, zeros: v128, prints: v128, highs: v128): void {
  const one = i16x8.splat(1)
  const sumParts = i32x4.dot_i16x8_s(sums, one)
  const zeroParts = i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(zeros), one)
  const printParts = i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(prints), one)
  const highParts = i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(highs), one)
  const totals = addAcross(sumParts, zeroParts, printParts, highParts)
  const values = i32x4.shr_u(i32x4.add(i32x4.mul(totals, i32x4(1, 255, 255, 255)), i32x4.splat(128)), 8)
  store<u8>(level4 + block, u8(entropy))
  v128.store8_lane(level4 + block, values, 0, 256)
  v128.store8_lane(level4 + block, values, 4, 512)
  v128.store8_lane(level4 + block, values, 8, 768)
  v128.store8_lane(level4 + block, values, 12, 1_024)
  store<u8>(level4 + block, 255, 1_280)
}

/** Four vectors of i32x4 -> one of their sums. */
export function addAcross(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
}
