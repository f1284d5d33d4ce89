import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import {
  decodeHistory,
  decodeSlotRecord,
  encodeHistory,
  encodeSlotRecord,
  type HistoryRecord,
  historyGeneration,
  historyKey,
  slotKey,
  slotStart,
} from './map-records.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const history: HistoryRecord = {
  id: new Uint8Array(32).fill(7),
  commit: { offset: 16_384 + 4_096, storedLength: 700 },
  time: { seconds: -2, nanoseconds: 3 },
  fileEnd: 65_536,
}

test('keys are big-endian and sort as their numbers', () => {
  assert.equal(toHex(slotKey(2 ** 47 - 64)), '00007fffffffffc0')
  assert.equal(toHex(historyKey(258)), '0000000000000102')
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      assert.equal(slotStart(slotKey(a)), a)
      assert.equal(historyGeneration(historyKey(a)), a)
      assert.equal(Math.sign(compareBytes(slotKey(a), slotKey(b))), Math.sign(a - b))
    }),
  )
})

test('a slot record is its length and the key of its entry', () => {
  const record = { length: 192, entryKey: utf8('etc\0hosts') }
  assert.equal(toHex(encodeSlotRecord(record)), 'c00165746300686f737473')
  assert.deepEqual(decodeSlotRecord(encodeSlotRecord(record)), record)
  assert.deepEqual(decodeSlotRecord(Uint8Array.of(64)), { length: 64, entryKey: utf8('') })
})

test('a record of HISTORY is its fields', () => {
  const fields = `01 20 ${'07'.repeat(32)}  02 04 800a bc05  03 02 03 03  04 03 808004`
  assert.equal(toHex(encodeHistory(history)), fields.replaceAll(' ', ''))
  assert.deepEqual(decodeHistory(encodeHistory(history)), history)
  const tagged: HistoryRecord = { ...history, tag: 'before the update', unknown: [{ tag: 9, bytes: utf8('?') }] }
  assert.deepEqual(decodeHistory(encodeHistory(tagged)), tagged)
})

test('records and keys that cannot be are damage', () => {
  assert.equal(
    ruleOf(() => slotStart(new Uint8Array(7))),
    'slots',
  )
  assert.equal(
    ruleOf(() => slotStart(new Uint8Array(8).fill(255))),
    'slots',
  )
  assert.equal(
    ruleOf(() => historyGeneration(new Uint8Array(9))),
    'commit',
  )
  assert.equal(
    ruleOf(() => decodeSlotRecord(Uint8Array.of(0))),
    'slots',
  )
  assert.equal(
    ruleOf(() => decodeSlotRecord(new Uint8Array(4_354).fill(64))),
    'slots',
  )
  assert.equal(
    ruleOf(() => decodeSlotRecord(fromHex('81808080808020') as Uint8Array)),
    'slots',
  )
  const whole = encodeHistory(history)
  for (const end of [0, 34, 40, 44])
    assert.equal(
      ruleOf(() => decodeHistory(whole.subarray(0, end))),
      'commit',
    )
  assert.equal(
    ruleOf(() => decodeHistory(fromHex('02 02 01 00'.replaceAll(' ', '')) as Uint8Array)),
    'commit',
  )
})

test('any change of a record of HISTORY decodes or is damage', () => {
  const whole = encodeHistory({ ...history, tag: 'x' })
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
      const record = orDamage(() => decodeHistory(whole.with(at, value)))
      if (record !== undefined) assert.deepEqual(decodeHistory(encodeHistory(record)), record)
    }),
    { numRuns: 1_000 },
  )
})
