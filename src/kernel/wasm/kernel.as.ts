// @ts-nocheck AssemblyScript: compiled by build.mjs, not by tsc.
/**
 * The tile kernels for WASM with SIMD: what kernel.ts calls. Equal to ../reference.ts bit for bit.
 *
 * No allocation, no static data: everything has its fixed place (memory.as.ts). Addresses given by the caller are
 * multiples of 65,536 inside `input`; nothing here checks them.
 */
import { countBlock, takeEntropy } from './entropy.as'
import { foldBlocks, unfoldBlocks } from './fold.as'
import { input, level2, level4, mask, output, planeCells, planeTurns, tileCells, tileTurns } from './memory.as'
import { describePartial, describeUnowned } from './partial.as'
import { reducePlanes } from './reduce.as'
import { storeEntropy } from './texels.as'
import { describeWhole } from './whole.as'

export {
  entropyTermPlanes,
  entropyTermTable,
  foldLanes,
  input,
  level2,
  level4,
  mask,
  output,
  partOffsets,
  planeCells,
  planeTurns,
  tileCells,
  tileTurns,
  unfoldLanes,
} from './memory.as'

const tileSizeBytes: usize = 65_536
const blockCount: usize = 256
const blockSizeBytes: usize = 256

/** All bytes of the tile are owned. */
export function describeTile(tile: usize): void {
  if (isConstant(tile, tileSizeBytes)) {
    describeOwned(tile, 0)
    repeatFirstBlock()
    return
  }
  for (let block: usize = 0; block < blockCount; block++) describeOwned(tile + block * blockSizeBytes, block)
}

/** The bytes of the tile are owned where those of `mask` are not 0. */
export function describeMaskedTile(tile: usize): void {
  for (let block: usize = 0; block < blockCount; block++) {
    const source = tile + block * blockSizeBytes
    const owned = mask + block * blockSizeBytes
    let any = i8x16.splat(0)
    let all = i8x16.splat(-1)
    for (let at = owned; at < owned + blockSizeBytes; at += 16) {
      const bytes = v128.load(at)
      any = v128.or(any, bytes)
      all = i8x16.min_u(all, bytes)
    }
    if (i8x16.all_true(all)) describeOwned(source, block)
    else if (v128.any_true(any)) describePartial(source, owned, block)
    else describeUnowned(block)
  }
}

/** Curve order -> row-major, into `output`. */
export function foldTile(tile: usize, turn: usize): void {
  foldBlocks(tile, output, 256, tileCells + turn * 256, tileTurns + turn * 256, 256)
}

/** Row-major -> curve order, into `output`. */
export function unfoldTile(tile: usize, turn: usize): void {
  unfoldBlocks(tile, output, 256, tileCells + turn * 256, tileTurns + turn * 256, 256)
}

/** 64 x 64 from `source`, any address, into `output`. */
export function foldPlane(source: usize, turn: usize): void {
  foldBlocks(source, output, 64, planeCells + turn * 16, planeTurns + turn * 16, 16)
}

/** 16 x 16 from `source`, any address, into `output`. */
export function foldSixteen(source: usize, turn: usize): void {
  foldBlocks(source, output, 16, planeCells, planeTurns + turn * 16, 1)
}

/** The page at the start of `input`, into `output`. */
export function reducePage(): void {
  reducePlanes(input, output)
}

function describeOwned(source: usize, block: usize): void {
  let entropy: u32 = 0
  if (!isConstant(source, blockSizeBytes)) {
    countBlock(source)
    entropy = takeEntropy(u32(blockSizeBytes))
  }
  storeEntropy(block, entropy, i8x16.splat(-1))
  describeWhole(source, block)
}

function isConstant(source: usize, length: usize): bool {
  const first = i8x16.splat(load<i8>(source))
  for (let at = source; at < source + length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(at), first))) return false
  }
  return true
}

/** All texels of the tile are those of its first block. */
function repeatFirstBlock(): void {
  for (let plane: usize = 0; plane < 6; plane++) {
    const texels = level4 + plane * 256
    memory.fill(texels, load<u8>(texels), 256)
  }
  memory.fill(level2, load<u8>(level2), 2_048)
  memory.fill(level2 + 2_048, load<u8>(level2, 2_048), 2_048)
  memory.fill(level2 + 4_096, load<u8>(level2, 4_096), 1_024)
  memory.fill(level2 + 5_120, load<u8>(level2, 5_120), 1_024)
  memory.fill(level2 + 6_144, load<u8>(level2, 6_144), 1_024)
  memory.fill(level2 + 7_168, 0xff, 512)
}
