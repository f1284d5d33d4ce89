import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DirtyTiles } from './dirty-tiles.ts'

test('runs cover exactly the tiles that were added, ascend and do not touch', () => {
  const run = fc.record({ start: fc.nat({ max: 60 }), length: fc.integer({ min: 1, max: 9 }) })
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 60 })), fc.array(run), (tiles, runs) => {
      const dirty = new DirtyTiles()
      assert.ok(dirty.isEmpty)
      const expected = new Set<number>(tiles)
      for (const tile of tiles) dirty.add(tile)
      for (const each of runs) {
        dirty.addRun(each)
        for (let tile = each.start; tile < each.start + each.length; tile++) expected.add(tile)
      }
      const found = dirty.runs()
      const covered = found.flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i))
      assert.deepEqual(
        covered,
        [...expected].sort((a, b) => a - b),
      )
      for (const [i, { start }] of found.slice(1).entries()) {
        const before = found[i] as { start: number; length: number }
        assert.ok(before.start + before.length < start)
      }
      assert.equal(dirty.isEmpty, expected.size === 0)
    }),
  )
})
