/**
 * The fold kernel against memcpy and against plain JavaScript, over more bytes than the caches hold.
 *
 * What is compared: moving one tile of 64 KiB from where tiles are held to where one is worked on. Without fold a caller
 * would do that by Uint8Array.set, which is the C library's memcpy; so `memcpy` is that, from the very bytes that fold
 * reads into the very 64 KiB that fold writes (kernel.input -> kernel.output), at the same cost of a call from
 * JavaScript. For both the source is cold (a round streams several times the largest cache, so a tile is out of the
 * caches before it comes again) and the target is warm, for it is written again for each tile. A copy to cold memory has
 * a line of its own: fold never does that, and it is less than half as fast.
 *
 * Rounds of all kinds alternate, and each kind's best round counts, so that other load on the machine matters less.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { pointToPosition } from '../src/hilbert/curve.ts'
import { createKernel, type Kernel, tileSide, tileSizeBytes } from '../src/kernel/kernel.ts'
import { foldBudget } from './budgets.ts'
import { measureKernels, naiveFold } from './kernel.ts'
import { row, type Section } from './table.ts'

const streamedBytesMin = 64 * 1024 * 1024
const streamedBytesMax = 512 * 1024 * 1024
/** So many times the largest cache: the rest of a round has pushed a tile out before it comes again. */
const cacheFactor = 4
/** The slow loops are measured on fewer tiles. */
const slowTiles = 16

interface Kind {
  readonly name: string
  readonly tiles: number
  readonly work: (tile: number) => void
  bestMs: number
}

export interface KernelOptions {
  readonly size: 'full' | 'quick'
}

export function kernelSections({ size }: KernelOptions): Section[] {
  return [streamedSection(size), cachedSection()]
}

function streamedSection(size: KernelOptions['size']): Section {
  const largestCache = largestCacheBytes()
  const wanted = Math.min(streamedBytesMax, Math.max(streamedBytesMin, cacheFactor * largestCache))
  const tiles = (size === 'quick' ? streamedBytesMin / 4 : wanted) / tileSizeBytes
  const kernel = createKernel({ tileCapacity: tiles })
  fillWithExecutable(kernel.input)
  const kinds = kindsOf(kernel, tiles)
  for (let round = 0; round < (size === 'quick' ? 2 : 15); round++) for (const kind of kinds) timeRound(kind)
  const speed = ({ tiles, bestMs }: Kind): number => (tiles * tileSizeBytes) / bestMs / 1e6
  const memcpy = speed(kinds[0] as Kind)
  const rows = kinds.map((kind) => {
    const ratio = speed(kind) / memcpy
    const budgets = kind.name === 'fold kernel' ? [foldBudget(ratio, size === 'quick' ? 'no' : 'yes')] : []
    return row(kind.name, { speedGigabytesPerSecond: speed(kind), memcpyRatio: ratio }, budgets)
  })
  return {
    id: 'kernel',
    title: 'Fold kernel : memcpy : plain JavaScript, beyond the caches',
    notes: [
      `${(tiles * tileSizeBytes) / 2 ** 20} MiB of tiles are streamed (largest cache ${largestCache / 2 ** 20} MiB).`,
      'memcpy is Uint8Array.set of the same tiles into the same 64 KiB that fold writes; best round of each.',
    ],
    columns,
    rows,
  }
}

const columns: Section['columns'] = [
  { key: 'speedGigabytesPerSecond', title: 'speed', unit: 'gigabytesPerSecond' },
  { key: 'memcpyRatio', title: 'x memcpy', unit: 'ratio' },
]

function kindsOf(kernel: Kernel, tiles: number): Kind[] {
  const target = new Uint8Array(tileSizeBytes)
  const copy = new Uint8Array(tiles * tileSizeBytes)
  const table = Uint16Array.from(target, (_, cell) =>
    pointToPosition({ x: cell % tileSide, y: Math.floor(cell / tileSide) }),
  )
  const tileOf = (tile: number) => kernel.input.subarray(tile * tileSizeBytes, (tile + 1) * tileSizeBytes)
  const kind = (name: string, count: number, work: Kind['work']): Kind => {
    return { name, tiles: count, work, bestMs: Number.POSITIVE_INFINITY }
  }
  return [
    kind('memcpy', tiles, (tile) => kernel.output.set(tileOf(tile))),
    kind('memcpy to as much other memory', tiles, (tile) => copy.set(tileOf(tile), tile * tileSizeBytes)),
    kind('fold kernel', tiles, (tile) => kernel.fold(tile, (tile & 3) as 0 | 1 | 2 | 3)),
    kind('unfold kernel', tiles, (tile) => kernel.unfold(tile, (tile & 3) as 0 | 1 | 2 | 3)),
    kind('plain JavaScript, by table', Math.min(tiles, slowTiles * 16), (tile) => {
      const source = tileOf(tile)
      for (let cell = 0; cell < tileSizeBytes; cell++) target[cell] = source[table[cell] as number] as number
    }),
    kind('plain JavaScript, every byte walks', slowTiles, (tile) => naiveFold(tileOf(tile), target)),
  ]
}

function timeRound(kind: Kind): void {
  const startMs = performance.now()
  for (let tile = 0; tile < kind.tiles; tile++) kind.work(tile)
  kind.bestMs = Math.min(kind.bestMs, performance.now() - startMs)
}

function cachedSection(): Section {
  const results = measureKernels()
  const memcpy = results[0]?.gigabytesPerSecond ?? Number.NaN
  return {
    id: 'kernels-cached',
    title: 'All kernels, within the caches (bench/kernel.ts)',
    notes: [],
    columns,
    rows: results.map(({ name, gigabytesPerSecond }) =>
      row(name, { speedGigabytesPerSecond: gigabytesPerSecond, memcpyRatio: gigabytesPerSecond / memcpy }),
    ),
  }
}

/** Real bytes, again and again: where they are equal does not matter to a copy or to fold. */
function fillWithExecutable(input: Uint8Array): void {
  const file = openSync(process.execPath, 'r')
  let filled = readSync(file, input, 0, input.length, 0)
  closeSync(file)
  for (; filled < input.length; filled *= 2) input.copyWithin(filled, 0, Math.min(filled, input.length - filled))
}

/** 0 where the system does not say. */
function largestCacheBytes(): number {
  const folder = '/sys/devices/system/cpu/cpu0/cache'
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith('index'))
    const sizes = names.map((name) => Number.parseInt(readFileSync(`${folder}/${name}/size`, 'utf8'), 10))
    return Math.max(0, ...sizes) * 1024
  } catch {
    return 0
  }
}
