import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pointToPosition } from '../../hilbert/curve.ts'
import type { HeatRun } from '../../wire/api.ts'
import { coarsened, heatOrder, heatPixelsMin, heatSquares } from './heat-squares.ts'

const tileCount = 512
const counts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: tileCount, maxLength: tileCount })

/** One run for each tile that changed; neighbours alike are joined, as the server does. */
function runsOf(perTile: readonly number[]): HeatRun[] {
  const runs: [number, number, number][] = []
  for (const [tile, count] of perTile.entries()) {
    const last = runs.at(-1)
    if (count === 0) continue
    if (last !== undefined && last[0] + last[1] === tile && last[2] === count) last[1]++
    else runs.push([tile, 1, count])
  }
  return runs
}

test('a block has the count of its hottest tile, and runs stay ascending and disjoint', () => {
  fc.assert(
    fc.property(counts, fc.constantFrom(1, 4, 16, 64), (perTile, blockTiles) => {
      const runs = coarsened(runsOf(perTile), blockTiles)
      const drawn = new Array<number>(tileCount).fill(0)
      let end = 0
      for (const [start, length, count] of runs) {
        assert.ok(start >= end && length > 0)
        end = start + length
        drawn.fill(count, start, end)
      }
      for (let block = 0; block < tileCount; block += blockTiles) {
        const hottest = Math.max(...perTile.slice(block, block + blockTiles))
        assert.deepEqual(new Set(drawn.slice(block, block + blockTiles)), new Set([hottest]))
      }
    }),
  )
})

test('the squares cover exactly the tiles that changed', () => {
  fc.assert(
    fc.property(counts, (perTile) => {
      const drawn = new Array<number>(tileCount).fill(0)
      for (const { x, y, side, count } of heatSquares(runsOf(perTile), 0)) {
        for (let row = y / 256; row < (y + side) / 256; row++) {
          for (let column = x / 256; column < (x + side) / 256; column++) {
            drawn[pointToPosition({ x: column, y: row })] = count
          }
        }
      }
      assert.deepEqual(drawn, perTile)
    }),
  )
})

test('a block is as large on the screen as the smallest square that is drawn', () => {
  for (const scale of [16, 1, 1 / 64, 1 / 1024, 1 / 65_536]) {
    const order = heatOrder(scale)
    const pixels = (at: number) => 256 * 2 ** at * scale
    assert.ok(pixels(order) >= heatPixelsMin)
    assert.ok(order === 0 || pixels(order - 1) < heatPixelsMin)
  }
})

test('however many runs there are, no more squares than a frame can draw', () => {
  const runs = Array.from({ length: 60_000 }, (_, at) => [at * 3, 1, 1 + (at % 5)] as const)
  const squares = heatSquares(runs, 0)
  assert.ok(squares.length > 0 && squares.length <= 24_000, String(squares.length))
})
