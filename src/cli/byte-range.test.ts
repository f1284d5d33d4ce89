import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddresses, parseRange } from './byte-range.ts'

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

test('hexadecimal ends may be addresses, and va: says that they are', () => {
  const addresses = { from: 0x7ffd_1000n, to: 0x7ffd_2000n }
  assert.deepEqual(parseAddresses('0x7ffd1000:0x7ffd2000'), { ...addresses, means: 'either' })
  assert.deepEqual(parseAddresses('va:0x7ffd1000:0X7FFD2000'), { ...addresses, means: 'addresses' })
  assert.deepEqual(parseAddresses('va:0xffffffffff600000:'), {
    from: 0xffff_ffff_ff60_0000n,
    to: undefined,
    means: 'addresses',
  })
  for (const text of [':', '0:10', '0x10:20', ':0x20', '5:']) assert.equal(parseAddresses(text), undefined, text)
  for (const text of ['va:', 'va:0:10', 'va:0x1', 'va::0x20', 'va:0x10000000000000000:']) {
    assert.throws(() => parseAddresses(text), { code: 'RANGE_INVALID' }, text)
  }
})
