import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LabelCandidate, placeLabels } from './labels.ts'

const view = { camera: { x: 500, y: 300, scale: 1 }, viewport: { width: 1000, height: 600 } }
const candidates = fc.uniqueArray(
  fc.record({
    key: fc.uuid(),
    x: fc.integer({ min: -200, max: 1200 }),
    y: fc.integer({ min: -200, max: 800 }),
    anchor: fc.constantFrom('middle' as const, 'corner' as const),
    width: fc.integer({ min: 10, max: 160 }),
    height: fc.constant(16),
    roomWidth: fc.integer({ min: 5, max: 300 }),
    roomHeight: fc.integer({ min: 5, max: 100 }),
    weight: fc.double({ min: 1, max: 1000, noNaN: true }),
  }),
  { selector: ({ key }) => key, maxLength: 250 },
)

test('names never overlap, never exceed their count, and fit into their room', () => {
  fc.assert(
    fc.property(candidates, fc.integer({ min: 0, max: 60 }), (candidates, countMax) => {
      const placed = placeLabels({ view, candidates, shown: new Set(), countMax })
      assert.ok(placed.length <= countMax)
      for (const [at, a] of placed.entries()) {
        assert.ok(a.candidate.roomWidth >= a.candidate.width && a.candidate.roomHeight >= a.candidate.height)
        for (const b of placed.slice(at + 1)) {
          const apart =
            a.x + a.candidate.width <= b.x ||
            b.x + b.candidate.width <= a.x ||
            a.y + a.candidate.height <= b.y ||
            b.y + b.candidate.height <= a.y
          assert.ok(apart, `${a.candidate.key} lies on ${b.candidate.key}`)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('what is shown stays: choosing again among the same candidates changes nothing', () => {
  fc.assert(
    fc.property(candidates, (candidates) => {
      const first = placeLabels({ view, candidates, shown: new Set() })
      const shown = new Set(first.map(({ candidate }) => candidate.key))
      const second = placeLabels({ view, candidates, shown })
      const kept = new Set(second.map(({ candidate }) => candidate.key))
      for (const key of shown) assert.ok(kept.has(key))
    }),
    { numRuns: 60 },
  )
})

test('of two names for one spot the weightier is shown, unless the other is there already and nearly as weighty', () => {
  const common = { x: 400, y: 300, anchor: 'middle' as const, width: 80, height: 16, roomWidth: 200, roomHeight: 60 }
  const light: LabelCandidate = { ...common, key: 'light', weight: 10 }
  const heavy: LabelCandidate = { ...common, key: 'heavy', weight: 12 }
  const chosen = (shown: string[]) =>
    placeLabels({ view, candidates: [light, heavy], shown: new Set(shown) }).map(({ candidate }) => candidate.key)
  assert.deepEqual(chosen([]), ['heavy'])
  assert.deepEqual(chosen(['light']), ['light'])
})
