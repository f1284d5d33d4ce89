import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatInstant, now, parseInstant, sameInstant } from './instant.ts'

test('an instant survives the way through the address, to the nanosecond', () => {
  const instant = fc
    .record({ ms: fc.integer({ min: 0, max: 4e12 }), ns: fc.integer({ min: 0, max: 999_999_999 }) })
    .map(({ ms, ns }) => `${new Date(ms).toISOString().slice(0, 19)}.${String(ns).padStart(9, '0')}Z`)
  fc.assert(
    fc.property(instant, (time) => {
      const past = { kind: 'past' as const, time }
      assert.deepEqual(parseInstant(formatInstant(past) as string), past)
    }),
  )
  assert.equal(formatInstant(now), undefined)
})

test('a shorter fraction means the same moment, and no fraction is written where there is none', () => {
  const whole = parseInstant('2026-11-22T14:00:00Z')
  assert.deepEqual(whole, { kind: 'past', time: '2026-11-22T14:00:00.000000000Z' })
  assert.ok(whole !== undefined && sameInstant(whole, parseInstant('2026-11-22T14:00:00.0Z') ?? now))
  assert.equal(formatInstant(whole), '2026-11-22T14:00:00Z')
  assert.equal(formatInstant(parseInstant('2026-11-22T14:00:20.500Z') ?? now), '2026-11-22T14:00:20.5Z')
})

test('what is no time names no instant and throws nothing', () => {
  for (const text of ['', 'now', '2026', '2026-11-22', '2026-13-40T99:00:00Z', '2026-11-22T14:00:00', '<img>']) {
    assert.equal(parseInstant(text), undefined, text)
  }
  fc.assert(fc.property(fc.string(), (text) => void parseInstant(text)))
})
