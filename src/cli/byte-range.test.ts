import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRange } from './byte-range.ts'

const length = 1000

test('two offsets, decimal or hexadecimal, are a range', () => {
  assert.deepEqual(parseRange('0:10', length), { from: 0, to: 10 })
  assert.deepEqual(parseRange('0x10:0XFF', length), { from: 16, to: 255 })
})

test('a side left out is the beginning or the end', () => {
  assert.deepEqual(parseRange(':', length), { from: 0, to: 1000 })
  assert.deepEqual(parseRange('5:', length), { from: 5, to: 1000 })
  assert.deepEqual(parseRange(':0x20', length), { from: 0, to: 32 })
})

test('anything else is refused by name', () => {
  for (const text of ['', '5', '1:2:3', '-1:2', 'a:b', '0x:1', '1.5:2', '9007199254740993:1', '0b1:2', ' 1:2']) {
    assert.throws(() => parseRange(text, length), { code: 'RANGE_INVALID' }, text)
  }
})
