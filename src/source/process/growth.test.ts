import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addSample, type GrowthSample, growthOf } from './growth.ts'

const mib = 2 ** 20

/** A sample a second. */
function samples(count: number, bytesAt: (second: number) => number): GrowthSample[] {
  return Array.from({ length: count }, (_, second) => ({ atMs: second * 1_000, bytes: bytesAt(second) }))
}

test('what grows all the time is found after 20 seconds, not before', () => {
  const leaking = (count: number): GrowthSample[] => samples(count, (second) => 10 * mib + second * mib)
  assert.equal(growthOf(leaking(20)), undefined)
  const found = growthOf(leaking(21))
  assert.equal(found?.rule, 'memory-growth')
  assert.deepEqual(found?.evidence, [
    `This mapping grew from ${10 * mib} to ${30 * mib} bytes in 20 s and never shrank.`,
    `It grows by ${mib} bytes a second.`,
    'It grew in 8 of 8 equal parts of that time.',
  ])
})

test('what grows slowly but for ever is found, too', () => {
  const found = growthOf(samples(600, (second) => 10 * mib + Math.floor(second / 20) * 65_536))
  assert.equal(found?.severity, 'medium')
})

test('what started large and stays, shrinks now and then, or grew long ago is not found', () => {
  assert.equal(growthOf(samples(120, () => 100 * mib)), undefined, 'steady')
  assert.equal(growthOf(samples(120, (second) => (10 + (second % 15)) * mib)), undefined, 'saw')
  for (let count = 80; count < 120; count++) {
    assert.equal(growthOf(samples(count, (second) => (10 + (second % 40)) * mib)), undefined, 'slow saw')
  }
  assert.equal(growthOf(samples(120, (second) => Math.min(second, 10) * mib + mib)), undefined, 'grew at its start')
  assert.equal(growthOf(samples(120, (second) => (second < 115 ? 10 : 20) * mib)), undefined, 'one step')
  assert.equal(growthOf(samples(120, (second) => 1_000 * mib + second * 65_536)), undefined, 'less than 5 %')
  assert.equal(growthOf(samples(120, (second) => second * 4_096)), undefined, 'less than 1 MiB')
  assert.equal(growthOf([]), undefined)
  assert.equal(growthOf(samples(5, (second) => second * 100 * mib)), undefined, 'five looks')
})

test('what begins to grow after a long quiet time is found within a minute', () => {
  const kept: GrowthSample[] = []
  for (let second = 0; second < 7_200; second++) addSample(kept, { atMs: second * 1_000, bytes: 50 * mib })
  assert.equal(kept.length, 2)
  let found = 0
  for (let second = 7_200; found === 0 && second < 7_300; second++) {
    addSample(kept, { atMs: second * 1_000, bytes: 50 * mib + (second - 7_200) * mib })
    if (growthOf(kept) !== undefined) found = second - 7_200
  }
  assert.ok(found >= 19 && found <= 60, `after ${found} s`)
})

test('samples are bounded and still tell of the whole time', () => {
  const kept: GrowthSample[] = []
  for (let second = 0; second < 10_000; second++)
    addSample(kept, { atMs: second * 1_000, bytes: 10 * mib + second * 65_536 })
  assert.ok(kept.length <= 128)
  assert.equal(kept.at(-1)?.atMs, 9_999_000)
  assert.match(growthOf(kept)?.evidence[0] ?? '', / in 9999 s /)
  assert.deepEqual(
    kept,
    [...kept].sort((a, b) => a.atMs - b.atMs),
  )
})
