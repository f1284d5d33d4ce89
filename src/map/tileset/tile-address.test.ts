import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pointToPosition } from '../../hilbert/curve.ts'
import { tileSpan } from '../../wire/api.ts'
import { ancestorIndex, gridRange, indexesIn, levelFor, placeOf, sideOf, topLevelOf } from './tile-address.ts'

const level = fc.constantFrom(0, 2, 4, 6, 8, 10)

test('a texel is at least 0.75 pixels at the chosen level, and a finer level would be too fine', () => {
  fc.assert(
    fc.property(fc.double({ min: -22, max: 7, noNaN: true }), (zoom) => {
      const scale = 2 ** zoom
      const topLevel = topLevelOf(4)
      const chosen = levelFor({ scale, topLevel })
      if (scale >= 0.5) assert.equal(chosen, 0)
      else if (chosen < topLevel) assert.ok(scale * 2 ** chosen >= 0.75)
      if (chosen > 2) assert.ok(scale * 2 ** (chosen - 2) < 0.75)
    }),
  )
})

test('every byte lies in the square of its tile or page, at every level', () => {
  fc.assert(
    fc.property(level, fc.nat(2 ** 31), fc.nat(2 ** 20), (level, x, y) => {
      const point = { x: x % 2 ** 24, y: y % 2 ** 24 }
      const index = Math.floor(pointToPosition(point) / tileSpan(level))
      const place = placeOf({ level, index })
      const side = sideOf(level)
      assert.ok(point.x >= place.x && point.x < place.x + side && point.y >= place.y && point.y < place.y + side)
    }),
  )
})

test('the squares in view are those that touch the view and begin inside the brick', () => {
  fc.assert(
    fc.property(level, fc.nat(3000), fc.nat(3000), fc.integer({ min: 1, max: 5_000_000 }), (level, x, y, length) => {
      const rect = { x, y, width: 700, height: 400 }
      const range = gridRange({ rect, level })
      const indexes = new Set(indexesIn({ range, level, length }))
      for (const dx of [0, 350, 699]) {
        for (const dy of [0, 200, 399]) {
          const position = pointToPosition({ x: x + dx, y: y + dy })
          const index = Math.floor(position / tileSpan(level))
          assert.equal(indexes.has(index), index * tileSpan(level) < length)
        }
      }
    }),
  )
})

test('a page lies inside the square of every page above it', () => {
  fc.assert(
    fc.property(level, level, fc.nat(100_000), (from, to, any) => {
      if (to < from) return
      const index = any % (4 ** 24 / tileSpan(from))
      const place = placeOf({ level: from, index })
      const above = placeOf({ level: to, index: ancestorIndex({ from, index, level: to }) })
      assert.ok(place.x >= above.x && place.x + sideOf(from) <= above.x + sideOf(to))
      assert.ok(place.y >= above.y && place.y + sideOf(from) <= above.y + sideOf(to))
    }),
  )
})
