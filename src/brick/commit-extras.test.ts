import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { coarsenRuns, dirtyRunsMax, encodeExtras, extrasBytesMax, parseExtras } from './commit-extras.ts'
import { sampleExtras } from './testing/commit-samples.ts'

test('unknown keys of extras are ignored and missing ones are empty', () => {
  const counts = { entries: 0, bytes: 0, unreadable: 0, torn: 0 }
  assert.deepEqual(parseExtras(utf8('{}')), { reason: '', dirty: [], dirtyTiles: 0, counts })
  const newer = '{"later":{"a":[1]},"dirty":[[3,2],[5,1]],"counts":{"bytes":9,"new":2}}'
  const dirty = [
    { start: 3, length: 2 },
    { start: 5, length: 1 },
  ]
  assert.deepEqual(parseExtras(utf8(newer)), { reason: '', dirty, dirtyTiles: 0, counts: { ...counts, bytes: 9 } })
})

test('extras stay inside their limits, with every dirty tile still covered', () => {
  const dirty = Array.from({ length: 10_000 }, (_, i) => ({ start: 2 ** 31 - 100_000 + 5 * i + (i % 3), length: 2 }))
  const reason = '"\n\u{1f9f1}'.repeat(2000)
  const bytes = encodeExtras({ ...sampleExtras, reason, dirty, dirtyTiles: 20_000 })
  assert.ok(bytes.length <= extrasBytesMax)
  const back = parseExtras(bytes)
  assert.ok(back.dirty.length <= dirtyRunsMax && back.dirty.length > 1000)
  for (const run of dirty) {
    const isCovered = back.dirty.some(
      ({ start, length }) => start <= run.start && start + length >= run.start + run.length,
    )
    if (!isCovered) assert.fail(`tile ${run.start} is not covered`)
  }
})

test('coarsening covers the same tiles with the fewest others', () => {
  const runs = [
    { start: 0, length: 1 },
    { start: 3, length: 1 },
    { start: 5, length: 2 },
    { start: 20, length: 1 },
    { start: 22, length: 1 },
  ]
  assert.deepEqual(coarsenRuns(runs, 5), runs)
  assert.deepEqual(coarsenRuns(runs, 2), [
    { start: 0, length: 7 },
    { start: 20, length: 3 },
  ])
  assert.deepEqual(coarsenRuns(runs, 1), [{ start: 0, length: 23 }])
  assert.deepEqual(coarsenRuns([], 1), [])
})
