// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/** A block of which some bytes are owned and some are not, on both levels; and one of which none is. */
import { countOwned, takeEntropy } from './entropy.as'
import { level4, scratch } from './memory.as'
import { storeEntropy, storeTexels } from './texels.as'

/** One byte a texel; MEAN, then the shares. */
const means: usize = scratch
const zeroShares: usize = scratch + 16
const printShares: usize = scratch + 32
const highShares: usize = scratch + 48
const coverages: usize = scratch + 64

/** At least one byte of the block is owned (its byte at `owned` is not 0), and at least one is not. */
export function describePartial(source: usize, owned: usize, block: usize): void {
  let count: u32 = 0
  let sum: u32 = 0
  let zeros: u32 = 0
  let prints: u32 = 0
  let highs: u32 = 0
  for (let texel: usize = 0; texel < 16; texel++) {
    const none = i8x16.splat(0)
    const mask = i8x16.ne(v128.load(owned + texel * 16), none)
    const bytes = v128.and(v128.load(source + texel * 16), mask)
    const n = members(mask)
    const total = addBytes(bytes)
    const zero = n - members(i8x16.ne(bytes, none))
    const print = members(printable(bytes))
    const high = members(bytes)
    const divisor = max<u32>(1, n)
    store<u8>(means + texel, u8((30 * total + 255 * n) / (510 * divisor)))
    store<u8>(zeroShares + texel, u8((6 * zero + n) / (2 * divisor)))
    store<u8>(printShares + texel, u8((6 * print + n) / (2 * divisor)))
    store<u8>(highShares + texel, u8((6 * high + n) / (2 * divisor)))
    store<u8>(coverages + texel, n === 0 ? 0 : 0xff)
    count += n
    sum += total
    zeros += zero
    prints += print
    highs += high
  }
  const coverage = v128.load(coverages)
  storeTexels(
    block,
    v128.load(means),
    v128.load(zeroShares),
    v128.load(printShares),
    v128.load(highShares),
    i8x16.bitmask(coverage),
  )
  const texel = level4 + block
  store<u8>(texel, u8((2 * sum + count) / (2 * count)), 256)
  store<u8>(texel, u8((510 * zeros + count) / (2 * count)), 512)
  store<u8>(texel, u8((510 * prints + count) / (2 * count)), 768)
  store<u8>(texel, u8((510 * highs + count) / (2 * count)), 1_024)
  store<u8>(texel, u8(max<u32>(1, (510 * count + 256) / 512)), 1_280)
  countOwned(source, owned)
  storeEntropy(block, takeEntropy(count), coverage)
}

/** No byte is owned: all planes are 0. */
export function describeUnowned(block: usize): void {
  const zero = i8x16.splat(0)
  storeEntropy(block, 0, zero)
  storeTexels(block, zero, zero, zero, zero, 0)
  for (let plane: usize = 1; plane < 6; plane++) store<u8>(level4 + plane * 256 + block, 0)
}

/** How many lanes have their highest bit set. */
function members(lanes: v128): u32 {
  return popcnt(i8x16.bitmask(lanes))
}

/** The sum of sixteen u8. */
function addBytes(bytes: v128): u32 {
  const quarters = i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_u(bytes), i16x8.splat(1))
  const halves = i32x4.add(quarters, v128.shuffle<i32>(quarters, quarters, 2, 3, 0, 1))
  return i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1)
}

/** -1 where the byte is 0x20 .. 0x7e or 0x09 .. 0x0d, else 0; a signed byte above 0x1f is below 0x80. */
function printable(bytes: v128): v128 {
  const visible = v128.andnot(i8x16.gt_s(bytes, i8x16.splat(0x1f)), i8x16.eq(bytes, i8x16.splat(0x7f)))
  const blank = v128.and(i8x16.gt_s(bytes, i8x16.splat(0x08)), i8x16.lt_s(bytes, i8x16.splat(0x0e)))
  return v128.or(visible, blank)
}
