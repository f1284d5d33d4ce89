import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pointToPosition } from '../../hilbert/curve.ts'
import { squaresOf } from '../../hilbert/squares.ts'
import { roomsIn } from './rooms.ts'

const run = fc.record({ start: fc.nat(4096), length: fc.integer({ min: 1, max: 4096 }) })

test('a room lies wholly inside its run', () => {
  fc.assert(
    fc.property(run, ({ start, length }) => {
      const rooms = roomsIn([start, length])
      for (const { x, y, width, height } of rooms === undefined ? [] : [rooms.largest, rooms.widest]) {
        for (let row = y; row < y + height; row++) {
          for (let column = x; column < x + width; column++) {
            const position = pointToPosition({ x: column, y: row })
            assert.ok(position >= start && position < start + length)
          }
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('a room is at least as large as the largest square, and the widest at least as wide', () => {
  fc.assert(
    fc.property(run, ({ start, length }) => {
      const rooms = roomsIn([start, length])
      if (rooms === undefined) return
      const side = Math.max(...squaresOf({ start, length }).map((square) => square.side))
      assert.ok(rooms.largest.width * rooms.largest.height >= side * side)
      assert.ok(rooms.widest.width >= rooms.largest.width)
    }),
  )
})

test('two squares side by side are one room, as wide as both', () => {
  const wide = Array.from({ length: 64 }, (_, at) => at)
    .map((start) => roomsIn([start * 16, 32]))
    .filter((rooms) => rooms !== undefined && rooms.largest.width === 8)
  assert.ok(wide.length > 0)
  for (const rooms of wide) assert.equal(rooms?.largest.height, 4)
})
