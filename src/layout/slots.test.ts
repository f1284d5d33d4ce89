import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  isValidSlot,
  keepsSlot,
  lowestStart,
  type SlotShape,
  slotShapeFor,
  slotShapeOf,
  spaceSizeBytesMax,
} from './slots.ts'

const KiB = 2 ** 10
const MiB = 2 ** 20

/** Every shape there is, shortest first, written down from the rule. */
const allShapes: SlotShape[] = []
for (let cellOrder = 3; cellOrder <= 23; cellOrder++) {
  for (const cells of [1, 2, 3] as const) allShapes.push({ cells, cellOrder, length: cells * 4 ** cellOrder })
}
const usableShapes = allShapes.filter(({ length }) => length <= spaceSizeBytesMax)

/** Sizes of every magnitude, with the edges of the shapes well covered. */
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 46 }),
  fc.integer({ min: 1, max: 200_000 }),
  fc
    .tuple(fc.constantFrom(...usableShapes), fc.integer({ min: -1, max: 1 }))
    .map(([shape, by]) => Math.min(2 ** 46, shape.length + by)),
)

test('a slot is the smallest shape that holds the size', () => {
  fc.assert(
    fc.property(sizes, (sizeBytes) => {
      const expected = usableShapes.find(({ length }) => length >= sizeBytes)
      assert.deepEqual(slotShapeFor({ sizeBytes, slack: 'none' }), expected)
    }),
    { numRuns: 2000 },
  )
})

test('an entry that has grown gets a quarter more than its size, rounded up', () => {
  fc.assert(
    fc.property(sizes, (sizeBytes) => {
      const neededBytes = sizeBytes + Number((BigInt(sizeBytes) + 3n) / 4n)
      const expected = usableShapes.find(({ length }) => length >= neededBytes)
      assert.deepEqual(slotShapeFor({ sizeBytes, slack: 'grown' }), expected)
    }),
    { numRuns: 2000 },
  )
  assert.equal(slotShapeFor({ sizeBytes: 51, slack: 'grown' })?.length, 64)
  assert.equal(slotShapeFor({ sizeBytes: 52, slack: 'grown' })?.length, 128)
})

test('an empty entry gets no slot', () => {
  assert.equal(slotShapeFor({ sizeBytes: 0, slack: 'none' }), undefined)
  assert.equal(slotShapeFor({ sizeBytes: 0, slack: 'grown' }), undefined)
})

test('a size that is no size of an entry is refused', () => {
  for (const sizeBytes of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 46 + 1]) {
    assert.throws(() => slotShapeFor({ sizeBytes, slack: 'none' }), { name: 'AssertionError' })
  }
})

test('the largest entry, with its slack, fills the largest space', () => {
  assert.deepEqual(slotShapeFor({ sizeBytes: 2 ** 46, slack: 'none' }), { cells: 1, cellOrder: 23, length: 2 ** 46 })
  assert.deepEqual(slotShapeFor({ sizeBytes: 2 ** 46, slack: 'grown' }), { cells: 2, cellOrder: 23, length: 2 ** 47 })
})

test('an entry of more than a tile gets whole tiles, a smaller one never more than one tile', () => {
  fc.assert(
    fc.property(sizes, (sizeBytes) => {
      const shape = slotShapeFor({ sizeBytes, slack: 'none' })
      assert(shape !== undefined)
      if (sizeBytes > 65_536) assert.equal(shape.cellOrder >= 8, true)
      else assert.equal(shape.length <= 65_536, true)
    }),
  )
  assert.equal(slotShapeFor({ sizeBytes: 65_537, slack: 'none' })?.length, 131_072)
})

test('no two shapes have the same length, and a length gives its shape back', () => {
  assert.equal(new Set(allShapes.map(({ length }) => length)).size, allShapes.length)
  for (const shape of usableShapes) assert.deepEqual(slotShapeOf({ start: 0, length: shape.length }), shape)
})

