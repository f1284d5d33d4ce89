import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FoundryError } from '../base/errors.ts'
import {
  encodeV2brHeader,
  parseV2brHeader,
  type V2brHeader,
  v2brFileBytes,
  v2brHeaderBytes,
  v2brOrderFor,
} from './v2br-header.ts'

const plain: V2brHeader = {
  order: 9,
  originalSize: 151_344,
  compressedSize: 151_344n,
  entropy: 4.875,
  hash: Uint8Array.from({ length: 48 }, (_, i) => i + 1),
  flags: 0x14,
  reserved: Uint8Array.from({ length: 40 }, (_, i) => 200 + i),
}

const parse = (bytes: Uint8Array, fileBytes = v2brFileBytes(9)): V2brHeader =>
  parseV2brHeader(bytes, { fileBytes, shown: 'x.v2br' })

/** The header above with some bytes other. */
function changed(at: number, ...bytes: readonly number[]): Uint8Array {
  const header = encodeV2brHeader(plain)
  header.set(bytes, at)
  return header
}

const refused = (code: string) => (error: unknown) => error instanceof FoundryError && error.code === code

test('every field lies where the origin has it, little-endian', () => {
  const bytes = Buffer.from(encodeV2brHeader(plain))
  assert.equal(bytes.length, 132)
  assert.equal(bytes.toString('latin1', 0, 4), 'V2BR')
  const numbers = [4, 8, 12, 16, 88].map((at) => bytes.readUInt32LE(at))
  assert.deepEqual(numbers, [1, 512, 512, 9, 0x14])
  assert.deepEqual([bytes.readBigUInt64LE(20), bytes.readBigUInt64LE(28)], [151_344n, 151_344n])
  assert.equal(bytes.readFloatLE(36), 4.875)
  assert.deepEqual([bytes[40], bytes[87], bytes[92], bytes[131]], [1, 48, 200, 239])
})

test('a header that was written is read as it was', () => {
  assert.deepEqual(parse(encodeV2brHeader(plain)), plain)
})

test('what is no V2BR file, of another version, too large, or contradicts itself is refused by name', () => {
  assert.throws(() => parse(changed(0, 0x58)), refused('BRICK_FOREIGN'))
  for (const bytes of [0, 3])
    assert.throws(() => parse(encodeV2brHeader(plain).subarray(0, bytes)), refused('BRICK_FOREIGN'))
  for (const bytes of [4, 131]) {
    const cut = { code: 'BRICK_DAMAGED', message: new RegExp(`it is cut: it has ${bytes} bytes`) }
    assert.throws(() => parse(encodeV2brHeader(plain).subarray(0, bytes)), cut)
  }
  assert.throws(() => parse(changed(4, 2)), refused('BRICK_VERSION_NEWER'))
  const wide = [0, 0x80, 0, 0]
  assert.throws(() => parse(changed(8, ...wide, ...wide, 15, 0, 0, 0)), refused('BRICK_LIMIT'))
  assert.throws(() => parse(changed(8, 0, 4)), refused('BRICK_DAMAGED'), 'no square')
  assert.throws(() => parse(changed(8, 3, 0, 0, 0, 3, 0, 0, 0)), refused('BRICK_DAMAGED'), 'no power of two')
  assert.throws(() => parse(changed(16, 8)), refused('BRICK_DAMAGED'), 'another order')
  assert.throws(() => parse(changed(16, 255, 255, 255, 255)), refused('BRICK_DAMAGED'))
  assert.throws(() => parse(changed(20, 1, 0, 4)), refused('BRICK_DAMAGED'), 'more bytes than texels')
  for (const by of [-1, 1]) {
    assert.throws(() => parse(encodeV2brHeader(plain), v2brFileBytes(9) + by), refused('BRICK_DAMAGED'))
  }
})

test('any bytes are a header or a named refusal', () => {
  const heads = fc
    .tuple(fc.uint8Array({ minLength: 0, maxLength: 140 }), fc.boolean())
    .map(([bytes, isMarked]) => (isMarked ? Uint8Array.from([0x56, 0x32, 0x42, 0x52, 1, 0, 0, 0, ...bytes]) : bytes))
  fc.assert(
    fc.property(heads, fc.nat(2 ** 31 - 1), (bytes, fileBytes) => {
      try {
        const { order, originalSize } = parse(bytes, fileBytes)
        assert.ok(order <= 14 && originalSize <= 4 ** order && v2brFileBytes(order) === fileBytes)
      } catch (error) {
        assert.ok(error instanceof FoundryError, String(error))
      }
    }),
  )
})

test('the picture is the smallest that holds the content, up to 16,384 texels a side', () => {
  const orders = [0, 1, 2, 4, 5, 65_536, 65_537, 2 ** 28].map(v2brOrderFor)
  assert.deepEqual(orders, [0, 0, 1, 1, 2, 8, 9, 14])
  assert.equal(v2brOrderFor(2 ** 28 + 1), undefined)
  assert.equal(v2brFileBytes(0), v2brHeaderBytes + 4)
})
