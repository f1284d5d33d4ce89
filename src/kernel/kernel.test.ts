import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Orientation } from '../hilbert/orientation.ts'
import { createKernel, level4PageBytes, pageTexels, tileSizeBytes } from './kernel.ts'
import { describeTile, foldSquare, reducePage, unfoldSquare } from './reference.ts'

const kernel = createKernel({ tileCapacity: 3 })
const orientations: readonly Orientation[] = [0, 1, 2, 3]
const allOwned = new Uint8Array(tileSizeBytes).fill(0xff)

/** The same bytes for the same seed on any machine (xorshift32). */
function* noise(seed: number): Generator<number, never> {
  let state = (seed | 0) === 0 ? 1 : seed | 0
  for (;;) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield state >>> 0
  }
}

/** How a stretch of bytes looks; `values` is the size of its alphabet. */
interface Stretch {
  readonly length: number
  readonly first: number
  readonly values: number
}

const stretches = fc.record({
  length: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 }), fc.constant(256)),
  first: fc.constantFrom(0, 0x08, 0x1f, 0x20, 0x61, 0x7e, 0x80, 0xff),
  values: fc.constantFrom(1, 1, 2, 3, 16, 95, 256),
})

/** A tile of stretches, one after the other, again and again until it is full. */
function filledBy(kinds: readonly Stretch[], seed: number): Uint8Array {
  const random = noise(seed)
  const tile = new Uint8Array(tileSizeBytes)
  for (let at = 0, k = 0; at < tileSizeBytes; k++) {
    const { length, first, values } = kinds[k % kinds.length] as Stretch
    const end = Math.min(tileSizeBytes, at + length)
    for (; at < end; at++) tile[at] = first + (random.next().value % values)
  }
  return tile
}

const tiles = fc.tuple(fc.array(stretches, { minLength: 1, maxLength: 8 }), fc.nat()).map((args) => filledBy(...args))

const masks = fc
  .array(fc.record({ length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(256)), owned: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => {
    const mask = new Uint8Array(tileSizeBytes)
    for (let at = 0, k = 0; at < tileSizeBytes; k++) {
      const { length, owned } = runs[k % runs.length] as (typeof runs)[number]
      mask.fill(owned ? 0xff : 0, at, at + length)
      at += length
    }
    return mask
  })

function checkDescribe({ tile, mask, index }: { tile: Uint8Array; mask: Uint8Array | 'all'; index: number }): void {
  kernel.input.fill(0x55)
  kernel.input.set(tile, index * tileSizeBytes)
  if (mask !== 'all') kernel.mask.set(mask)
  kernel.describe(index, mask === 'all' ? 'all' : 'mask')
  const expected = describeTile(tile, mask === 'all' ? allOwned : mask)
  assert.ok(Buffer.from(kernel.level4).equals(expected.level4), 'level 4 differs')
  assert.ok(Buffer.from(kernel.level2).equals(expected.level2), 'level 2 differs')
}

test('describing a tile that is all owned equals the reference', () => {
  fc.assert(
    fc.property(tiles, fc.nat(2), (tile, index) => checkDescribe({ tile, mask: 'all', index })),
    { numRuns: 60 },
  )
})

test('describing a tile by its mask equals the reference', () => {
  fc.assert(
    fc.property(tiles, masks, fc.nat(2), (tile, mask, index) => checkDescribe({ tile, mask, index })),
    { numRuns: 60 },
  )
})

test('every number of owned bytes in a block is described as the reference does', () => {
  const mask = new Uint8Array(tileSizeBytes)
  const random = noise(7)
  for (let block = 0; block < 256; block++) {
    const places = Array.from({ length: 256 }, (_, i) => ({ i, key: random.next().value }))
    for (const { i } of places.sort((a, b) => a.key - b.key).slice(0, block)) mask[block * 256 + i] = 0xff
  }
  for (const values of [1, 2, 20, 256]) {
    checkDescribe({ tile: filledBy([{ length: 1, first: 0, values }], values), mask, index: 0 })
  }
})

test('a mask of ones describes as a tile that is all owned', () => {
  const tile = filledBy([{ length: 300, first: 3, values: 200 }], 11)
  checkDescribe({ tile, mask: allOwned, index: 1 })
})

test('constant tiles, constant blocks and blocks that are almost constant are described as the reference does', () => {
  for (const byte of [0, 0x09, 0x7e, 0x7f, 0x80, 0xff]) {
    const tile = new Uint8Array(tileSizeBytes).fill(byte)
    checkDescribe({ tile, mask: 'all', index: 0 })
    tile[tileSizeBytes - 1] = byte ^ 0x80
    checkDescribe({ tile, mask: 'all', index: 0 })
  }
  const tile = Uint8Array.from({ length: tileSizeBytes }, (_, i) => i >> 8)
  checkDescribe({ tile, mask: 'all', index: 0 })
  for (let block = 0; block < 256; block++) tile[block * 256 + ((block * 7) % 256)] = 255 - block
  checkDescribe({ tile, mask: 'all', index: 0 })
})

test('every entropy from none to full is reached by both alike', () => {
  const tile = new Uint8Array(tileSizeBytes)
  for (let block = 0; block < 256; block++) {
    for (let i = 0; i < 256; i++) tile[block * 256 + i] = Math.min(i, block)
  }
  checkDescribe({ tile, mask: 'all', index: 0 })
  assert.equal(new Set(kernel.level4.subarray(0, 256)).size > 200, true)
  assert.deepEqual([kernel.level4[0], kernel.level4[255]], [0, 255])
})

test('folding and unfolding a tile equal the reference in all orientations', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(2), (seed, index) => {
      const tile = filledBy([{ length: 1, first: 0, values: 256 }], seed)
      kernel.input.set(tile, index * tileSizeBytes)
      for (const orientation of orientations) {
        const square = { cells: tile, order: 8, orientation } as const
        assert.ok(Buffer.from(kernel.fold(index, orientation)).equals(foldSquare(square)))
        assert.ok(Buffer.from(kernel.unfold(index, orientation)).equals(unfoldSquare(square)))
      }
    }),
    { numRuns: 5 },
  )
})

