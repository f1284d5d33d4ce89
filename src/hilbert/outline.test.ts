import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { positionEnd, positionToPoint } from './curve.ts'
import { type Loop, outlineOf, vertexCountMax } from './outline.ts'

const shortRuns = fc
  .tuple(
    fc.oneof(
      fc.nat(5000),
      fc.nat(1000).map((n) => 2 ** 47 - 500 + n),
    ),
    fc.integer({ min: 1, max: 1500 }),
  )
  .map(([start, length]) => ({ start, length }))

const anyRuns = fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.nat(47)).map(([a, b, bits]) => {
  const start = Math.abs(a) % (positionEnd - 1)
  return { start, length: Math.min(1 + (Math.abs(b) % 2 ** bits), positionEnd - start) }
})

function onlyLoop(loops: readonly Loop[]): Loop {
  assert.equal(loops.length, 1)
  return loops[0] as Loop
}

/** Unit edges of a loop as `x,y>x,y`. */
function unitEdges(loop: Loop): string[] {
  const edges: string[] = []
  for (let i = 0; i < loop.length; i += 2) {
    let [x, y] = [loop[i] as number, loop[i + 1] as number]
    const [toX, toY] = [loop[(i + 2) % loop.length] as number, loop[(i + 3) % loop.length] as number]
    while (x !== toX || y !== toY) {
      const [nextX, nextY] = [x + Math.sign(toX - x), y + Math.sign(toY - y)]
      edges.push(`${x},${y}>${nextX},${nextY}`)
      ;[x, y] = [nextX, nextY]
    }
  }
  return edges
}

/** The area that the loop runs around, counted positive where it keeps the inside to its right. */
function area(loop: Loop): number {
  let sum = 0
  for (let i = 0; i < loop.length; i += 2) {
    const next = (i + 2) % loop.length
    sum += (loop[i] as number) * ((loop[next + 1] as number) - (loop[i + 1] as number))
  }
  return sum
}

test('the outline is made of the sides between a cell of the run and another', () => {
  fc.assert(
    fc.property(shortRuns, ({ start, length }) => {
      const points = Array.from({ length }, (_, i) => positionToPoint(start + i))
      const inside = new Set(points.map(({ x, y }) => `${x},${y}`))
      const expected: string[] = []
      for (const { x, y } of points) {
        if (!inside.has(`${x},${y - 1}`)) expected.push(`${x},${y}>${x + 1},${y}`)
        if (!inside.has(`${x + 1},${y}`)) expected.push(`${x + 1},${y}>${x + 1},${y + 1}`)
        if (!inside.has(`${x},${y + 1}`)) expected.push(`${x + 1},${y + 1}>${x},${y + 1}`)
        if (!inside.has(`${x - 1},${y}`)) expected.push(`${x},${y + 1}>${x},${y}`)
      }
      assert.deepEqual(unitEdges(onlyLoop(outlineOf({ start, length }))).sort(), expected.sort())
    }),
    { numRuns: 60 },
  )
})

test('the outline of any run is one loop that turns at every vertex and encloses as many cells as the run has', () => {
  fc.assert(
    fc.property(anyRuns, ({ start, length }) => {
      const loop = onlyLoop(outlineOf({ start, length }))
      assert.ok(loop.length <= 2 * vertexCountMax)
      for (let i = 0; i < loop.length; i += 2) {
        const horizontal = loop[i + 1] === loop[(i + 3) % loop.length]
        const nextHorizontal = loop[(i + 3) % loop.length] === loop[(i + 5) % loop.length]
        assert.notEqual(horizontal, nextHorizontal)
      }
      assert.equal(area(loop), length)
    }),
    { numRuns: 1000 },
  )
})

test('a coarsened outline keeps to its bound', () => {
  fc.assert(
    fc.property(anyRuns, fc.integer({ min: 4, max: 60 }), ({ start, length }, vertexMax) => {
      const exact = onlyLoop(outlineOf({ start, length }))
      const loop = onlyLoop(outlineOf({ start, length, vertexMax }))
      assert.ok(loop.length <= 2 * vertexMax)
      if (exact.length <= 2 * vertexMax) assert.deepEqual(loop, exact)
    }),
  )
})

test('a square has four vertices, clockwise from its top left, and an empty run has no outline', () => {
  assert.deepEqual(outlineOf({ start: 48, length: 16 }), [[0, 4, 4, 4, 4, 8, 0, 8]])
  assert.deepEqual(outlineOf({ start: 5, length: 0 }), [])
})
