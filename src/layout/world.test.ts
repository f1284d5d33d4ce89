import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { positionToPoint } from '../hilbert/curve.ts'
import { type District, districtFits, districtReserve, districtSideMax, placeDistrict } from './world.ts'

const sides = fc.nat(10).map((order) => 64 * 2 ** order)

function placeInTurn(list: readonly number[]): District[] {
  const placed: District[] = []
  for (const side of list) placed.push(placeDistrict({ placed: [...placed], side }))
  return placed
}

/** The larger of the gaps between two squares, across and down; negative where they overlap. */
function distance(a: District, b: District): number {
  const across = Math.max(a.x, b.x) - Math.min(a.x + a.side, b.x + b.side)
  const down = Math.max(a.y, b.y) - Math.min(a.y + a.side, b.y + b.side)
  return Math.max(across, down)
}

function neededGap(a: District, b: District): number {
  return Math.max(16, Math.max(a.side, b.side) / 8)
}

/** Area of the box around all districts and the origin, per area of the districts. */
function spread(placed: readonly District[]): number {
  const width = Math.max(...placed.map(({ x, side }) => x + side))
  const height = Math.max(...placed.map(({ y, side }) => y + side))
  return (width * height) / placed.reduce((sum, { side }) => sum + side * side, 0)
}

test('a district is the smallest power of two, at least 64, whose square holds the bytes', () => {
  for (const [sizeBytes, side] of [
    [0, 64],
    [1, 64],
    [4096, 64],
    [4097, 128],
    [65_536, 256],
    [65_537, 512],
    [2 ** 30, 2 ** 15],
    [2 ** 30 + 1, 2 ** 16],
    [2 ** 46, 2 ** 23],
    [2 ** 46 + 1, 2 ** 24],
    [2 ** 47, districtSideMax],
  ] as const) {
    assert.deepEqual(districtReserve(sizeBytes), { side })
  }
})

test('every byte of a brick is drawn inside its district', () => {
  const size = fc.nat(47).chain((bits) => fc.integer({ min: 1, max: 2 ** bits }))
  fc.assert(
    fc.property(size, fc.double({ min: 0, max: 1, noNaN: true }), (sizeBytes, share) => {
      const { side } = districtReserve(sizeBytes)
      for (const position of [sizeBytes - 1, Math.floor(share * (sizeBytes - 1))]) {
        const { x, y } = positionToPoint(position)
        assert.equal(x < side && y < side, true, `byte ${position} of ${sizeBytes} is at ${x}, ${y}`)
      }
    }),
    { numRuns: 1000 },
  )
})

test('the first district lies at the origin, equal ones follow in a row and then below', () => {
  assert.deepEqual(placeInTurn([64, 64, 64, 64]), [
    { x: 0, y: 0, side: 64 },
    { x: 80, y: 0, side: 64 },
    { x: 160, y: 0, side: 64 },
    { x: 0, y: 80, side: 64 },
  ])
})

test('districts keep an eighth of the larger one, at least 16 units, between them, on a grid of 16', () => {
  fc.assert(
    fc.property(fc.array(sides, { minLength: 1, maxLength: 300, size: 'max' }), (list) => {
      const placed = placeInTurn(list)
      placed.forEach((a, i) => {
        assert.equal(a.x >= 0 && a.y >= 0 && a.x % 16 === 0 && a.y % 16 === 0, true)
        for (const b of placed.slice(i + 1)) assert.equal(distance(a, b) >= neededGap(a, b), true)
      })
    }),
    { numRuns: 20 },
  )
})

test('a district finds a place among any others, wherever those came from', () => {
  const anywhere = fc.record({
    x: fc.integer({ min: -500, max: 5000 }),
    y: fc.integer({ min: -500, max: 5000 }),
    side: sides,
  })
  fc.assert(
    fc.property(fc.array(anywhere, { maxLength: 40 }), sides, (placed, side) => {
      const district = placeDistrict({ placed, side })
      assert.equal(district.side, side)
      assert.equal(district.x % 16 === 0 && district.y % 16 === 0, true)
      for (const other of placed) assert.equal(distance(district, other) >= neededGap(district, other), true)
    }),
  )
})

test('the same history gives the same world, and later districts move no earlier one', () => {
  fc.assert(
    fc.property(fc.array(sides, { minLength: 1, maxLength: 60 }), fc.nat(60), (list, cut) => {
      const placed = placeInTurn(list)
      assert.deepEqual(placeInTurn(list), placed)
      assert.deepEqual(placeInTurn(list.slice(0, cut)), placed.slice(0, cut))
    }),
  )
})

test('a place given up is taken again by the next district of that size', () => {
  const placed = placeInTurn(Array.from({ length: 30 }, () => 256))
  const without = placed.filter((_, i) => i !== 7)
  assert.deepEqual(placeDistrict({ placed: without, side: 256 }), placed[7])
})

test('the world stays compact and about 16:9', () => {
  for (const count of [20, 100, 400]) {
    assert.equal(spread(placeInTurn(Array.from({ length: count }, () => 256))) < 1.5, true, `${count} equal districts`)
    const mixed = placeInTurn(Array.from({ length: count }, (_, i) => 64 * 2 ** ((i * 7 + (i >> 3)) % 5)))
    assert.equal(spread(mixed) < 2, true, `${count} districts of five sizes`)
    const width = Math.max(...mixed.map(({ x, side }) => x + side))
    const height = Math.max(...mixed.map(({ y, side }) => y + side))
    assert.equal(width / height > 1.2 && width / height < 2.6, true, `${width} x ${height}`)
  }
})

test('a district may grow in place exactly where it keeps its distance to all others', () => {
  fc.assert(
    fc.property(fc.array(sides, { minLength: 1, maxLength: 40 }), fc.nat(), sides, (list, pick, side) => {
      const placed = placeInTurn(list)
      const index = pick % placed.length
      const grown = { ...(placed[index] as District), side }
      const expected = placed.every((other, i) => i === index || distance(grown, other) >= neededGap(grown, other))
      assert.equal(districtFits({ placed, index, side }), expected)
    }),
    { numRuns: 300 },
  )
  const alone = placeInTurn([64])
  assert.equal(districtFits({ placed: alone, index: 0, side: districtSideMax }), true)
  assert.equal(districtFits({ placed: placeInTurn([64, 64]), index: 0, side: 128 }), false)
  assert.equal(districtFits({ placed: placeInTurn([64, 64]), index: 1, side: 128 }), true)
})

test('a side that no district has is refused', () => {
  for (const side of [0, 32, 96, -64, Number.NaN, 2 * districtSideMax]) {
    assert.throws(() => placeDistrict({ placed: [], side }), { name: 'AssertionError' })
    assert.throws(() => districtFits({ placed: placeInTurn([64]), index: 0, side }), { name: 'AssertionError' })
  }
  assert.throws(() => districtReserve(2 ** 47 + 1), { name: 'AssertionError' })
})
