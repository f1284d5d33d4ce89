import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { must } from '../base/assert.ts'
import { concatBytes, fromHex, toHex } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import { damageOf, orDamage } from './testing/expect-damage.ts'
import { checkZstdFrame, wrapRawAsZstd } from './zstd-frame.ts'

/** Text that compresses, `length` bytes. */
function text(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 97 + ((i * i) % 23))
}

function refused(stored: Uint8Array, rawLength: number): string {
  const damage = damageOf(() => checkZstdFrame(stored, rawLength, 16_384))
  assert.equal(damage.rule, 'codec')
  assert.equal(damage.offset, 16_384)
  return damage.message
}

/** Undefined where zlib refuses the input by an error of its own. */
function orRefused(decode: () => Uint8Array): Uint8Array | undefined {
  try {
    return decode()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    assert.match(`${code} ${message}`, /^(ZSTD_error_|ERR_BUFFER_TOO_LARGE | the frame is damaged$| it has \d+ bytes$)/)
    return undefined
  }
}

test('frames of every length that zstd makes are accepted with their length and refused with another', () => {
  for (const length of [0, 1, 255, 256, 257, 65_535, 65_536, 65_792, 131_072, 131_073, 1_048_576]) {
    const stored = nodeTools.zstdCompress(text(length))
    checkZstdFrame(stored, length)
    assert.match(refused(stored, length + 1), /holds \d+ bytes/)
    assert.deepEqual(nodeTools.zstdDecompress(stored, length), text(length))
  }
})

test('a frame with a checksum, and one with a window instead of a single segment, are accepted', () => {
  const withChecksum = zstdCompressSync(text(70_000), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
  checkZstdFrame(withChecksum, 70_000)
  // Window descriptor 0x58 (2 MiB), a content size of 2 bytes counted from 256, one RLE block of 300 times "A".
  const windowed = must(fromHex('28b52ffd' + '40' + '58' + '2c00' + '630900' + '41'), 'hex')
  checkZstdFrame(windowed, 300)
  assert.deepEqual(new Uint8Array(zstdDecompressSync(windowed)), new Uint8Array(300).fill(0x41))
})

test('two frames, trailing bytes, a skippable frame and every cut are refused', () => {
  const stored = nodeTools.zstdCompress(text(5000))
  const skippable = must(fromHex('502a4d1804000000' + '00000000'), 'hex')
  assert.match(refused(concatBytes([stored, stored]), 5000), /followed by/)
  assert.match(refused(concatBytes([stored, Uint8Array.of(0)]), 5000), /followed by 1 more/)
  assert.match(refused(concatBytes([stored, skippable]), 5000), /followed by 12 more/)
  assert.match(refused(concatBytes([skippable, stored]), 5000), /not a zstd frame/)
  for (let length = 0; length < stored.length; length++) refused(stored.subarray(0, length), 5000)
})

test('a dictionary, a reserved bit, a missing content size and a reserved block are refused', () => {
  const frame = wrapRawAsZstd(text(10))
  const changed = (at: number, value: number): Uint8Array => frame.with(at, value)
  assert.match(refused(changed(4, 0xa1), 10), /dictionary/)
  assert.match(refused(changed(4, 0xa8), 10), /reserved bit/)
  assert.match(refused(changed(4, 0x00), 10), /content size/)
  assert.match(refused(changed(9, (frame[9] as number) | 6), 10), /reserved type/)
  assert.match(refused(changed(11, 0xff), 10), /a block of \d+ bytes/)
})

test('raw and RLE blocks of more bytes than the header says are refused before they are decoded', () => {
  const bomb = [...must(fromHex('28b52ffda00a000000'), 'hex')]
  for (let block = 0; block < 40; block++) bomb.push(0x02 | (block === 39 ? 1 : 0), 0x00, 0x10, 0x41)
  assert.match(refused(Uint8Array.from(bomb), 10), /decodes to more/)
  const longerThanTold = wrapRawAsZstd(text(11)).with(5, 10)
  assert.match(refused(longerThanTold, 10), /decodes to more/)
})

test('wrapping gives the byte-exact smallest raw frame', () => {
  assert.equal(toHex(wrapRawAsZstd(Uint8Array.of(1, 2, 3))), '28b52ffd' + 'a0' + '03000000' + '190000' + '010203')
  assert.equal(toHex(wrapRawAsZstd(new Uint8Array(0))), '28b52ffd' + 'a0' + '00000000' + '010000')
})

test('wrapped bytes of any length decode to themselves', () => {
  for (const length of [0, 1, 65_536, 131_072, 131_073, 400_000]) {
    const wrapped = wrapRawAsZstd(text(length))
    checkZstdFrame(wrapped, length)
    assert.deepEqual(nodeTools.zstdDecompress(wrapped, length), text(length))
  }
})

test('mutated frames are refused as damage, or decode to exactly the length that was checked', () => {
  const mutation = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), cut: fc.nat(40) })
  const source = text(2000)
  const frames = [nodeTools.zstdCompress(source), wrapRawAsZstd(source)]
  fc.assert(
    fc.property(fc.constantFrom(...frames), fc.array(mutation, { maxLength: 4 }), (frame, mutations) => {
      let bytes = frame.slice()
      for (const { at, to, cut } of mutations) {
        bytes = bytes.with(at % bytes.length, to)
        if (cut < 10) bytes = bytes.slice(0, bytes.length - cut)
      }
      const isAccepted = orDamage(() => checkZstdFrame(bytes, source.length) ?? true) === true
      if (!isAccepted) return
      const decoded = orRefused(() => nodeTools.zstdDecompress(bytes, source.length))
      if (decoded !== undefined) assert.equal(decoded.length, source.length)
    }),
    { numRuns: 2000 },
  )
})

test('random bytes behind a zstd magic are walked in bounded time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(70_000), (tail, rawLength) => {
      const bytes = concatBytes([must(fromHex('28b52ffd'), 'hex'), tail])
      orDamage(() => checkZstdFrame(bytes, rawLength))
    }),
    { numRuns: 2000 },
  )
})
