import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../base/entry.ts'
import { difference, intersection, sortedRuns, union, within } from './runs.ts'

const end = 40
const run = fc.record({ start: fc.nat({ max: end - 1 }), length: fc.nat({ max: 12 }) })
const anyRuns = fc.array(run, { maxLength: 8 })

function bytesOf(runs: Iterable<Run>): Set<number> {
  return new Set([...runs].flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i)))
}

function assertOrdered(runs: readonly Run[]): void {
  for (const [i, { start, length }] of runs.entries()) {
    assert.ok(length > 0)
    const before = runs[i - 1]
    if (before !== undefined) assert.ok(before.start + before.length <= start)
  }
}

test('runs are sets of bytes', () => {
  fc.assert(
    fc.property(anyRuns, anyRuns, (left, right) => {
      const a = sortedRuns(left)
      const b = sortedRuns(right)
      const [inA, inB] = [bytesOf(left), bytesOf(right)]
      const made = [
        [a, inA],
        [union(a, b), new Set([...inA, ...inB])],
        [intersection(a, b), new Set([...inA].filter((at) => inB.has(at)))],
        [difference(a, b), new Set([...inA].filter((at) => !inB.has(at)))],
      ] as const
      for (const [runs, expected] of made) {
        assertOrdered(runs)
        assert.deepEqual([...bytesOf(runs)].sort(byNumber), [...expected].sort(byNumber))
      }
    }),
  )
})

test('what lies within a window is cut at its edges', () => {
  fc.assert(
    fc.property(anyRuns, fc.nat({ max: end }), fc.nat({ max: end }), (runs, from, to) => {
      const inside = [...within(sortedRuns(runs), from, to)]
      assertOrdered(inside)
      const expected = [...bytesOf(runs)].filter((at) => at >= from && at < to)
      assert.deepEqual([...bytesOf(inside)].sort(byNumber), expected.sort(byNumber))
    }),
  )
})

function byNumber(a: number, b: number): number {
  return a - b
}
