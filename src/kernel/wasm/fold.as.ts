// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * Fold and unfold: between curve order and row-major.
 *
 * A square is laid in blocks of 16 x 16 (256 consecutive bytes). Four of a block's 4 x 4 parts (16 consecutive bytes
 * each) are put in row-major order by a swizzle and then transposed as a 4 x 4 matrix of 32-bit lanes, which gives four
 * whole rows of 16: each byte is loaded once and stored once, 16 at a time.
 *
 * Fold has the order of the parts written out for each orientation of a block: with offsets that are constants and the
 * four kinds of lanes in registers it is 1.5 times as fast as by tables (measured). It reads strictly forwards; loads
 * ahead of that, of input or of output, disturb the processor's own prefetching and make it slower (measured).
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
  const lanes0 = v128.load(foldLanes, 0)
  const lanes1 = v128.load(foldLanes, 16)
  const lanes2 = v128.load(foldLanes, 32)
  const lanes3 = v128.load(foldLanes, 48)
  const rows4 = 4 * stride
  const rows8 = 8 * stride
  const rows12 = 12 * stride
  for (let block: usize = 0; block < blockCount; block++) {
    const from = source + block * blockSizeBytes
    const to = target + cornerOffset(load<u8>(cells + block), stride)
    switch (load<u8>(turns + block)) {
      case 0:
        storeRows(to, stride, from, lanes0, from + 16, lanes1, from + 224, lanes2, from + 240, lanes0)
        storeRows(to + rows4, stride, from + 48, lanes3, from + 32, lanes1, from + 208, lanes2, from + 192, lanes3)
        storeRows(to + rows8, stride, from + 64, lanes1, from + 112, lanes2, from + 128, lanes1, from + 176, lanes2)
        storeRows(to + rows12, stride, from + 80, lanes0, from + 96, lanes0, from + 144, lanes0, from + 160, lanes0)
        break
      case 1:
        storeRows(to, stride, from, lanes1, from + 48, lanes2, from + 64, lanes0, from + 80, lanes1)
        storeRows(to + rows4, stride, from + 16, lanes0, from + 32, lanes0, from + 112, lanes3, from + 96, lanes1)
        storeRows(to + rows8, stride, from + 224, lanes3, from + 208, lanes3, from + 128, lanes0, from + 144, lanes1)
        storeRows(to + rows12, stride, from + 240, lanes1, from + 192, lanes2, from + 176, lanes3, from + 160, lanes1)
        break
      case 2:
        storeRows(to, stride, from + 160, lanes2, from + 176, lanes0, from + 192, lanes1, from + 240, lanes2)
        storeRows(to + rows4, stride, from + 144, lanes2, from + 128, lanes3, from + 208, lanes0, from + 224, lanes0)
        storeRows(to + rows8, stride, from + 96, lanes2, from + 112, lanes0, from + 32, lanes3, from + 16, lanes3)
        storeRows(to + rows12, stride, from + 80, lanes2, from + 64, lanes3, from + 48, lanes1, from, lanes2)
        break
      case 3:
        storeRows(to, stride, from + 160, lanes3, from + 144, lanes3, from + 96, lanes3, from + 80, lanes3)
        storeRows(to + rows4, stride, from + 176, lanes1, from + 128, lanes2, from + 112, lanes1, from + 64, lanes2)
        storeRows(to + rows8, stride, from + 192, lanes0, from + 208, lanes1, from + 32, lanes2, from + 48, lanes0)
        storeRows(to + rows12, stride, from + 240, lanes3, from + 224, lanes1, from + 16, lanes2, from, lanes3)
    }
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

/** The parts at a, b, c and d, each laid row-major by its lanes, side by side in four rows. Small enough to be inlined. */
function storeRows(
  row: usize,
  stride: usize,
  a: usize,
  aLanes: v128,
  b: usize,
  bLanes: v128,
  c: usize,
  cLanes: v128,
  d: usize,
  dLanes: v128,
): void {
  const first = i8x16.swizzle(v128.load(a), aLanes)
  const second = i8x16.swizzle(v128.load(b), bLanes)
  const third = i8x16.swizzle(v128.load(c), cLanes)
  const fourth = i8x16.swizzle(v128.load(d), dLanes)
  const leftTop = v128.shuffle<i32>(first, second, 0, 4, 1, 5)
  const leftLow = v128.shuffle<i32>(first, second, 2, 6, 3, 7)
  const rightTop = v128.shuffle<i32>(third, fourth, 0, 4, 1, 5)
  const rightLow = v128.shuffle<i32>(third, fourth, 2, 6, 3, 7)
  v128.store(row, v128.shuffle<i64>(leftTop, rightTop, 0, 2))
  v128.store(row + stride, v128.shuffle<i64>(leftTop, rightTop, 1, 3))
  v128.store(row + 2 * stride, v128.shuffle<i64>(leftLow, rightLow, 0, 2))
  v128.store(row + 3 * stride, v128.shuffle<i64>(leftLow, rightLow, 1, 3))
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
