import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '../base/bytes.ts'
import { ByteReader, ByteWriter, varintLength, zigzagMax } from './byte-io.ts'
import { ruleOf } from './testing/expect-damage.ts'

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(1)
  write(writer)
  assert.equal(toHex(writer.take()).length, 2 * writer.length)
  return toHex(writer.take())
}

function reader(hex: string): ByteReader {
  return new ByteReader(fromHex(hex) as Uint8Array, 'page', 64)
}

test('fixed numbers are little-endian', () => {
  assert.equal(
    written((writer) => writer.u16(0x0102)),
    '0201',
  )
  assert.equal(
    written((writer) => writer.u32(0xfedcba98)),
    '98badcfe',
  )
  assert.equal(
    written((writer) => writer.u64(2 ** 53 - 1)),
    'ffffffffffff1f00',
  )
  assert.equal(
    written((writer) => writer.u64(0x1_0000_0002)),
    '0200000001000000',
  )
  assert.equal(
    written((writer) => writer.i64(-2)),
    'feffffffffffffff',
  )
  assert.equal(
    written((writer) => writer.u64big(2n ** 64n - 2n)),
    'feffffffffffffff',
  )
})

test('varints and zigzags have one form each', () => {
  const forms: [number, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [16_384, '808001'],
    [2 ** 32, '8080808010'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
  ]
  for (const [value, hex] of forms) {
    assert.equal(
      written((writer) => writer.varint(value)),
      hex,
    )
    assert.equal(reader(hex).varint(), value)
    assert.equal(varintLength(value), hex.length / 2)
  }
  const zigzags: [number, string][] = [
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [-64, '7f'],
    [64, '8001'],
    [-zigzagMax, 'fdffffffffffff0f'],
    [zigzagMax, 'feffffffffffff0f'],
  ]
  for (const [value, hex] of zigzags) {
    assert.equal(
      written((writer) => writer.zigzag(value)),
      hex,
    )
    assert.equal(reader(hex).zigzag(), value)
  }
})

test('every number comes back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: -zigzagMax, max: zigzagMax }), fc.maxSafeInteger(), (a, b, c) => {
      const writer = new ByteWriter(0)
      writer.varint(a)
      writer.zigzag(b)
      writer.i64(c)
      writer.u64(a)
      const back = new ByteReader(writer.take(), 'page')
      assert.deepEqual([back.varint(), back.zigzag(), back.i64(), back.u64()], [a, b, c, a])
      back.end()
    }),
  )
})

test('a varint that is too long, too large or not minimal is damage', () => {
  for (const hex of [
    '8000',
    'ff8000',
    'ffffffffffffffff01',
    '8080808080808010',
    'ffffffffffffff1f',
    '808080808080808080',
  ]) {
    assert.equal(
      ruleOf(() => reader(hex).varint()),
      'varint',
      hex,
    )
  }
  assert.equal(
    ruleOf(() => reader('ffffffffffffff0f').zigzag()),
    'varint',
  )
})

test('missing and left-over bytes are damage by the rule of the reader, with its offset', () => {
  assert.equal(
    ruleOf(() => reader('80').varint()),
    'page',
  )
  assert.equal(
    ruleOf(() => reader('000000').u32()),
    'page',
  )
  assert.equal(
    ruleOf(() => reader('0000').bytes(3)),
    'page',
  )
  assert.equal(
    ruleOf(() => reader('00').end()),
    'page',
  )
  assert.equal(
    ruleOf(() => reader('0000000000002000').u64()),
    'page',
  )
  assert.equal(
    ruleOf(() => reader('0000000000002000').i64()),
    'page',
  )
  assert.throws(() => reader('').u8(), { offset: 64 })
})

test('a field bounds what is read in it, and must be read to its end', () => {
  const whole = reader('010203')
  const outer = whole.enter(1)
  assert.equal(whole.u8(), 1)
  assert.equal(
    ruleOf(() => whole.u8()),
    'page',
  )
  whole.leave(outer)
  assert.equal(whole.rest, 2)
  const unread = whole.enter(2)
  assert.equal(
    ruleOf(() => whole.leave(unread)),
    'page',
  )
  assert.equal(
    ruleOf(() => reader('01').enter(2)),
    'page',
  )
})

test('a number that does not fit is the mistake of the writer', () => {
  const writer = new ByteWriter()
  const wrong = [
    () => writer.u8(256),
    () => writer.u16(-1),
    () => writer.u32(2 ** 32),
    () => writer.u64(2 ** 53),
    () => writer.i64(0.5),
    () => writer.varint(-1),
    () => writer.varint(1.5),
    () => writer.varint(Number.NaN),
    () => writer.zigzag(zigzagMax + 1),
    () => writer.u64big(-1n),
  ]
  for (const write of wrong) assert.throws(write, { name: 'AssertionError' })
  assert.equal(writer.length, 0)
})
