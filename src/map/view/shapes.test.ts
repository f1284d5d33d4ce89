import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pointToPosition, positionToPoint } from '../../hilbert/curve.ts'
import { squaresOf } from '../../hilbert/squares.ts'
import { outlineSquares } from './outline-squares.ts'
import { directoryShape, entryShape, unionLines } from './shapes.ts'

/** Unit edges between a cell of the set and a cell that is not. */
function boundaryEdges(cells: ReadonlySet<string>): Set<string> {
  const edges = new Set<string>()
  for (const cell of cells) {
    const [x, y] = cell.split(' ').map(Number) as [number, number]
    if (!cells.has(`${x} ${y - 1}`)) edges.add(`h ${x} ${y}`)
    if (!cells.has(`${x} ${y + 1}`)) edges.add(`h ${x} ${y + 1}`)
    if (!cells.has(`${x - 1} ${y}`)) edges.add(`v ${x} ${y}`)
    if (!cells.has(`${x + 1} ${y}`)) edges.add(`v ${x + 1} ${y}`)
  }
  return edges
}

function unitEdges(lines: Float64Array): Set<string> {
  const edges = new Set<string>()
  for (let i = 0; i < lines.length; i += 4) {
    const [x0, y0, x1, y1] = lines.slice(i, i + 4) as unknown as [number, number, number, number]
    for (let x = x0; x < x1; x++) edges.add(`h ${x} ${y0}`)
    for (let y = y0; y < y1; y++) edges.add(`v ${x0} ${y}`)
  }
  return edges
}

test('the lines of a union of runs are exactly the edges between inside and outside', () => {
  const run = fc.record({ start: fc.nat(700), length: fc.integer({ min: 1, max: 300 }) })
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), (runs) => {
      const cells = new Set<string>()
      const squares = runs.flatMap((one) => squaresOf(one))
      for (const { start, length } of runs) {
        for (let d = start; d < start + length; d++) {
          const { x, y } = positionToPoint(d)
          cells.add(`${x} ${y}`)
        }
      }
      const drawn = unitEdges(unionLines(squares))
      for (const edge of boundaryEdges(cells)) assert.ok(drawn.has(edge), `${edge} is missing`)
      if (squares.reduce((sum, { side }) => sum + side * side, 0) === cells.size) {
        assert.deepEqual(drawn, boundaryEdges(cells))
      }
    }),
    { numRuns: 80 },
  )
})

test('an entry of unreadable content is hatched, one without a slot has no shape', () => {
  const entry = { path: 'a/b', kind: 'file', size: 100, slot: { start: 64, length: 128 }, flags: ['unreadable'] }
  const shape = entryShape(entry)
  assert.equal(shape?.name, 'b')
  assert.ok((shape?.hatched.length ?? 0) > 0)
  assert.equal(entryShape({ ...entry, slot: { start: 0, length: 0 } }), undefined)
})

test('a name that is no text is shown escaped', () => {
  const shape = directoryShape({ pathHex: '612fff0a', runs: [[0, 64]], slotBytes: 64, depth: 2 })
  assert.equal(shape?.path, 'a/\\xff\\x0a')
})

test('the squares asked for cover the part in view and begin inside the brick', () => {
  const rects = fc.record({
    x: fc.nat(4000),
    y: fc.nat(4000),
    width: fc.integer({ min: 1, max: 2000 }),
    height: fc.integer({ min: 1, max: 2000 }),
  })
  fc.assert(
    fc.property(rects, fc.integer({ min: -6, max: 4 }), (rect, zoom) => {
      const length = 9_000_000
      const { order, indexes, min } = outlineSquares({ rect, scale: 2 ** zoom, length, brickOrder: 12 })
      assert.ok(min >= 1 && indexes.every((index) => index * 4 ** order < length))
      const covered = new Set(indexes)
      for (const [x, y] of [
        [rect.x, rect.y],
        [rect.x + rect.width - 1, rect.y + rect.height - 1],
      ] as const) {
        if (x >= 4096 || y >= 4096) continue
        const d = pointToPosition({ x, y })
        if (d < length) assert.ok(covered.has(Math.floor(d / 4 ** order)))
      }
    }),
  )
})
