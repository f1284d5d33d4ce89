import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { positionToPoint } from '../hilbert/curve.ts'
import { type Orientation, orientationAt, squareOrigin } from '../hilbert/orientation.ts'
import { level4PageBytes, tileSizeBytes, unpackLevel2 } from './pages.ts'
import { describeTile, foldSquare, reducePage, unfoldSquare } from './reference.ts'

const allOwned = new Uint8Array(tileSizeBytes).fill(0xff)

/** Level-4 texel of block 0 and unpacked level-2 texel 0 of a tile that begins with `bytes`, of which all are owned. */
function describeStart(bytes: readonly number[], mask: Uint8Array = allOwned) {
  const tile = new Uint8Array(tileSizeBytes)
  tile.set(bytes)
  const { level2, level4 } = describeTile(tile, mask)
  const planes = new Uint8Array(level4PageBytes)
  unpackLevel2(level2, planes)
  return {
    level4: [0, 1, 2, 3, 4, 5].map((plane) => level4[plane * 256] as number),
    level2: [0, 1, 2, 3, 4, 5].map((plane) => planes[plane * 4096] as number),
  }
}

const upTo = (length: number) => Array.from({ length }, (_, i) => i)
const ownedUpTo = (length: number) => new Uint8Array(tileSizeBytes).fill(0xff, 0, length)

test('a block with every byte value once has full entropy', () => {
  const { level4, level2 } = describeStart(upTo(256))
  // 100 printable of 256: 95 from 0x20 to 0x7e and 5 from 0x09 to 0x0d.
  assert.deepEqual(level4, [255, 128, 1, 100, 128, 255])
  // Bytes 0 .. 15: mean 7.5 of 255 is 0.44 of 15; one zero and five blanks of 16 are 0.19 and 0.94 of 3.
  assert.deepEqual(level2, [255, 0, 0, 85, 0, 255])
})

test('two equally frequent bytes are one bit of eight', () => {
  const { level4 } = describeStart(upTo(256).map((i) => (i % 2 === 0 ? 0x41 : 0xff)))
  assert.deepEqual(level4, [32, 160, 0, 128, 128, 255])
})

test('constant bytes have no entropy, whatever they are', () => {
  assert.deepEqual(describeStart([]).level4, [0, 0, 255, 0, 0, 255])
  assert.deepEqual(describeStart(new Array(256).fill(0xff)).level4, [0, 255, 0, 0, 255, 255])
  assert.deepEqual(describeStart(new Array(256).fill(0x7e)).level2, [0, 119, 0, 255, 0, 255])
  assert.deepEqual(describeStart(new Array(256).fill(0x7f)).level2, [0, 119, 0, 0, 0, 255])
})

test('bytes that nobody owns weigh nothing', () => {
  const text = upTo(256).map((i) => (i < 32 ? 0x61 + (i % 2) : 0xff))
  assert.deepEqual(describeStart(text, ownedUpTo(32)).level4, [32, 98, 0, 255, 0, 32])
  assert.deepEqual(describeStart(text, ownedUpTo(0)), { level4: [0, 0, 0, 0, 0, 0], level2: [0, 0, 0, 0, 0, 0] })
})

test('one owned byte of a block is seen', () => {
  assert.deepEqual(describeStart([0x80], ownedUpTo(1)).level4, [0, 128, 0, 0, 255, 1])
  assert.deepEqual(describeStart([0x80], ownedUpTo(1)).level2, [0, 136, 0, 0, 255, 255])
})

test('folding a tile of the curve gives the picture at its place', () => {
  const orders = fc.constantFrom<4 | 6 | 8>(4, 6, 8)
  fc.assert(
    fc.property(orders, fc.nat(5000), fc.nat(65_535), (order, index, offset) => {
      const position = index * 4 ** order
      const i = offset % 4 ** order
      const cells = new Uint8Array(4 ** order)
      cells[i] = 1
      const orientation = orientationAt({ position, order })
      const { x, y } = positionToPoint(position + i)
      const origin = squareOrigin({ position, order })
      const folded = foldSquare({ cells, order, orientation })
      assert.equal(folded[(y - origin.y) * 2 ** order + x - origin.x], 1)
      assert.deepEqual(unfoldSquare({ cells: folded, order, orientation }), cells)
    }),
    { numRuns: 30 },
  )
})

test('an upright fold begins with the points of the curve', () => {
  const folded = foldSquare({ cells: Uint8Array.from(upTo(256)), order: 4, orientation: 0 as Orientation })
  assert.deepEqual([...folded.subarray(0, 4)], [0, 1, 14, 15])
  assert.deepEqual([...folded.subarray(16, 20)], [3, 2, 13, 12])
})

test('a parent is the mean of its children weighted by coverage', () => {
  const page = new Uint8Array(level4PageBytes)
  const coverage = page.subarray(5 * 4096)
  page.set([10, 20, 30])
  coverage.set([255, 255, 0])
  page[16] = 200
  coverage[16] = 1
  coverage.fill(255, 32, 48)
  page.fill(7, 32, 48)
  const reduced = reducePage(page)
  assert.deepEqual([...reduced.subarray(0, 4)], [15, 200, 7, 0])
  assert.deepEqual([...reduced.subarray(5 * 256, 5 * 256 + 4)], [32, 1, 255, 0])
})

test('a half is rounded up, also at an odd weight', () => {
  const page = new Uint8Array(level4PageBytes)
  page.set([1, 2])
  page.set([1, 1], 5 * 4096)
  page.set([1, 3], 16)
  page.set([2, 1], 5 * 4096 + 16)
  assert.deepEqual([...reducePage(page).subarray(0, 2)], [2, 2])
})
