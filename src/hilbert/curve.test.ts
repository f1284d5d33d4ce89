import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coordinateEnd, evenOrderFor, pointToPosition, positionEnd, positionToPoint } from './curve.ts'

const firstSixteen = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 3],
  [1, 2],
  [2, 2],
  [2, 3],
  [3, 3],
  [3, 2],
  [3, 1],
  [2, 1],
  [2, 0],
  [3, 0],
] as const

/** Positions of every magnitude, the ends of the curve included. */
const positions = fc.oneof(
  fc.maxSafeInteger().map((n) => Math.abs(n) % positionEnd),
  fc.tuple(fc.nat(47), fc.integer({ min: -3, max: 3 })).map(([bits, by]) => Math.max(0, 2 ** bits + by)),
  fc.nat(70_000),
  fc.nat(1000).map((n) => positionEnd - 1 - n),
)

/** The classic curve from the least significant digit, of one given order: the format's definition. */
function classic(order: number, position: bigint): { x: bigint; y: bigint } {
  let x = 0n
  let y = 0n
  let rest = position
  for (let side = 1n; side < 1n << BigInt(order); side *= 2n) {
    const right = 1n & (rest / 2n)
    const below = 1n & (rest ^ right)
    if (below === 0n) {
      if (right === 1n) {
        x = side - 1n - x
        y = side - 1n - y
      }
      ;[x, y] = [y, x]
    }
    x += side * right
    y += side * below
    rest /= 4n
  }
  return { x, y }
}

test('the curve begins with the sixteen points that the format names', () => {
  firstSixteen.forEach(([x, y], position) => {
    assert.deepEqual(positionToPoint(position), { x, y })
    assert.equal(pointToPosition({ x, y }), position)
  })
})

test('every point of the first 256 x 256 square is visited once, each step to a neighbour', () => {
  const seen = new Set<number>()
  let before = { x: -1, y: 0 }
  for (let position = 0; position < 65_536; position++) {
    const point = positionToPoint(position)
    assert.equal(Math.abs(point.x - before.x) + Math.abs(point.y - before.y), 1)
    assert.ok(point.x < 256 && point.y < 256)
    seen.add(point.y * 256 + point.x)
    before = point
  }
  assert.equal(seen.size, 65_536)
})

test('position to point and back is the identity, also near the end of the curve', () => {
  fc.assert(fc.property(positions, (position) => assert.equal(pointToPosition(positionToPoint(position)), position)))
})

test('point to position and back is the identity', () => {
  const coordinates = fc.nat(coordinateEnd - 1)
  fc.assert(
    fc.property(coordinates, coordinates, (x, y) => {
      assert.deepEqual(positionToPoint(pointToPosition({ x, y })), { x, y })
    }),
  )
})

test('neighbours on the curve are neighbours in the plane, at any magnitude', () => {
  fc.assert(
    fc.property(positions, (position) => {
      const a = positionToPoint(Math.max(1, position) - 1)
      const b = positionToPoint(Math.max(1, position))
      assert.equal(Math.abs(a.x - b.x) + Math.abs(a.y - b.y), 1)
    }),
  )
})

test('the point is that of the classic curve of every even order that is large enough', () => {
  fc.assert(
    fc.property(positions, fc.nat(4), (position, more) => {
      const order = evenOrderFor(position + 1) + 2 * more
      const { x, y } = classic(order, BigInt(position))
      assert.deepEqual(positionToPoint(position), { x: Number(x), y: Number(y) })
    }),
  )
})

test('the order of a length is the smallest even one with room for it', () => {
  const expected = [
    [0, 2],
    [1, 2],
    [16, 2],
    [17, 4],
    [256, 4],
    [257, 6],
    [65_536, 8],
    [65_537, 10],
    [2 ** 47, 24],
    [positionEnd, 24],
  ] as const
  for (const [length, order] of expected) assert.equal(evenOrderFor(length), order)
})

test('what is not on the curve is refused', () => {
  for (const position of [-1, 0.5, positionEnd, Number.NaN]) assert.throws(() => positionToPoint(position))
  for (const x of [-1, 0.5, coordinateEnd, Number.NaN]) {
    assert.throws(() => pointToPosition({ x, y: 0 }))
    assert.throws(() => pointToPosition({ x: 0, y: x }))
  }
  for (const length of [-1, 0.5, positionEnd + 1]) assert.throws(() => evenOrderFor(length))
})
