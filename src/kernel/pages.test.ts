import assert from 'node:assert/strict'
import { test } from 'node:test'
import { level2PageBytes, level4PageBytes, unpackLevel2 } from './pages.ts'

function unpacked(page: Uint8Array): Uint8Array {
  const target = new Uint8Array(level4PageBytes)
  unpackLevel2(page, target)
  return target
}

test('the planes of a level-2 page are unpacked in order, the first texel from the lowest bits, scaled to 255', () => {
  const page = new Uint8Array(level2PageBytes)
  page[0] = 0xf1
  page[2_048] = 0x2e
  page[4_096] = 0b11_10_01_00
  page[5_120] = 0b00_01_10_11
  page[6_144 + 1] = 0b01
  page[7_168] = 0b1000_0101
  const planes = unpacked(page)
  const texels = (plane: number, count: number) => [...planes.subarray(plane * 4_096, plane * 4_096 + count)]
  assert.deepEqual(texels(0, 3), [17, 255, 0])
  assert.deepEqual(texels(1, 3), [238, 34, 0])
  assert.deepEqual(texels(2, 5), [0, 85, 170, 255, 0])
  assert.deepEqual(texels(3, 5), [255, 170, 85, 0, 0])
  assert.deepEqual(texels(4, 6), [0, 0, 0, 0, 85, 0])
  assert.deepEqual(texels(5, 9), [255, 0, 255, 0, 0, 0, 0, 255, 0])
})

test('a page of ones is full in every plane, up to the last texel', () => {
  assert.ok(unpacked(new Uint8Array(level2PageBytes).fill(0xff)).every((value) => value === 255))
})

test('a page or a target of another size is refused', () => {
  assert.throws(() => unpackLevel2(new Uint8Array(level2PageBytes - 1), new Uint8Array(level4PageBytes)))
  assert.throws(() => unpackLevel2(new Uint8Array(level2PageBytes), new Uint8Array(level4PageBytes - 1)))
})
