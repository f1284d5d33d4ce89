import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import { cutItems, divideRun, isNaturalCut, keyHash } from './page-shape.ts'

/** A hash whose first bytes are the number, so that its order is the number's. */
function hashOf(number: number): Uint8Array {
  const hash = new Uint8Array(32).fill(0xaa)
  new DataView(hash.buffer).setUint32(0, number)
  return hash
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex.padEnd(64, '0')) as Uint8Array
}

test('a natural cut has six leading zero bits', () => {
  assert.equal(isNaturalCut(bytes('03ff')), true)
  assert.equal(isNaturalCut(bytes('04')), false)
  assert.equal(isNaturalCut(bytes('00')), true)
  const tenBits = { zeroBits: 10, itemsMax: 256 }
  assert.equal(isNaturalCut(bytes('003f'), tenBits), true)
  assert.equal(isNaturalCut(bytes('0040'), tenBits), false)
})

test('the hash of a key is that of its level in a byte, and the key', () => {
  // printf '\x00abc' | sha256sum, and the same with \x07
  assert.equal(
    toHex(keyHash(nodeTools, 0, utf8('abc'))),
    '609f6e36d2405585188d5cfd761f407c7cc46a7d3f314c88270469dde315fcd1',
  )
  assert.equal(
    toHex(keyHash(nodeTools, 7, utf8('abc'))),
    '274238e4724960779b377e27a9ceb43cf07009162ad7806346ea1a435d057e81',
  )
  assert.deepEqual(keyHash(nodeTools, 3, utf8('')), nodeTools.sha256(Uint8Array.of(3)))
})

test('256 items are one page, 257 are divided after the smallest hash but never after the last', () => {
  const hashes = (count: number, smallest: number) =>
    Array.from({ length: count }, (_, i) => hashOf(0x10000000 + (i === smallest ? 0 : 1 + i)))
  assert.deepEqual(cutItems(hashes(256, 100)), [256])
  assert.deepEqual(cutItems(hashes(257, 100)), [101, 257])
  assert.deepEqual(cutItems(hashes(257, 256)), [1, 257])
  assert.deepEqual(cutItems(hashes(257, 255)), [256, 257])
})

test('a level without items has no pages, an item alone is a page', () => {
  assert.deepEqual(cutItems([]), [])
  assert.deepEqual(cutItems([hashOf(0)]), [1])
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
      assert.deepEqual(divideRun(run, { zeroBits: 6, itemsMax }), divide(0, hashes.length))
    }),
  )
})

test('names chosen so that each division cuts off one item cost no more than others', () => {
  const count = 100_000
  const falling = divideRun({ count, hashAt: (index) => hashOf(2 ** 31 - index) })
  const rising = divideRun({ count, hashAt: (index) => hashOf(2 ** 31 + index) })
  assert.equal(falling.length, count - 255)
  assert.equal(rising.length, count - 255)
})
