/**
 * How fast the tile kernels are, on real bytes: `node bench/kernel.ts`, and a part of `npm run bench`.
 *
 * 8 MiB of the Node executable, tile by tile; the best of several rounds, so that other load on the machine matters
 * less. Ratios are to memcpy of the same tiles in the same run; all of it fits into the caches of most machines
 * (kernel-ratio.ts measures beyond them).
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { createKernel, level4PageBytes, tileSizeBytes } from '../src/kernel/kernel.ts'
import { describeTile, foldSquare } from '../src/kernel/reference.ts'

const tileCount = 128
const roundCount = 15
const kernel = createKernel({ tileCapacity: tileCount })
const target = new Uint8Array(tileSizeBytes)

export interface Measured {
  readonly name: string
  readonly gigabytesPerSecond: number
}

/** The best of the rounds; `work` handles tiles [0, tiles). */
function measure(
  name: string,
  { tiles, tileBytes = tileSizeBytes }: { tiles: number; tileBytes?: number },
  work: (tile: number) => void,
): Measured {
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < roundCount; round++) {
    const startMs = performance.now()
    for (let tile = 0; tile < tiles; tile++) work(tile)
    bestMs = Math.min(bestMs, performance.now() - startMs)
  }
  return { name, gigabytesPerSecond: (tiles * tileBytes) / bestMs / 1e6 }
}

function tileOf(index: number): Uint8Array<ArrayBuffer> {
  return kernel.input.subarray(index * tileSizeBytes, (index + 1) * tileSizeBytes)
}

/** The textbook loop: every byte walks down the curve on its own. Row-major cells of 256 x 256 into `target`. */
export function naiveFold(tile: Uint8Array, target: Uint8Array): void {
  for (let position = 0; position < tileSizeBytes; position++) {
    let x = 0
    let y = 0
    let rest = position
    for (let side = 1; side < 256; side *= 2) {
      const right = 1 & (rest >> 1)
      const below = 1 & (rest ^ right)
      if (below === 0) {
        if (right === 1) {
          x = side - 1 - x
          y = side - 1 - y
        }
        const swapped = x
        x = y
        y = swapped
      }
      x += side * right
      y += side * below
      rest >>= 2
    }
    target[y * 256 + x] = tile[position] as number
  }
}

/** Bytes from the middle of the executable, where code and data are. */
function readExecutable(): void {
  const file = openSync(process.execPath, 'r')
  const start = Math.floor(statSync(process.execPath).size / 3)
  readSync(file, kernel.input, 0, kernel.input.length, start)
  closeSync(file)
}

export function measureKernels(): Measured[] {
  readExecutable()
  const all = { tiles: tileCount }
  const few = { tiles: 4 }
  const results: Measured[] = []
  results.push(measure('memcpy', all, (tile) => kernel.output.set(tileOf(tile))))
  results.push(measure('fold', all, (tile) => kernel.fold(tile, (tile & 3) as 0 | 1 | 2 | 3)))
  results.push(measure('unfold', all, (tile) => kernel.unfold(tile, (tile & 3) as 0 | 1 | 2 | 3)))
  results.push(measure('fold, reference', few, (tile) => foldSquare({ cells: tileOf(tile), order: 8, orientation: 0 })))
  results.push(measure('fold, naive', few, (tile) => naiveFold(tileOf(tile), target)))
  results.push(measure('describe, all owned', all, (tile) => kernel.describe(tile, 'all')))
  kernel.mask.fill(0xff)
  results.push(measure('describe, mask of ones', all, (tile) => kernel.describe(tile, 'mask')))
  kernel.mask.forEach((_, i) => {
    kernel.mask[i] = i % 1000 < 700 ? 0xff : 0
  })
  results.push(measure('describe, mask of small files', all, (tile) => kernel.describe(tile, 'mask')))
  kernel.mask.forEach((_, i) => {
    kernel.mask[i] = i % 256 === 0 ? 0 : 0xff
  })
  results.push(measure('describe, every block partly owned', all, (tile) => kernel.describe(tile, 'mask')))
  results.push(measure('describe, reference', few, (tile) => describeTile(tileOf(tile), kernel.mask)))
  results.push(measure('reduce', { tiles: 1000, tileBytes: level4PageBytes }, () => kernel.reduce()))
  results.push(
    measure('foldPlane', { tiles: 4000, tileBytes: 4096 }, (i) => kernel.foldPlane((i & 3) as 0 | 1 | 2 | 3)),
  )
  kernel.input.fill(0)
  results.push(measure('describe, zeros', all, (tile) => kernel.describe(tile, 'all')))
  for (let tile = 0; tile < tileCount; tile++) crypto.getRandomValues(tileOf(tile))
  results.push(measure('describe, random bytes', all, (tile) => kernel.describe(tile, 'all')))
  return results
}

function print(results: readonly Measured[]): void {
  const memcpy = results[0] as Measured
  for (const { name, gigabytesPerSecond } of results) {
    const ratio = gigabytesPerSecond / memcpy.gigabytesPerSecond
    console.log(`${name.padEnd(36)}${gigabytesPerSecond.toFixed(3).padStart(8)} GB/s  ${ratio.toFixed(3)} x memcpy`)
  }
}

if (import.meta.main) print(measureKernels())
