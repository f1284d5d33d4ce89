import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Series } from '../../wire/api.ts'
import { nearestTime, plotScale, plottedLine, plotValue } from './plot.ts'

const times = ['2026-01-01T00:00:00.000000000Z', '2026-01-01T00:00:02.000000000Z', '2026-01-01T00:00:12.000000000Z']
const series = (values: readonly (number | null)[], rest: Partial<Series> = {}): Series => {
  return { name: 'x', unit: 'count', kind: 'gauge', latest: 0, values, ...rest }
}

test('a gauge is plotted as it is', () => {
  const { values, unit } = plottedLine(times, series([1, null, 3]))
  assert.deepEqual([values, unit], [[1, null, 3], 'count'])
})

test('a counter is plotted as growth a second; where it starts anew there is none', () => {
  const counter = { kind: 'counter', unit: 'bytes' } as const
  assert.deepEqual(plottedLine(times, series([100, 300, 800], counter)).values, [null, 100, 50])
  assert.deepEqual(plottedLine(times, series([100, 20, 120], counter)).values, [null, null, 10])
  assert.deepEqual(plottedLine(times, series([100, null, 120], counter)).values, [null, null, null])
})

test('seconds that grow are a share of time', () => {
  const line = plottedLine(times, series([10, 11, 13], { kind: 'counter', unit: 'seconds' }))
  assert.deepEqual([line.values, line.unit], [[null, 50, 20], 'percent'])
})

test('values read as people write them', () => {
  const shown = [
    plotValue(1_536 * 1024, 'bytes'),
    plotValue(2048, 'bytes/s'),
    plotValue(12, 'percent'),
    plotValue(0.12345, 'none'),
    plotValue(1_234_567, 'count'),
    plotValue(1_234.56, 'count/s'),
    plotValue(-3, 'none'),
  ]
  const expected = ['1.5 MiB', '2 KiB/s', '12 %', '0.123', '1 234 567', '1 235/s', '−3']
  assert.deepEqual(
    shown.map((text) => text.replace(/\s/g, ' ')),
    expected,
  )
})

test('the nearest time is found, of none there is none', () => {
  assert.equal(nearestTime([0, 10, 20], 14), 1)
  assert.equal(nearestTime([0, 10, 20], 99), 2)
  assert.equal(nearestTime([], 5), -1)
})

test('any line lies inside its room, with at most three round ticks inside it', () => {
  const room = { left: 4, right: 260, top: 6, bottom: 60 }
  const value = fc.option(fc.double({ min: -1e15, max: 1e15, noNaN: true }), { nil: null })
  const unit = fc.constantFrom('bytes', 'count', 'percent', 'none/s')
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), unit, (values, unit) => {
      const timesMs = values.map((_, i) => i * 1000)
      const { xs, ys, ticks } = plotScale({ timesMs, values, unit: unit as 'bytes' }, room)
      const isInside = (y: number) => y >= room.top - 0.01 && y <= room.bottom + 0.01
      assert.ok(xs.every((x) => x >= room.left && x <= room.right))
      assert.ok(ys.every((y, i) => (y === null ? values[i] === null : isInside(y))))
      assert.ok(ticks.length <= 3 && ticks.every(({ y }) => isInside(y)))
    }),
  )
})
