import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrickDamage } from '../brick/damage.ts'
import { wholeTile } from './tiles.ts'

test('a tile that is stored short is filled up with zeros', () => {
  const whole = wholeTile(Uint8Array.of(1, 2, 3), { level: 0, offset: 0 })
  assert.equal(whole.length, 65_536)
  assert.deepEqual(whole.subarray(0, 5), Uint8Array.of(1, 2, 3, 0, 0))
  assert.ok(whole.subarray(3).every((byte) => byte === 0))
})

test('a page of another length is damage: its planes would stand in wrong places', () => {
  for (const [level, length] of [
    [0, 65_537],
    [2, 7_679],
    [4, 7_680],
    [6, 32_768],
  ] as const) {
    assert.throws(() => wholeTile(new Uint8Array(length), { level, offset: 0 }), BrickDamage)
  }
  assert.equal(wholeTile(new Uint8Array(7_680), { level: 2, offset: 0 }).length, 7_680)
})
