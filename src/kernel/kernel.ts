/**
 * The tile kernels: fold, unfold, describe, reduce, by WASM with SIMD; equal to reference.ts bit for bit.
 *
 * A kernel owns its memory. Its views never move and are overwritten by the next call that writes them: a caller that
 * keeps a result copies it. Not for use by two threads at once; each makes its own.
 */
import { assert } from '../base/assert.ts'
import type { Orientation } from '../hilbert/orientation.ts'
import { decodeBase64 } from './base64.ts'
import { entropyTerms } from './entropy-table.ts'
import { type FoldTables, foldTables } from './fold-tables.ts'
import { level2PageBytes, pageTexels, planeCount, tileBlocks, tileSizeBytes } from './pages.ts'
import { wasmBase64 } from './wasm-bytes.ts'

export {
  level2PageBytes,
  level4PageBytes,
  pageSide,
  pageTexels,
  planeCount,
  tileSide,
  tileSizeBytes,
  unpackLevel2,
} from './pages.ts'

export interface Kernel {
  /** tileCapacity x 65,536 bytes in curve order, to be written by the caller. */
  readonly input: Uint8Array<ArrayBuffer>
  /** 65,536 bytes, to be written by the caller: not 0 where the byte of the tile described with 'mask' is owned. */
  readonly mask: Uint8Array<ArrayBuffer>
  /** Written by describe: the tile's level-2 page, 7,680 bytes. */
  readonly level2: Uint8Array<ArrayBuffer>
  /** Written by describe: 6 planes x 256 texels of level 4. */
  readonly level4: Uint8Array<ArrayBuffer>
  /** Written by all others, which return the part that they wrote; 65,536 bytes. */
  readonly output: Uint8Array<ArrayBuffer>
  /** Levels 2 and 4 of the tile; only owned bytes count. */
  describe(tileIndex: number, owned: 'all' | 'mask'): void
  /** Curve order -> 256 x 256 row-major. */
  fold(tileIndex: number, orientation: Orientation): Uint8Array<ArrayBuffer>
  /** 256 x 256 row-major -> curve order. */
  unfold(tileIndex: number, orientation: Orientation): Uint8Array<ArrayBuffer>
  /** 4,096 texels of plane `planeIndex` (default 0, at most 15) of the page at the start of input -> 64 x 64 row-major. */
  foldPlane(orientation: Orientation, planeIndex?: number): Uint8Array<ArrayBuffer>
  /** 256 texels at the start of input -> 16 x 16 row-major. */
  foldBlocks(orientation: Orientation): Uint8Array<ArrayBuffer>
  /** The page at the start of input, 6 planes x 4,096 texels of a level >= 4 -> 6 x 256 texels of the level two above. */
  reduce(): Uint8Array<ArrayBuffer>
}

/** 1 GiB of input. */
export const tileCapacityMax = 16_384

/** Throws where the engine has no WASM SIMD or no memory for `tileCapacity` (1 .. tileCapacityMax) tiles. */
export function createKernel({ tileCapacity }: { tileCapacity: number }): Kernel {
  assert(
    Number.isInteger(tileCapacity) && tileCapacity >= 1 && tileCapacity <= tileCapacityMax,
    'a kernel has room for 1 .. 16,384 tiles',
  )
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(decodeBase64(wasmBase64)))
  const wasm = exports as unknown as WasmExports
  const inputAddress = wasm.input.value
  const sizeBytes = inputAddress + tileCapacity * tileSizeBytes
  wasm.memory.grow(Math.ceil((sizeBytes - wasm.memory.buffer.byteLength) / wasmPageBytes))
  const view = (start: number, length: number) => new Uint8Array(wasm.memory.buffer, start, length)
  writeTables(wasm)

  const output = view(wasm.output.value, tileSizeBytes)
  const plane = output.subarray(0, pageTexels)
  const sixteenth = output.subarray(0, tileBlocks)
  const reduced = output.subarray(0, planeCount * tileBlocks)
  const planeCountMax = tileSizeBytes / pageTexels

  function addressOf(tileIndex: number): number {
    assert(Number.isInteger(tileIndex) && tileIndex >= 0 && tileIndex < tileCapacity, 'a tile lies inside the capacity')
    return inputAddress + tileIndex * tileSizeBytes
  }

  return {
    input: view(inputAddress, tileCapacity * tileSizeBytes),
    mask: view(wasm.mask.value, tileSizeBytes),
    level2: view(wasm.level2.value, level2PageBytes),
    level4: view(wasm.level4.value, planeCount * tileBlocks),
    output,
    describe(tileIndex, owned) {
      if (owned === 'all') wasm.describeTile(addressOf(tileIndex))
      else wasm.describeMaskedTile(addressOf(tileIndex))
    },
    fold(tileIndex, orientation) {
      wasm.foldTile(addressOf(tileIndex), checked(orientation))
      return output
    },
    unfold(tileIndex, orientation) {
      wasm.unfoldTile(addressOf(tileIndex), checked(orientation))
      return output
    },
    foldPlane(orientation, planeIndex = 0) {
      assert(Number.isInteger(planeIndex) && planeIndex >= 0 && planeIndex < planeCountMax, 'a plane lies inside input')
      wasm.foldPlane(inputAddress + planeIndex * pageTexels, checked(orientation))
      return plane
    },
    foldBlocks(orientation) {
      wasm.foldSixteen(inputAddress, checked(orientation))
      return sixteenth
    },
    reduce() {
      wasm.reducePage()
      return reduced
    },
  }
}

/** What wasm/kernel.as.ts exports: addresses as globals, functions of addresses and orientations. */
interface WasmExports extends Record<keyof FoldTables | 'entropyTermTable' | 'entropyTermPlanes', { value: number }> {
  readonly memory: WebAssembly.Memory
  readonly input: { readonly value: number }
  readonly mask: { readonly value: number }
  readonly level2: { readonly value: number }
  readonly level4: { readonly value: number }
  readonly output: { readonly value: number }
  describeTile(tile: number): void
  describeMaskedTile(tile: number): void
  foldTile(tile: number, turn: number): void
  unfoldTile(tile: number, turn: number): void
  foldPlane(source: number, turn: number): void
  foldSixteen(source: number, turn: number): void
  reducePage(): void
}

const wasmPageBytes = 65_536
/** Counts whose terms are looked up by byte planes. */
const planeTermCount = 16

function writeTables(wasm: WasmExports): void {
  const memory = new Uint8Array(wasm.memory.buffer)
  for (const [name, table] of Object.entries(foldTables())) memory.set(table, wasm[name as keyof FoldTables].value)
  const terms = new DataView(wasm.memory.buffer, wasm.entropyTermTable.value)
  entropyTerms.forEach((term, count) => {
    terms.setUint32(4 * count, term, true)
    if (count >= planeTermCount) return
    for (let plane = 0; plane < 3; plane++) {
      memory[wasm.entropyTermPlanes.value + plane * planeTermCount + count] = (term >> (8 * plane)) & 255
    }
  })
}

function checked(orientation: Orientation): Orientation {
  assert(orientation === 0 || orientation === 1 || orientation === 2 || orientation === 3, 'there are 4 orientations')
  return orientation
}
