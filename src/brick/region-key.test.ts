import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, toHex } from '../base/bytes.ts'
import {
  firstRegionKey,
  placeOfRegionKey,
  type RegionPlace,
  regionKey,
  sizeClassBytes,
  sizeClassCount,
  sizeClassOf,
} from './region-key.ts'
import { ruleOf } from './testing/expect-damage.ts'

const anyPlace: fc.Arbitrary<RegionPlace> = fc.record(
  {
    sizeClass: fc.nat({ max: 10 }),
    start: fc.nat({ max: 2 ** 47 }),
    layer: fc.nat({ max: 255 }),
    ordinal: fc.nat({ max: 65_535 }),
  },
  { noNullPrototype: true },
)

test('a key is size class, start, layer and ordinal, each big-endian', () => {
  const key = regionKey({ sizeClass: 3, start: 2 ** 40 + 1, layer: 2, ordinal: 0x304 })
  assert.equal(toHex(key), '03 0000010000000001 02 0304'.replaceAll(' ', ''))
})

test('keys come back, and sort by class, then place, then layer, then ordinal', () => {
  const rank = ({ sizeClass, start, layer, ordinal }: RegionPlace) => [sizeClass, start, layer, ordinal]
  fc.assert(
    fc.property(anyPlace, anyPlace, (a, b) => {
      assert.deepEqual(placeOfRegionKey(regionKey(a)), a)
      const first = rank(a).findIndex((value, i) => value !== rank(b)[i])
      const order = first < 0 ? 0 : Math.sign((rank(a)[first] as number) - (rank(b)[first] as number))
      assert.equal(Math.sign(compareBytes(regionKey(a), regionKey(b))), order)
    }),
  )
})

test('the size class is the smallest that holds the length', () => {
  const cases = [
    [0, 0],
    [256, 0],
    [257, 1],
    [4_096, 1],
    [4_097, 2],
    [2 ** 44, 9],
    [2 ** 44 + 1, 10],
    [2 ** 47, 10],
  ] as const
  for (const [length, sizeClass] of cases) assert.equal(sizeClassOf(length), sizeClass, String(length))
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 47 }), (length) => {
      const sizeClass = sizeClassOf(length)
      assert.ok(length <= sizeClassBytes(sizeClass) && sizeClass < sizeClassCount)
      assert.ok(sizeClass === 0 || length > sizeClassBytes(sizeClass - 1))
    }),
  )
})

test('all keys of a class lie between its first key and that of the next', () => {
  fc.assert(
    fc.property(anyPlace, (place) => {
      const key = regionKey(place)
      assert.ok(compareBytes(firstRegionKey(place.sizeClass, 0), key) <= 0)
      assert.ok(compareBytes(key, firstRegionKey(place.sizeClass + 1, 0)) < 0)
    }),
  )
})

test('what is no key is damage', () => {
  const keys = [new Uint8Array(11), new Uint8Array(13), Uint8Array.of(11, ...new Uint8Array(11))]
  for (const key of [...keys, new Uint8Array(12).fill(255).with(0, 0)]) {
    assert.equal(
      ruleOf(() => placeOfRegionKey(key)),
      'regions',
    )
  }
})
