import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { positionEnd, positionToPoint } from './curve.ts'
import { boundingBox, squareCountMax, squaresOf } from './squares.ts'

const shortRuns = fc
  .tuple(
    fc.oneof(
      fc.nat(5000),
      fc.nat(1000).map((n) => 2 ** 47 - 500 + n),
    ),
    fc.nat(3000),
  )
  .map(([start, length]) => ({ start, length }))

const anyRuns = fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.nat(47)).map(([a, b, bits]) => {
  const start = Math.abs(a) % positionEnd
  return { start, length: Math.min(Math.abs(b) % 2 ** bits, positionEnd - start) }
})

test('squares follow each other on the curve and cover the run exactly', () => {
  fc.assert(
    fc.property(anyRuns, ({ start, length }) => {
      let at = start
      for (const square of squaresOf({ start, length })) {
        assert.equal(square.start, at)
        assert.equal(at % square.side ** 2, 0)
        at += square.side ** 2
      }
      assert.equal(at, start + length)
    }),
  )
})

test('the squares hold the points of the run and no others', () => {
  fc.assert(
    fc.property(shortRuns, ({ start, length }) => {
      const painted = squaresOf({ start, length }).flatMap(({ x, y, side }) =>
        Array.from({ length: side * side }, (_, i) => `${x + (i % side)},${y + Math.floor(i / side)}`),
      )
      const points = Array.from({ length }, (_, i) => positionToPoint(start + i)).map(({ x, y }) => `${x},${y}`)
      assert.deepEqual(painted.sort(), points.sort())
    }),
    { numRuns: 40 },
  )
})

test('no four squares in a row could have been one', () => {
  fc.assert(
    fc.property(anyRuns, (run) => {
      const squares = squaresOf(run)
      for (let i = 3; i < squares.length; i++) {
        const four = squares.slice(i - 3, i + 1)
        const [first] = four as [(typeof four)[number]]
        const same = four.every(({ side }) => side === first.side)
        assert.ok(!(same && first.start % (4 * first.side ** 2) === 0))
      }
    }),
  )
})

test('a coarsened cover keeps to its bound, holds the run, and is the exact one where that is small enough', () => {
  fc.assert(
    fc.property(anyRuns, fc.integer({ min: 1, max: 40 }), ({ start, length }, countMax) => {
      const exact = squaresOf({ start, length })
      const cover = squaresOf({ start, length, countMax })
      assert.ok(cover.length <= countMax && exact.length <= squareCountMax)
      if (exact.length <= countMax) assert.deepEqual(cover, exact)
      if (length === 0) return assert.deepEqual(cover, [])
      const [first, last] = [cover[0], cover.at(-1)]
      assert.ok(first !== undefined && last !== undefined)
      assert.ok(first.start <= start && last.start + last.side ** 2 >= start + length)
    }),
  )
})

test('the longest run of odd ends needs many squares and one is enough when asked', () => {
  const run = { start: 1, length: positionEnd - 2 }
  assert.equal(squaresOf(run).length, 2 * 3 * 23 + 2)
  assert.deepEqual(squaresOf({ ...run, countMax: 1 }), [{ x: 0, y: 0, side: 2 ** 24, start: 0 }])
})

test('the bounding box is the least one around the points', () => {
  fc.assert(
    fc.property(shortRuns, ({ start, length }) => {
      if (length === 0) return
      const points = Array.from({ length }, (_, i) => positionToPoint(start + i))
      const x = Math.min(...points.map((point) => point.x))
      const y = Math.min(...points.map((point) => point.y))
      const right = Math.max(...points.map((point) => point.x))
      const bottom = Math.max(...points.map((point) => point.y))
      assert.deepEqual(boundingBox({ start, length }), { x, y, width: right - x + 1, height: bottom - y + 1 })
    }),
    { numRuns: 40 },
  )
})

test('an empty run has an empty box, and a run beyond the curve is refused', () => {
  assert.deepEqual(boundingBox({ start: 77, length: 0 }), { x: 0, y: 0, width: 0, height: 0 })
  assert.throws(() => boundingBox({ start: positionEnd - 1, length: 2 }))
  assert.throws(() => squaresOf({ start: -1, length: 2 }))
  assert.throws(() => squaresOf({ start: 0, length: 2, countMax: 0 }))
})