test('a slot is valid where the rule says so, and nowhere else', () => {
  const runs = fc.record({
    start: fc.oneof(
      fc.nat(2 ** 12).map((n) => 16 * n),
      fc.nat(2 ** 20),
    ),
    length: fc.oneof(fc.constantFrom(...usableShapes.slice(0, 18).map(({ length }) => length)), fc.nat(5000)),
  })
  fc.assert(
    fc.property(runs, ({ start, length }) => {
      const isSlot = allShapes.some((shape) => {
        const cell = 4 ** shape.cellOrder
        return shape.length === length && start % cell === 0 && ((start / cell) % 4) + shape.cells <= 4
      })
      assert.equal(isValidSlot({ start, length }), isSlot)
    }),
    { numRuns: 5000 },
  )
})

test('a valid slot of at most a tile never crosses a tile edge, a longer one begins at one', () => {
  const places = fc.tuple(fc.constantFrom(...usableShapes), fc.nat(2 ** 20))
  fc.assert(
    fc.property(places, ([shape, cellIndex]) => {
      const start = cellIndex * 4 ** shape.cellOrder
      fc.pre(isValidSlot({ start, length: shape.length }))
      const last = start + shape.length - 1
      if (shape.length <= 65_536) assert.equal(Math.floor(start / 65_536), Math.floor(last / 65_536))
      else assert.equal(start % 65_536, 0)
    }),
    { numRuns: 2000 },
  )
})

test('the lowest start is the first place from there on that makes a valid slot', () => {
  const wishes = fc.record({ shape: fc.constantFrom(...usableShapes.slice(0, 12)), from: fc.nat(2 ** 18) })
  fc.assert(
    fc.property(wishes, ({ shape, from }) => {
      const cell = 4 ** shape.cellOrder
      let expected = Math.ceil(from / cell) * cell
      while (!isValidSlot({ start: expected, length: shape.length })) expected += cell
      assert.equal(lowestStart({ shape, from }), expected)
    }),
    { numRuns: 1000 },
  )
})

test('numbers that a damaged file may hold are not a slot', () => {
  for (const [start, length] of [
    [0, 0],
    [0, -64],
    [0, 32],
    [0, 65],
    [0, 256 + 64],
    [0, 96],
    [-64, 64],
    [32, 64],
    [0.5, 64],
    [0, Number.NaN],
    [Number.NaN, 64],
    [0, Number.POSITIVE_INFINITY],
    [Number.POSITIVE_INFINITY, 64],
    [2 ** 47, 64],
    [2 ** 46, 2 ** 47],
    [0, 3 * 2 ** 46],
    [2 ** 53, 2 ** 53],
  ] as const) {
    assert.equal(isValidSlot({ start, length }), false, `start ${start}, length ${length}`)
  }
  assert.equal(isValidSlot({ start: 2 ** 47 - 64, length: 64 }), true)
})

test('an entry keeps its slot while it fits, unless it is empty or the slot is large and far too large', () => {
  const check = (slotLength: number, sizeBytes: number, expected: boolean) =>
    assert.equal(keepsSlot({ slotLength, sizeBytes }), expected, `${sizeBytes} bytes in ${slotLength}`)
  check(64, 64, true)
  check(64, 65, false)
  check(64, 0, false)
  check(4 * MiB, 4 * MiB, true)
  check(4 * MiB, 4 * MiB + 1, false)
  check(768 * KiB, 1, true)
  check(1 * MiB, 64 * KiB, true)
  check(1 * MiB, 48 * KiB + 1, true)
  check(1 * MiB, 48 * KiB, false)
  check(1 * MiB, 1, false)
  check(2 ** 46, 2 ** 42, true)
  check(2 ** 46, 2 ** 41, false)
})

test('an entry that just got its slot keeps it', () => {
  fc.assert(
    fc.property(sizes, fc.constantFrom('none' as const, 'grown' as const), (sizeBytes, slack) => {
      const slotLength = slotShapeFor({ sizeBytes, slack })?.length ?? 0
      assert.equal(keepsSlot({ slotLength, sizeBytes }), true)
    }),
  )
})
