import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../base/entry.ts'
import { piecesOf, readableRuns, slotProblem } from './content.ts'

const size = 200
/** Ascending runs inside [0, size), apart or touching. */
const runs = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 30 })), { maxLength: 8 })
  .map((pairs) => {
    const made: Run[] = []
    let at = 0
    for (const [gap, length] of pairs) {
      if (at + gap + length > size) break
      made.push({ start: at + gap, length })
      at += gap + length
    }
    return made
  })

function positions(list: readonly Run[]): Set<number> {
  return new Set(list.flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i)))
}

function without(set: ReadonlySet<number>, removed: ReadonlySet<number>): Set<number> {
  return new Set([...set].filter((position) => !removed.has(position)))
}

test('readable is what is data and not lost, byte by byte', () => {
  fc.assert(
    fc.property(runs, runs, (extents, unreadableRanges) => {
      const readable = readableRuns({ size, extents, unreadableRanges })
      assert.deepEqual(positions(readable), without(positions(extents), positions(unreadableRanges)))
      for (const [i, run] of readable.entries()) {
        const before = readable[i - 1]
        assert.ok(run.length > 0 && (before === undefined || before.start + before.length <= run.start))
      }
    }),
  )
})

test('a file without a list of extents is all data', () => {
  assert.deepEqual(readableRuns({ size: 5 }), [{ start: 0, length: 5 }])
  assert.deepEqual(readableRuns({ size: 0 }), [])
})

test('pieces cover a run once, in order, and none crosses a tile', () => {
  fc.assert(
    fc.property(fc.nat(300_000), fc.nat(400_000), fc.integer({ min: 1, max: 400_000 }), (slotStart, start, length) => {
      let offset = start
      for (const piece of piecesOf({ start: slotStart, length: 2 ** 30 }, { start, length })) {
        assert.equal(piece.offset, offset)
        assert.equal(piece.tile * 65_536 + piece.from, slotStart + offset)
        assert.ok(piece.length > 0 && piece.from + piece.length <= 65_536)
        offset += piece.length
      }
      assert.equal(offset, start + length)
    }),
  )
})

test('a slot is followed only where the format allows it', () => {
  const length = 2 ** 20
  assert.equal(slotProblem({ start: 64, length: 128 }, { size: 100, length }), undefined)
  assert.equal(slotProblem({ start: 131_072, length: 131_072 }, { size: 65_537, length }), undefined)
  assert.match(String(slotProblem({ start: 64, length: 100 }, { size: 100, length })), /no allowed shape/)
  assert.match(String(slotProblem({ start: 192, length: 128 }, { size: 100, length })), /no allowed shape/)
  assert.match(String(slotProblem({ start: 2 ** 20, length: 64 }, { size: 1, length })), /beyond the brick's length/)
  assert.match(String(slotProblem({ start: 0, length: 64 }, { size: 65, length })), /shorter than its content/)
  assert.match(String(slotProblem({ start: 0, length: Number.NaN }, { size: 65, length })), /no allowed shape/)
})
