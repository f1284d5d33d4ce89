import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CommitRow } from '../../wire/api.ts'
import { mergedRows, rowAt, stepFrom, stopsOf } from './commit-log.ts'

function row(generation: number, time: string, tag: string | null = null): CommitRow {
  const size = { length: 65_536, height: 1, entryCount: 1, contentBytes: 1, treeHash: '' }
  return { generation, commit: `c${generation}`, time, tag, reason: '', dirtyTiles: 1, ...size }
}

test('the commit at an instant is the newest at or before it', () => {
  const rows = [row(1, 'a'), row(2, 'c'), row(3, 'e')]
  for (const [time, commit] of [
    ['a', 'c1'],
    ['b', 'c1'],
    ['c', 'c2'],
    ['d', 'c2'],
    ['z', 'c3'],
  ] as const) {
    assert.equal(rowAt(rows, time)?.commit, commit, time)
  }
  assert.equal(rowAt(rows, 'A'), undefined, 'before the first there is nothing')
})

test('pages of rows are put together in order, and what the server says last of a commit counts', () => {
  const merged = mergedRows([row(2, 'b'), row(3, 'c')], [row(1, 'a'), row(3, 'c', 'release')])
  assert.deepEqual(
    merged.map(({ generation, tag }) => [generation, tag]),
    [
      [1, null],
      [2, null],
      [3, 'release'],
    ],
  )
})

test('bricks that committed at the same time share a stop', () => {
  const stops = stopsOf([
    ['u', [row(1, 'a'), row(2, 'c')]],
    ['v', [row(7, 'b'), row(8, 'c')]],
  ])
  assert.deepEqual(
    stops.map(({ time, commits }) => `${time}${commits.map(({ uuid }) => uuid).join('')}`),
    ['au', 'bv', 'cuv'],
  )
})

test('steps back from now reach every stop but the newest, which looks like now; steps on come back to now', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 10, max: 99 }), { minLength: 1, maxLength: 30 }), (times) => {
      const sorted = times.toSorted((a, b) => a - b)
      const stops = stopsOf([['u', sorted.map((time, at) => row(at + 1, String(time)))]])
      const back: string[] = []
      let time: string | undefined
      for (;;) {
        const stop = stepFrom(stops, { time, direction: -1 })
        if (stop === undefined || stop === 'now') break
        time = stop.time
        back.push(time)
      }
      assert.deepEqual(back, sorted.slice(0, -1).map(String).toReversed())
      const on: (string | undefined)[] = []
      while (time !== undefined) {
        const stop = stepFrom(stops, { time, direction: 1 })
        time = stop === 'now' ? undefined : stop?.time
        on.push(time)
      }
      assert.deepEqual(on, back.length === 0 ? [] : [...back.toReversed().slice(1), undefined])
    }),
  )
  assert.equal(stepFrom([], { time: undefined, direction: 1 }), undefined)
  const stops = stopsOf([['u', [row(1, 'b'), row(2, 'd'), row(3, 'f')]]])
  assert.deepEqual(
    [-1, 1].map((direction) => stepFrom(stops, { time: 'c', direction: direction as 1 })),
    [stops[0], stops[1]],
    'between stops',
  )
  assert.equal(stepFrom(stops, { time: 'z', direction: -1 }), stops[2], 'after the last')
})
