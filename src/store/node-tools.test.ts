import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { concatBytes, toHex, utf8 } from '../base/bytes.ts'
import { nodeTools } from './node-tools.ts'

test('SHA-256 of the parts is that of their concatenation', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.equal(toHex(nodeTools.sha256(utf8('abc'))), abc)
  assert.equal(toHex(nodeTools.sha256(utf8('a'), new Uint8Array(0), utf8('bc'))), abc)
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  assert.equal(toHex(nodeTools.sha256()), empty)
})

test('CRC-32 is the check value of IEEE 802.3, and goes on from a seed', () => {
  assert.equal(nodeTools.crc32(utf8('123456789')), 0xcbf43926)
  assert.equal(nodeTools.crc32(utf8('6789'), nodeTools.crc32(utf8('12345'))), 0xcbf43926)
})

test('zstd frames of any length tell their content size and come back', () => {
  for (const length of [0, 1, 255, 256, 65_535, 65_536, 65_537, 300_000]) {
    const bytes = new Uint8Array(length).fill(9)
    const stored = nodeTools.zstdCompress(bytes)
    assert.deepEqual(nodeTools.zstdDecompress(stored, length), bytes)
    assert.equal((stored[4] as number) & 0x20, 0x20, 'a single segment always has a content size')
  }
})

test('decoding stops at the length that is expected', () => {
  const megabytes = new Uint8Array(8 << 20)
  assert.throws(() => nodeTools.zstdDecompress(nodeTools.zstdCompress(megabytes), 1000))
  assert.throws(() => nodeTools.inflateRaw(deflateRawSync(megabytes), 1000), { code: 'ERR_BUFFER_TOO_LARGE' })
})

test('a deflate stream that is cut or followed by more is refused', () => {
  const stored = deflateRawSync(utf8('hello hello hello'))
  assert.deepEqual(nodeTools.inflateRaw(stored, 17), utf8('hello hello hello'))
  assert.throws(() => nodeTools.inflateRaw(stored.subarray(0, -1), 17))
  assert.throws(() => nodeTools.inflateRaw(concatBytes([stored, Uint8Array.of(7)]), 17), /the stream ends after/)
})

test('results are plain arrays, whose slice is a copy', () => {
  const results = [
    nodeTools.sha256(utf8('a')),
    nodeTools.sha256(utf8('a'), utf8('b')),
    nodeTools.zstdCompress(new Uint8Array(100)),
    nodeTools.zstdDecompress(nodeTools.zstdCompress(new Uint8Array(100)), 100),
    nodeTools.inflateRaw(deflateRawSync(new Uint8Array(100)), 100),
  ]
  for (const result of results) assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype)
})