test('folding a plane of a page equals the reference in all orientations', () => {
  const page = filledBy([{ length: 1, first: 0, values: 256 }], 5).subarray(0, level4PageBytes)
  kernel.input.set(page)
  for (const orientation of orientations) {
    for (let plane = 0; plane < 6; plane++) {
      const cells = page.subarray(plane * pageTexels, (plane + 1) * pageTexels)
      const expected = Buffer.from(foldSquare({ cells, order: 6, orientation }))
      assert.ok(expected.equals(kernel.foldPlane(orientation, plane)))
      if (plane === 0) assert.ok(expected.equals(kernel.foldPlane(orientation)))
    }
  }
})

test('folding the blocks of one tile equals the reference in all orientations', () => {
  const cells = Uint8Array.from({ length: 256 }, (_, i) => i)
  kernel.input.set(cells)
  for (const orientation of orientations) {
    assert.ok(Buffer.from(kernel.foldBlocks(orientation)).equals(foldSquare({ cells, order: 4, orientation })))
  }
})

function checkReduce(page: Uint8Array): void {
  kernel.input.set(page)
  assert.ok(Buffer.from(kernel.reduce()).equals(reducePage(page)))
}

test('reducing a page equals the reference', () => {
  fc.assert(
    fc.property(tiles, masks, (bytes, mask) => {
      const page = bytes.slice(0, level4PageBytes)
      for (let i = 5 * pageTexels; i < level4PageBytes; i++) page[i] = (page[i] as number) & (mask[i] as number)
      checkReduce(page)
    }),
    { numRuns: 60 },
  )
})

test('means just below and at a half are rounded as the reference does, at every weight', () => {
  for (let seed = 1; seed < 40; seed++) {
    const random = noise(seed)
    const page = new Uint8Array(level4PageBytes)
    for (let i = 0; i < pageTexels; i++) {
      page[i] = random.next().value % 2
      page[pageTexels + i] = 254 + (random.next().value % 2)
      page[5 * pageTexels + i] = random.next().value % ((i % 255) + 1)
    }
    checkReduce(page)
  }
})

test('views stay valid and apart: a call writes its own outputs and no others', () => {
  const tile = filledBy([{ length: 50, first: 9, values: 100 }], 3)
  kernel.input.set(tile)
  kernel.mask.fill(0xab)
  kernel.describe(0, 'all')
  const level2 = kernel.level2.slice()
  const level4 = kernel.level4.slice()
  kernel.fold(0, 1)
  const folded = kernel.output.slice()
  assert.ok(Buffer.from(kernel.level2).equals(level2) && Buffer.from(kernel.level4).equals(level4))
  kernel.describe(2, 'mask')
  assert.ok(Buffer.from(kernel.output).equals(folded))
  assert.ok(kernel.mask.every((value) => value === 0xab))
  assert.ok(Buffer.from(kernel.input.subarray(0, tileSizeBytes)).equals(tile))
})

test('two kernels do not share memory', () => {
  const other = createKernel({ tileCapacity: 1 })
  kernel.input.fill(1)
  other.input.fill(2)
  assert.equal(other.input.length, tileSizeBytes)
  assert.equal(kernel.fold(0, 0)[77], 1)
  assert.equal(other.fold(0, 0)[77], 2)
})

test('a tile, plane, orientation or capacity out of range is refused', () => {
  assert.throws(() => kernel.describe(3, 'all'))
  assert.throws(() => kernel.fold(-1, 0))
  assert.throws(() => kernel.unfold(0.5, 0))
  assert.throws(() => kernel.fold(0, 4 as Orientation))
  assert.throws(() => kernel.foldPlane(0, 16))
  for (const tileCapacity of [0, 1.5, 16_385]) assert.throws(() => createKernel({ tileCapacity }))
})
