import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPlace, modes, type Place, parsePlace } from './permalink.ts'

const place = fc.record({
  brick: fc.string({ minLength: 1, unit: 'binary' }).filter((name) => name.isWellFormed()),
  spot: fc.oneof(
    fc.record({ kind: fc.constant('offset' as const), offset: fc.maxSafeInteger().map(Math.abs) }),
    fc.record({
      kind: fc.constant('point' as const),
      x: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((n) => n / 4),
      y: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((n) => n / 4),
    }),
  ),
  zoom: fc.integer({ min: -40_000, max: 7000 }).map((n) => n / 1000),
  mode: fc.constantFrom(...modes),
  instant: fc.constantFrom(
    { kind: 'now' as const },
    { kind: 'past' as const, time: '2026-11-22T14:03:11.120000007Z' },
    { kind: 'past' as const, time: '2026-11-22T14:03:11.000000000Z' },
  ),
}) satisfies fc.Arbitrary<Place>

test('a place survives the way through the address', () => {
  fc.assert(fc.property(place, (place) => assert.deepEqual(parsePlace(formatPlace(place)), structuredClone(place))))
})

test('the address reads as documented', () => {
  const spot = { kind: 'offset' as const, offset: 0x1a2f0 }
  const place = { brick: 'usr-bin', spot, zoom: 3.25, mode: 'class' as const }
  assert.equal(formatPlace({ ...place, instant: { kind: 'now' } }), '#/usr-bin@0x1a2f0,z=3.25,m=class')
  const instant = { kind: 'past' as const, time: '2026-11-22T14:00:00.500000000Z' }
  assert.equal(formatPlace({ ...place, instant }), '#/usr-bin@0x1a2f0,z=3.25,m=class,t=2026-11-22T14:00:00.5Z')
})

test('any other hash names no place and throws nothing', () => {
  for (const hash of ['', '#', '#/', '#token=abc', '#/a@', '#/a@zz,z=1', '#/%E0%A4@0x1,z=1', '#/a@0x1', '#/a,z=1']) {
    assert.equal(parsePlace(hash), undefined, hash)
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      parsePlace(`#/${text}`)
    }),
  )
})

test('an unknown mode falls back to classes, an unknown instant to now', () => {
  assert.equal(parsePlace('#/a@0x1,z=1,m=colour')?.mode, 'class')
  assert.deepEqual(parsePlace('#/a@0x1,z=1,t=yesterday')?.instant, { kind: 'now' })
})
