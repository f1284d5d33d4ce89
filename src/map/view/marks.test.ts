import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Severity } from '../../base/region.ts'
import { severities } from '../../base/region.ts'
import { crackOf, type Fracture, fractureOf } from './fractures.ts'
import { MarkSet } from './marks.ts'
import { severityMarks } from './severity.ts'

const viewport = { width: 1280, height: 800 }
const cornerOf = (uuid: string) => (uuid === 'gone' ? undefined : { x: 1000, y: 500 })
const severity = fc.constantFrom<Severity>(...severities)
const fracture = fc
  .record({ start: fc.integer({ min: 0, max: 2 ** 24 }), length: fc.integer({ min: 0, max: 2 ** 20 }), severity })
  .map((place) => fractureOf({ key: `${place.start} ${place.length} ${place.severity}`, uuid: 'a', ...place }))

function marksAt(places: readonly Fracture[], camera: { x: number; y: number; scale: number }) {
  return new MarkSet<Fracture>().frame({ view: { camera, viewport }, places, cornerOf })
}

test('every fracture in view is in exactly one mark, which looks as the gravest of its own', () => {
  fc.assert(
    fc.property(fc.array(fracture, { maxLength: 60 }), (places) => {
      // All of it in view: 4,096 units of space at a tenth of a pixel each.
      const marks = marksAt(places, { x: 1000 + 2048, y: 500 + 2048, scale: 0.1 })
      assert.equal(
        marks.reduce((sum, { count }) => sum + count, 0),
        places.length,
      )
      for (const { place, of } of marks) assert.equal(place.weight, Math.max(...of.map(({ weight }) => weight)))
    }),
  )
})

test('a map that is dragged keeps its marks', () => {
  const places = Array.from({ length: 40 }, (_, at) =>
    fractureOf({ key: String(at), uuid: 'a', severity: 'high', start: at * 7_001, length: 300 }),
  )
  const keys = (dx: number) =>
    marksAt(places, { x: 1300 + dx, y: 800 + dx, scale: 0.25 })
      .map(({ place, count }) => `${place.key} ${count}`)
      .sort()
  const before = keys(0)
  assert.ok(before.length > 3 && before.length < places.length, 'some are together')
  for (const dx of [1, 17, 40.5]) assert.deepEqual(keys(dx), before)
})

test('what no brick on the map has, has no mark', () => {
  const gone = fractureOf({ key: 'x', uuid: 'gone', severity: 'high', start: 0, length: 10 })
  assert.deepEqual(marksAt([gone], { x: 1000, y: 500, scale: 1 }), [])
})

test('a finding without a length breaks the one byte that it is at', () => {
  const { run, squares } = fractureOf({ key: 'x', uuid: 'a', severity: 'low', start: 77, length: 0 })
  assert.deepEqual(run, [77, 1])
  assert.deepEqual(
    squares.map(({ side, start }) => [side, start]),
    [[1, 77]],
  )
})

test('the same bytes always crack in the same way, inside their square, and others in another', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (seed) => {
      const crack = crackOf(seed)
      assert.deepEqual(crackOf(seed), crack)
      for (const { x, y } of [...crack.main, ...crack.branch]) assert.ok(x >= 0 && x <= 1 && y >= 0 && y <= 1)
      assert.notDeepEqual(crackOf(seed + 1), crack)
    }),
  )
})

test('no two severities have the same mark, whatever the colours', () => {
  const looks = severities.map((one) => JSON.stringify([severityMarks[one].outline, severityMarks[one].filled]))
  assert.equal(new Set(looks).size, severities.length)
  const radii = severities.map((one) => severityMarks[one].radius)
  assert.deepEqual(
    radii,
    [...radii].sort((a, b) => a - b),
    'the graver the larger',
  )
})
