import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rfc3339 } from '../base/entry-text.ts'
import { FoundryError } from '../base/errors.ts'
import { parseAt } from './at-spec.ts'

/** 2026-11-22 14:00:00.5 UTC. */
const nowNs = 1_795_356_000_500_000_000n

/** What a text means, times as RFC 3339. */
function check(text: string, expected: unknown): void {
  const spec = parseAt(text, nowNs)
  assert.deepEqual(spec.kind === 'time' ? rfc3339(spec.time) : spec, expected, text)
}

test('a number is a generation, with @ or without, and @-N counts back', () => {
  check('12', { kind: 'generation', generation: 12 })
  check('@12', { kind: 'generation', generation: 12 })
  check('@-1', { kind: 'back', commitCount: 1 })
})

test('a time without a zone is UTC, one with a zone is that instant', () => {
  check('2026-11-22 14:00', '2026-11-22T14:00:00.999999999Z')
  check('2026-11-22T14:00:07', '2026-11-22T14:00:07.999999999Z')
  check('2026-11-22T14:00:07.25Z', '2026-11-22T14:00:07.250000000Z')
  check('2026-11-22T14:00:07.123456789+02:00', '2026-11-22T12:00:07.123456789Z')
  check('2026-11-22 00:30 -0130', '2026-11-22T02:00:00.999999999Z')
  check('2026-11-22 14:00 UTC', '2026-11-22T14:00:00.999999999Z')
})

test('a day alone means its end', () => check('2026-11-22', '2026-11-22T23:59:59.999999999Z'))

test('relative times count back from now', () => {
  check('-2h', '2026-11-22T12:00:00.500000000Z')
  check('2h', '2026-11-22T12:00:00.500000000Z')
  check('1h30m', '2026-11-22T12:30:00.500000000Z')
  check('3d ago', '2026-11-19T14:00:00.500000000Z')
  check('yesterday', '2026-11-21T14:00:00.500000000Z')
})

test('words, and anything else is a name; tag: makes it a tag whatever it reads like', () => {
  check('now', { kind: 'newest' })
  check('newest', { kind: 'newest' })
  check('oldest', { kind: 'oldest' })
  check('before-upgrade', { kind: 'name', name: 'before-upgrade' })
  check('2026', { kind: 'generation', generation: 2026 })
  check('tag:2026', { kind: 'tag', tag: '2026' })
  check('tag:yesterday', { kind: 'tag', tag: 'yesterday' })
})

test('what can mean nothing is refused with the forms that there are', () => {
  for (const text of [
    '',
    ' ',
    '@',
    '@x',
    '@--1',
    '2026-02-30',
    '2026-13-01 10:00',
    '2026-11-22 24:00',
    '2026-11-22 10:60',
    '2026-11-22 10:00 +15:00',
    '9999999999999999',
    '99999999w',
  ]) {
    assert.throws(
      () => parseAt(text, nowNs),
      (error) => error instanceof FoundryError && error.code === 'USAGE',
      text,
    )
  }
})

test('every second of four digits is read as it is printed, and any text is answered', () => {
  const seconds = fc.integer({ min: 0, max: 253_402_300_799 })
  fc.assert(
    fc.property(seconds, (at) => {
      const shown = rfc3339({ seconds: at, nanoseconds: 0 })?.slice(0, 19).replace('T', ' ') ?? ''
      const spec = parseAt(shown, nowNs)
      assert.deepEqual(spec, { kind: 'time', time: { seconds: at, nanoseconds: 999_999_999 } })
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseAt(text, nowNs)
      } catch (error) {
        assert.ok(error instanceof FoundryError && error.code === 'USAGE')
      }
    }),
  )
})
