// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * The entropy of a block: count its bytes, sum the terms of the counts.
 *
 * Equal bytes in a row would make each increment wait for the one before, so four histograms take turns. The counts
 * are u8: a block of 256 equal bytes would overflow and must not come here. Sixteen increments are written out because
 * that is 1.6 times as fast as a loop of eight (measured).
 */
import { entropyTermPlanes, entropyTermTable, histograms } from './memory.as'

/** Counts the 256 bytes at `source`. */
export function countBlock(source: usize): void {
  for (let at = source, end = source + 256; at < end; at += 16) {
    let byte: usize = load<u8>(at, 0)
    store<u8>(byte, load<u8>(byte, histograms) + 1, histograms)
    byte = load<u8>(at, 1)
    store<u8>(byte, load<u8>(byte, histograms + 256) + 1, histograms + 256)
    byte = load<u8>(at, 2)
    store<u8>(byte, load<u8>(byte, histograms + 512) + 1, histograms + 512)
    byte = load<u8>(at, 3)
    store<u8>(byte, load<u8>(byte, histograms + 768) + 1, histograms + 768)
    byte = load<u8>(at, 4)
    store<u8>(byte, load<u8>(byte, histograms) + 1, histograms)
    byte = load<u8>(at, 5)
    store<u8>(byte, load<u8>(byte, histograms + 256) + 1, histograms + 256)
    byte = load<u8>(at, 6)
    store<u8>(byte, load<u8>(byte, histograms + 512) + 1, histograms + 512)
    byte = load<u8>(at, 7)
    store<u8>(byte, load<u8>(byte, histograms + 768) + 1, histograms + 768)
    byte = load<u8>(at, 8)
    store<u8>(byte, load<u8>(byte, histograms) + 1, histograms)
    byte = load<u8>(at, 9)
    store<u8>(byte, load<u8>(byte, histograms + 256) + 1, histograms + 256)
    byte = load<u8>(at, 10)
    store<u8>(byte, load<u8>(byte, histograms + 512) + 1, histograms + 512)
    byte = load<u8>(at, 11)
    store<u8>(byte, load<u8>(byte, histograms + 768) + 1, histograms + 768)
    byte = load<u8>(at, 12)
    store<u8>(byte, load<u8>(byte, histograms) + 1, histograms)
    byte = load<u8>(at, 13)
    store<u8>(byte, load<u8>(byte, histograms + 256) + 1, histograms + 256)
    byte = load<u8>(at, 14)
    store<u8>(byte, load<u8>(byte, histograms + 512) + 1, histograms + 512)
    byte = load<u8>(at, 15)
    store<u8>(byte, load<u8>(byte, histograms + 768) + 1, histograms + 768)
  }
}

/** Counts those of the 256 bytes at `source` whose byte at `owned` is not 0: at least one must be 0. */
export function countOwned(source: usize, owned: usize): void {
  for (let i: usize = 0; i < 256; i += 4) {
    let byte: usize = load<u8>(source + i, 0)
    store<u8>(byte, load<u8>(byte, histograms) + u8(load<u8>(owned + i, 0) !== 0), histograms)
    byte = load<u8>(source + i, 1)
    store<u8>(byte, load<u8>(byte, histograms + 256) + u8(load<u8>(owned + i, 1) !== 0), histograms + 256)
    byte = load<u8>(source + i, 2)
    store<u8>(byte, load<u8>(byte, histograms + 512) + u8(load<u8>(owned + i, 2) !== 0), histograms + 512)
    byte = load<u8>(source + i, 3)
    store<u8>(byte, load<u8>(byte, histograms + 768) + u8(load<u8>(owned + i, 3) !== 0), histograms + 768)
  }
}

/** ENT of the `count` bytes counted (1 .. 256), 0 .. 255; clears the histograms. */
export function takeEntropy(count: u32): u32 {
  const s = max<i32>(0, load<i32>(entropyTermTable + ((<usize>count) << 2)) - takeTerms())
  return min<u32>(255, u32((u64(s) * 255 + u64(count) * 262_144) / (u64(count) * 524_288)))
}

/**
 * The sum of the terms of all counts. Counts below 16 are looked up sixteen at a time, a byte plane of the terms after
 * the other (swizzle gives 0 for larger ones); at most sixteen counts are larger and are looked up one by one.
 */
function takeTerms(): i32 {
  const plane0 = v128.load(entropyTermPlanes)
  const plane1 = v128.load(entropyTermPlanes, 16)
  const plane2 = v128.load(entropyTermPlanes, 32)
  const zero = i8x16.splat(0)
  let sum0 = zero
  let sum1 = zero
  let sum2 = zero
  let larger: i32 = 0
  for (let at = histograms; at < histograms + 256; at += 16) {
    const counts = i8x16.add(
      i8x16.add(v128.load(at), v128.load(at, 256)),
      i8x16.add(v128.load(at, 512), v128.load(at, 768)),
    )
    // 16 + 0x70 is the least count to reach the highest bit.
    let lanes = i8x16.bitmask(i8x16.add_sat_u(counts, i8x16.splat(0x70)))
    if (lanes !== 0) {
      v128.store(at, counts)
      do {
        larger += load<i32>(entropyTermTable + ((<usize>load<u8>(at + ctz(lanes))) << 2))
        lanes &= lanes - 1
      } while (lanes !== 0)
    }
    v128.store(at, zero)
    v128.store(at, zero, 256)
    v128.store(at, zero, 512)
    v128.store(at, zero, 768)
    sum0 = i16x8.add(sum0, i16x8.extadd_pairwise_i8x16_u(i8x16.swizzle(plane0, counts)))
    sum1 = i16x8.add(sum1, i16x8.extadd_pairwise_i8x16_u(i8x16.swizzle(plane1, counts)))
    sum2 = i16x8.add(sum2, i16x8.extadd_pairwise_i8x16_u(i8x16.swizzle(plane2, counts)))
  }
  const one = i16x8.splat(1)
  const high = i32x4.add(i32x4.shl(i32x4.dot_i16x8_s(sum2, one), 8), i32x4.dot_i16x8_s(sum1, one))
  const sums = i32x4.add(i32x4.shl(high, 8), i32x4.dot_i16x8_s(sum0, one))
  const halves = i32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1))
  return larger + i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1)
}
