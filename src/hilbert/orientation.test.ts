import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { positionEnd, positionToPoint } from './curve.ts'
import { type Orientation, orient, orientationAt, squareOrigin } from './orientation.ts'

/** Aligned squares of the orders given, anywhere on the curve. */
function squares(orders: readonly number[]) {
  return fc.tuple(fc.constantFrom(...orders), fc.maxSafeInteger(), fc.boolean()).map(([order, at, near]) => {
    const count = near ? 4096 : positionEnd / 4 ** order
    return { order, position: (Math.abs(at) % count) * 4 ** order }
  })
}

test('a square is the beginning of the curve, laid by its orientation at its origin', () => {
  fc.assert(
    fc.property(squares([0, 2, 4, 6]), ({ position, order }) => {
      const side = 2 ** order
      const orientation = orientationAt({ position, order })
      const origin = squareOrigin({ position, order })
      for (let i = 0; i < 4 ** order; i++) {
        const { x, y } = orient({ ...positionToPoint(i), side, orientation })
        assert.deepEqual(positionToPoint(position + i), { x: origin.x + x, y: origin.y + y })
      }
    }),
    { numRuns: 60 },
  )
})

test('tiles are laid by their orientation, in samples', () => {
  fc.assert(
    fc.property(squares([8]), fc.nat(65_535), ({ position, order }, i) => {
      const orientation = orientationAt({ position, order })
      const { x, y } = orient({ ...positionToPoint(i), side: 256, orientation })
      const origin = squareOrigin({ position, order })
      assert.deepEqual(positionToPoint(position + i), { x: origin.x + x, y: origin.y + y })
    }),
  )
})

test('the origin is the least x and the least y of the square, at odd orders too', () => {
  fc.assert(
    fc.property(squares([0, 1, 2, 3, 4, 5]), ({ position, order }) => {
      const points = Array.from({ length: 4 ** order }, (_, i) => positionToPoint(position + i))
      assert.deepEqual(squareOrigin({ position, order }), {
        x: Math.min(...points.map(({ x }) => x)),
        y: Math.min(...points.map(({ y }) => y)),
      })
    }),
    { numRuns: 60 },
  )
})

test('the first sixteen squares of 16 show all four orientations', () => {
  const seen = Array.from({ length: 16 }, (_, i) => orientationAt({ position: 16 * i, order: 2 }))
  assert.deepEqual(seen, [0, 1, 1, 3, 1, 0, 0, 2, 1, 0, 0, 2, 3, 2, 2, 0])
})

test('the whole curve is upright and begins at the origin', () => {
  assert.equal(orientationAt({ position: 0, order: 24 }), 0)
  assert.deepEqual(squareOrigin({ position: 0, order: 24 }), { x: 0, y: 0 })
})

test('orientations are their own inverses and combine by exclusive or', () => {
  const orientations = fc.constantFrom<Orientation>(0, 1, 2, 3)
  fc.assert(
    fc.property(orientations, orientations, fc.nat(63), fc.nat(63), (first, second, x, y) => {
      const once = orient({ x, y, side: 64, orientation: first })
      const twice = orient({ ...once, side: 64, orientation: second })
      assert.deepEqual(twice, orient({ x, y, side: 64, orientation: (first ^ second) as Orientation }))
    }),
  )
})

test('a square that is not aligned, or of an odd order where orientation is asked, is refused', () => {
  assert.throws(() => orientationAt({ position: 8, order: 2 }))
  assert.throws(() => orientationAt({ position: 0, order: 3 }))
  assert.throws(() => squareOrigin({ position: positionEnd, order: 2 }))
  assert.throws(() => squareOrigin({ position: 0, order: 25 }))
})
