// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * Fold and unfold: between curve order and row-major.
 *
 * A square is laid in blocks of 16 x 16 (256 consecutive bytes). Four of a block's 4 x 4 parts (16 consecutive bytes
 * each) are put in row-major order by a swizzle and then transposed as a 4 x 4 matrix of 32-bit lanes, which gives four
 * whole rows of 16: each byte is loaded once and stored once, 16 at a time.
 */
import { foldLanes, partOffsets, unfoldLanes } from './memory.as'

const blockSizeBytes: usize = 256
const blockSide: usize = 16

/** `cells`, `turns`: where the blocks lie in the square and how, one byte each. `stride`: side of the square. */
export function foldBlocks(
  source: usize,
  target: usize,
  stride: usize,
  cells: usize,
  turns: usize,
  blockCount: usize,
): void {
  for (let block: usize = 0; block < blockCount; block++) {
    const corner = target + cornerOffset(load<u8>(cells + block), stride)
    foldBlock(source + block * blockSizeBytes, corner, stride, load<u8>(turns + block))
  }
}

/** Inverse of foldBlocks: `source` is row-major. */
export function unfoldBlocks(
  source: usize,
  target: usize,
  stride: usize,
  cells: usize,
  turns: usize,
  blockCount: usize,
): void {
  for (let block: usize = 0; block < blockCount; block++) {
    const corner = source + cornerOffset(load<u8>(cells + block), stride)
    unfoldBlock(corner, target + block * blockSizeBytes, stride, load<u8>(turns + block))
  }
}

function cornerOffset(cell: usize, stride: usize): usize {
  return (cell >> 4) * blockSide * stride + (cell & 15) * blockSide
}

function foldBlock(source: usize, target: usize, stride: usize, turn: usize): void {
  let offsets = partOffsets + turn * 16
  let lanes = foldLanes + turn * 256
  let row = target
  for (const end = target + blockSide * stride; row < end; row += stride) {
    const a = i8x16.swizzle(v128.load(source + load<u8>(offsets, 0)), v128.load(lanes, 0))
    const b = i8x16.swizzle(v128.load(source + load<u8>(offsets, 1)), v128.load(lanes, 16))
    const c = i8x16.swizzle(v128.load(source + load<u8>(offsets, 2)), v128.load(lanes, 32))
    const d = i8x16.swizzle(v128.load(source + load<u8>(offsets, 3)), v128.load(lanes, 48))
    const abTop = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
    const abLow = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
    const cdTop = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
    const cdLow = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
    v128.store(row, v128.shuffle<i64>(abTop, cdTop, 0, 2))
    row += stride
    v128.store(row, v128.shuffle<i64>(abTop, cdTop, 1, 3))
    row += stride
    v128.store(row, v128.shuffle<i64>(abLow, cdLow, 0, 2))
    row += stride
    v128.store(row, v128.shuffle<i64>(abLow, cdLow, 1, 3))
    offsets += 4
    lanes += 64
  }
}

function unfoldBlock(source: usize, target: usize, stride: usize, turn: usize): void {
  let offsets = partOffsets + turn * 16
  let lanes = unfoldLanes + turn * 256
  let row = source
  for (const end = source + blockSide * stride; row < end; row += stride) {
    const top = v128.load(row)
    row += stride
    const second = v128.load(row)
    row += stride
    const third = v128.load(row)
    row += stride
    const low = v128.load(row)
    const abTop = v128.shuffle<i32>(top, second, 0, 4, 1, 5)
    const abLow = v128.shuffle<i32>(third, low, 0, 4, 1, 5)
    const cdTop = v128.shuffle<i32>(top, second, 2, 6, 3, 7)
    const cdLow = v128.shuffle<i32>(third, low, 2, 6, 3, 7)
    const a = v128.shuffle<i64>(abTop, abLow, 0, 2)
    const b = v128.shuffle<i64>(abTop, abLow, 1, 3)
    const c = v128.shuffle<i64>(cdTop, cdLow, 0, 2)
    const d = v128.shuffle<i64>(cdTop, cdLow, 1, 3)
    v128.store(target + load<u8>(offsets, 0), i8x16.swizzle(a, v128.load(lanes, 0)))
    v128.store(target + load<u8>(offsets, 1), i8x16.swizzle(b, v128.load(lanes, 16)))
    v128.store(target + load<u8>(offsets, 2), i8x16.swizzle(c, v128.load(lanes, 32)))
    v128.store(target + load<u8>(offsets, 3), i8x16.swizzle(d, v128.load(lanes, 48)))
    offsets += 4
    lanes += 64
  }
}
