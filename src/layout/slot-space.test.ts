import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlotSpace } from './slot-space.ts'
import { type SlotShape, slotShapeFor, spaceSizeBytesMax } from './slots.ts'

function shapeFor(sizeBytes: number): SlotShape {
  const shape = slotShapeFor({ sizeBytes, slack: 'none' })
  assert(shape !== undefined)
  return shape
}

function takeAll(space: SlotSpace, sizes: readonly number[]): (number | undefined)[] {
  return sizes.map((sizeBytes) => space.take(shapeFor(sizeBytes)))
}

test('the gap before an aligned slot is filled by later small ones, the lowest first', () => {
  assert.deepEqual(takeAll(new SlotSpace(), [64, 256, 128, 64, 64]), [0, 256, 64, 192, 512])
})

test('two cells of a row of four leave no room for three, and nothing crosses the row', () => {
  assert.deepEqual(takeAll(new SlotSpace(), [128, 192, 128, 64]), [0, 256, 128, 448])
})

test('inside the window of its directory a slot goes to the lowest place, else to the lowest of all', () => {
  const space = new SlotSpace()
  takeAll(space, [256, 256, 256, 256])
  space.release({ start: 0, length: 256 })
  space.release({ start: 512, length: 256 })
  assert.equal(space.take(shapeFor(64), { start: 300, end: 1024 }), 512)
  assert.equal(space.take(shapeFor(256), { start: 300, end: 1024 }), 0)
  assert.equal(space.take(shapeFor(192), { start: 600, end: 1024 }), 576)
  assert.equal(space.take(shapeFor(192), { start: 600, end: 1300 }), 1024)
})

test('beside its neighbour a slot returns to a large hole from afar, to a sliver only from close by', () => {
  const space = new SlotSpace()
  const tile = 65_536
  takeAll(space, [tile, tile, tile, tile, tile])
  space.release({ start: 0, length: tile })
  assert.equal(space.claim({ start: 0, length: 49_152 }).kind, 'claimed')
  assert.equal(space.claim({ start: 49_152, length: 12_288 }).kind, 'claimed')
  assert.equal(space.claim({ start: 61_440, length: 3072 }).kind, 'claimed')
  assert.equal(space.claim({ start: 64_512, length: 768 }).kind, 'claimed')
  assert.equal(space.freeBytes, 256)
  assert.equal(space.takeBeside(shapeFor(256), 65_280 + 64 * 256 + 64), 5 * tile)
  assert.equal(space.takeBeside(shapeFor(256), 65_280 + 64 * 256), 65_280)
  space.release({ start: tile, length: tile })
  assert.equal(space.takeBeside(shapeFor(64), 5 * tile), tile)
})

test('a claim of a run that is no slot, or is partly in use, is answered and changes nothing', () => {
  const space = new SlotSpace()
  assert.equal(space.claim({ start: 256, length: 128 }).kind, 'claimed')
  for (const [start, length, kind] of [
    [256, 128, 'overlap'],
    [320, 64, 'overlap'],
    [320, 128, 'overlap'],
    [256, 256, 'overlap'],
    [0, 3072, 'overlap'],
    [0, 2 ** 46, 'overlap'],
    [0, 65, 'invalid'],
    [32, 64, 'invalid'],
    [192, 128, 'invalid'],
    [Number.NaN, 64, 'invalid'],
    [2 ** 47, 64, 'invalid'],
  ] as const) {
    assert.equal(space.claim({ start, length }).kind, kind, `${start} + ${length}`)
  }
  assert.equal(space.end, 384)
  assert.equal(space.freeBytes, 256)
  assert.deepEqual(takeAll(space, [256, 128, 64]), [0, 384, 512])
})

test('a retired slot stays blocked until its generation is released', () => {
  const space = new SlotSpace()
  takeAll(space, [64, 64])
  space.retire({ start: 0, length: 64 }, 7)
  space.retire({ start: 64, length: 64 }, 8)
  space.releaseRetired(6)
  assert.equal(space.take(shapeFor(64)), 128)
  assert.equal(space.end, 192)
  space.releaseRetired(7)
  assert.equal(space.freeBytes, 64)
  assert.deepEqual(takeAll(space, [64, 64]), [0, 192])
  space.releaseRetired(8)
  assert.equal(space.take(shapeFor(64)), 64)
})

test('releasing or retiring what is not live is a mistake of the caller and stops it', () => {
  const space = new SlotSpace()
  takeAll(space, [64, 64])
  const mistake = { name: 'AssertionError' }
  assert.throws(() => space.release({ start: 128, length: 64 }), mistake)
  assert.throws(() => space.release({ start: 64, length: 128 }), mistake)
  assert.throws(() => space.release({ start: 0, length: 65 }), mistake)
  assert.throws(() => space.retire({ start: 128, length: 64 }, 1), mistake)
  assert.throws(() => space.retire({ start: 0, length: 256 }, 1), mistake)
  space.retire({ start: 0, length: 64 }, 1)
  assert.throws(() => space.retire({ start: 0, length: 64 }, 2), mistake)
  assert.throws(() => space.release({ start: 0, length: 64 }), mistake)
  space.release({ start: 64, length: 64 })
  assert.throws(() => space.release({ start: 64, length: 64 }), mistake)
  assert.equal(space.end, 64)
})

test('positions beyond 32 bits stay exact, and the space ends at 2^47 bytes', () => {
  const space = new SlotSpace()
  assert.deepEqual(takeAll(space, [64, 2 ** 46, 2 ** 45]), [0, 2 ** 46, 2 ** 44])
  assert.equal(space.end, spaceSizeBytesMax)
  assert.equal(space.freeBytes, spaceSizeBytesMax - 64 - 2 ** 46 - 2 ** 45)
  assert.equal(space.take(shapeFor(2 ** 46)), undefined)
  assert.equal(space.takeBeside(shapeFor(2 ** 46), 0), undefined)
  assert.deepEqual(takeAll(space, [2 ** 44 - 2 ** 42, 2 ** 43]), [2 ** 42, 3 * 2 ** 44])
})

test('where nothing before the end of the largest brick is in reach, the lowest place of all is taken', () => {
  const space = new SlotSpace()
  for (const [start, length] of [
    [2 ** 46, 2 ** 46],
    [2 ** 44, 3 * 2 ** 44],
    [2 ** 42, 3 * 2 ** 42],
    [2 ** 40, 3 * 2 ** 40],
  ] as const) {
    assert.equal(space.claim({ start, length }).kind, 'claimed')
  }
  assert.equal(space.takeBeside(shapeFor(64), 2 ** 47), 0)
  assert.equal(space.takeBeside(shapeFor(2 ** 40), 2 ** 47), undefined)
})

test('memory follows the free fragments: none for a packed space, under 100 bytes each for many', () => {
  const space = new SlotSpace()
  const shape = shapeFor(1024)
  const slotCount = 200_000
  for (let i = 0; i < slotCount; i++) space.take(shape)
  assert.equal(space.memoryBytes < 10_000, true, `${space.memoryBytes} bytes when packed`)
  let fragmentCount = 0
  for (let i = 0; i < slotCount; i += 7) {
    space.release({ start: i * 1024, length: 1024 })
    fragmentCount += 1
  }
  assert.equal(space.memoryBytes < 100 * fragmentCount, true, `${space.memoryBytes / fragmentCount} bytes a fragment`)
  assert.equal(space.freeBytes, fragmentCount * 1024)
})
