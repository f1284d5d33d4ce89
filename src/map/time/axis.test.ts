import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { axisLabels, axisOf, nearestStop } from './axis.ts'

const timeline = fc.array(fc.integer({ min: 0, max: 86_400_000 }), { minLength: 1, maxLength: 120 }).map((gaps) => {
  let time = 1.7e12
  return gaps.map((gap) => {
    time += gap
    return time
  })
})
const widthPx = fc.integer({ min: 300, max: 2000 })

test('stops keep their order, stay inside, leave room for now, and each is picked where it stands', () => {
  fc.assert(
    fc.property(timeline, widthPx, (timesMs, width) => {
      const axis = axisOf({ timesMs, widthPx: width })
      assert.equal(axis.xs.length, timesMs.length)
      for (const [at, x] of axis.xs.entries()) {
        assert.ok(x > (axis.xs[at - 1] ?? 0) && x < axis.nowX - 20, `stop ${at} at ${x}`)
        assert.equal(nearestStop(axis, x), at)
      }
      assert.equal(nearestStop(axis, axis.nowX), 'now')
      assert.equal(nearestStop(axis, width + 500), 'now')
      assert.equal(nearestStop(axis, -500), 0)
    }),
  )
})

test('a longer silence takes more room, by far less than in proportion', () => {
  const { xs } = axisOf({ timesMs: [0, 1000, 61_000, 3_661_000], widthPx: 800 })
  const [second, minute, hour] = [1, 2, 3].map((at) => (xs[at] as number) - (xs[at - 1] as number))
  assert.ok((second as number) < (minute as number) && (minute as number) < (hour as number))
  assert.ok((hour as number) < 10 * (second as number))
})

test('without a commit there is only now', () => {
  assert.equal(nearestStop(axisOf({ timesMs: [], widthPx: 400 }), 10), 'now')
  assert.deepEqual(axisLabels(axisOf({ timesMs: [], widthPx: 400 }), []), [])
})

test('labels never overlap, and none is said twice', () => {
  fc.assert(
    fc.property(timeline, widthPx, (timesMs, width) => {
      const labels = axisLabels(axisOf({ timesMs, widthPx: width }), timesMs)
      const xs = labels.map(({ x }) => x).sort((a, b) => a - b)
      for (let at = 1; at < xs.length; at++) assert.ok((xs[at] as number) - (xs[at - 1] as number) >= 62)
      assert.equal(new Set(labels.map(({ text }) => text)).size, labels.length)
    }),
  )
})
