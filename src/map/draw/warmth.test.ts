import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Warmth } from './warmth.ts'

const rect = { x: 0, y: 0, width: 256, height: 256 }

/** Times at which a frame is asked for until nothing is warm, and how warm it is then. */
function frames(motion: 'full' | 'reduced'): { atMs: number; share: number }[] {
  const warmth = new Warmth()
  warmth.add([rect], 0)
  const seen: { atMs: number; share: number }[] = []
  for (let atMs = 0; atMs < 60_000; ) {
    const { warm, againAtMs } = warmth.at(atMs, motion)
    seen.push({ atMs, share: warm[0]?.share ?? 0 })
    if (againAtMs === Number.POSITIVE_INFINITY) return seen
    assert.ok(againAtMs > atMs)
    atMs = againAtMs
  }
  return assert.fail('it never cools')
}

test('a change cools by small steps, a few a second, and then costs nothing', () => {
  const seen = frames('full')
  assert.ok(seen.length <= 15, `${seen.length} frames`)
  assert.equal(seen[0]?.share, 1)
  assert.equal(seen.at(-1)?.share, 0)
  for (const [at, { share }] of seen.entries()) {
    const before = seen[at - 1]?.share ?? 1
    assert.ok(share <= before && before - share < 0.1)
  }
})

test('where motion is reduced a change is marked, still, and then not: two frames', () => {
  const seen = frames('reduced')
  assert.deepEqual(
    seen.map(({ share }) => share > 0),
    [true, false],
  )
})

test('a place that changes again is one place, as warm as new', () => {
  const warmth = new Warmth()
  for (let atMs = 0; atMs <= 2000; atMs += 100) warmth.add([{ ...rect }], atMs)
  const { warm } = warmth.at(2000, 'full')
  assert.deepEqual(warm, [{ rect, share: 1 }])
})

test('of very many places the newest are kept', () => {
  const warmth = new Warmth()
  const rects = Array.from({ length: 1000 }, (_, x) => ({ ...rect, x }))
  warmth.add(rects, 0)
  const { warm } = warmth.at(0, 'full')
  assert.ok(warm.length <= 256)
  assert.deepEqual(warm.at(-1)?.rect, rects.at(-1))
})
