import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LabelTiming } from './label-timing.ts'

const pace = { quietMs: 10_000, waitMsMax: 60_000, retryMs: 30_000 }

function after(...changesMs: readonly number[]): LabelTiming {
  const timing = new LabelTiming(pace)
  timing.ended()
  for (const atMs of changesMs) timing.changed(atMs)
  return timing
}

test('without a change there is nothing to do', () => {
  assert.equal(after().dueMs, undefined)
})

test('a brick that was quiet for a while is due, and a change puts that off', () => {
  assert.equal(after(5).dueMs, 10_005)
  assert.equal(after(5, 9_000).dueMs, 19_000)
})

test('what changes all the time is due a minute after the first change', () => {
  const everySecond = Array.from({ length: 300 }, (_, i) => 1_000 * i)
  assert.equal(after(...everySecond).dueMs, 60_000)
})

test('the first time it hardly waits, and after a failure it waits long', () => {
  const first = new LabelTiming(pace)
  first.changed(100)
  assert.equal(first.dueMs, 600)
  first.began()
  assert.equal(first.dueMs, undefined)
  first.failed(1_000)
  assert.equal(first.dueMs, 31_000)
})

test('it is never due before the last failure allows, nor later than the longest wait after a change without one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 40 }), (gaps) => {
      let nowMs = 0
      const changes = gaps.map((gap) => {
        nowMs += gap
        return nowMs
      })
      const dueMs = after(...changes).dueMs ?? Number.NaN
      assert.ok(dueMs <= (changes[0] as number) + pace.waitMsMax)
      assert.ok(dueMs >= Math.min(nowMs, (changes[0] as number) + pace.waitMsMax))
    }),
  )
})
