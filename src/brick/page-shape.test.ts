import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, fromHex } from '../base/bytes.ts'
import { cutItems, divideRun, isNaturalCut } from './page-shape.ts'

/** A hash whose first bytes are the number, so that its order is the number's. */
function hashOf(number: number): Uint8Array {
  const hash = new Uint8Array(32).fill(0xaa)
  new DataView(hash.buffer).setUint32(0, number)
  return hash
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex.padEnd(64, '0')) as Uint8Array
}

test('a natural cut has seven leading zero bits a level', () => {
  assert.equal(isNaturalCut(bytes('01'), 0), true)
  assert.equal(isNaturalCut(bytes('02'), 0), false)
  assert.equal(isNaturalCut(bytes('00'), 35), true)
  assert.equal(isNaturalCut(bytes('00'), 36), false)
  assert.equal(isNaturalCut(bytes('0003'), 1), true)
  assert.equal(isNaturalCut(bytes('0004'), 1), false)
})

test('512 items are one page, 513 are divided after the smallest hash but never after the last', () => {
  const hashes = (count: number, smallest: number) =>
    Array.from({ length: count }, (_, i) => hashOf(0x10000000 + (i === smallest ? 0 : 1 + i)))
  assert.deepEqual(cutItems(hashes(512, 100), 0), [512])
  assert.deepEqual(cutItems(hashes(513, 100), 0), [101, 513])
  assert.deepEqual(cutItems(hashes(513, 512), 0), [1, 513])
  assert.deepEqual(cutItems(hashes(513, 511), 0), [512, 513])
})

test('a level without items has no pages, an item alone is a page', () => {
  assert.deepEqual(cutItems([], 0), [])
  assert.deepEqual(cutItems([hashOf(0)], 3), [1])
})

test('a run is divided as the words of the rule divide it', () => {
  const anyHashes = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 60, size: 'max' }).map((all) => all.map(hashOf))
  fc.assert(
    fc.property(anyHashes, fc.integer({ min: 1, max: 7 }), (hashes, itemsMax) => {
      const divide = (start: number, end: number): number[] => {
        if (end - start <= itemsMax) return [end]
        let smallest = start
        for (let i = start; i < end - 1; i++) {
          if (compareBytes(hashes[i] as Uint8Array, hashes[smallest] as Uint8Array) < 0) smallest = i
        }
        return [...divide(start, smallest + 1), ...divide(smallest + 1, end)]
      }
      const run = { count: hashes.length, hashAt: (index: number) => hashes[index] as Uint8Array }
      assert.deepEqual(divideRun(run, { bitsPerLevel: 7, itemsMax }), divide(0, hashes.length))
    }),
  )
})

test('names chosen so that each division cuts off one item cost no more than others', () => {
  const count = 100_000
  const falling = divideRun({ count, hashAt: (index) => hashOf(2 ** 31 - index) })
  const rising = divideRun({ count, hashAt: (index) => hashOf(2 ** 31 + index) })
  assert.equal(falling.length, count - 511)
  assert.equal(rising.length, count - 511)
})
