/** Unpacking against the tools that pack: equal bytes, and of damaged files never bytes that are wrong. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { concatBytes, equalBytes } from '../../src/base/bytes.ts'
import { openXzDecoder } from '../../src/binary/xz-decoder.ts'
import { unpackXz, xzStreams } from '../../src/binary/xz-file.ts'
import { loadLzma } from '../../src/linux/lzma.ts'
import type { Packing } from '../../src/source/module/module-name.ts'
import { prepareUnpacking, unpack, unpackedBytesMax } from '../../src/source/module/unpack.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const hasXz = spawnSync('xz', ['--version']).status === 0
const withXz = { skip: !hasXz && 'there is no xz' }

await prepareUnpacking()

/** Half of it repeats, half does not. */
function content(sizeBytes: number): Uint8Array {
  const bytes = chanceOf(sizeBytes + 1).bytes(sizeBytes)
  return bytes.map((byte, at) => (at % 1000 < 500 ? at & 7 : byte))
}

function xz(bytes: Uint8Array, options: readonly string[] = []): Uint8Array {
  const { stdout, status } = spawnSync('xz', ['-c', '-T1', ...options], { input: bytes, maxBuffer: 1 << 30 })
  assert.equal(status, 0)
  return Uint8Array.from(stdout)
}

function check(packed: Uint8Array, packing: Packing, expected: Uint8Array): void {
  const found = unpack(packed, packing)
  assert.ok(!('why' in found), 'why' in found ? found.why : '')
  assert.ok(equalBytes(found, expected), `${packing} of ${expected.length} bytes`)
}

/** A frame of zstd that decoders pass over. */
const skipped = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 7, 7, 7)

const sizes = [0, 1, 3, 65_535, 65_536, 300_001]

test('gzip and zstd give back what was packed, in one part or several', () => {
  for (const size of sizes) {
    const bytes = content(size)
    check(gzipSync(bytes), 'gzip', bytes)
    check(zstdCompressSync(bytes), 'zstd', bytes)
    check(concatBytes([gzipSync(bytes), gzipSync(bytes)]), 'gzip', concatBytes([bytes, bytes]))
    const zstd = zstdCompressSync(bytes)
    check(concatBytes([zstd, skipped, zstd, skipped]), 'zstd', concatBytes([bytes, bytes]))
    assert.ok('why' in unpack(concatBytes([zstd, Uint8Array.of(1)]), 'zstd'))
  }
})

test('xz gives back what was packed, with every check, in blocks, streams and padding', withXz, () => {
  for (const size of sizes) check(xz(content(size)), 'xz', content(size))
  const bytes = content(200_000)
  for (const kind of ['none', 'crc32', 'crc64', 'sha256']) check(xz(bytes, [`--check=${kind}`]), 'xz', bytes)
  check(xz(bytes, ['--check=crc32', '--lzma2=dict=1MiB']), 'xz', bytes)
  check(xz(bytes, ['--block-size=30000']), 'xz', bytes)
  check(xz(bytes, ['--x86', '--lzma2=dict=1MiB']), 'xz', bytes)
  const one = xz(bytes)
  check(concatBytes([one, one]), 'xz', concatBytes([bytes, bytes]))
  check(concatBytes([one, new Uint8Array(8), one, new Uint8Array(4)]), 'xz', concatBytes([bytes, bytes]))
})

test('without liblzma WebAssembly gives the same, and refuses what it does not know', withXz, async () => {
  const decoder = (await openXzDecoder()) ?? assert.fail('the package is not what it was')
  for (const size of sizes) {
    const packed = xz(content(size), ['--check=crc32'])
    const target = new Uint8Array(size)
    assert.equal(decoder.decompress(packed, target), undefined)
    assert.ok(equalBytes(target, content(size)))
  }
  const bytes = content(100_000)
  for (const kind of ['none', 'crc64']) {
    assert.equal(decoder.decompress(xz(bytes, [`--check=${kind}`]), new Uint8Array(bytes.length)), undefined)
  }
  assert.equal(decoder.decompress(xz(bytes, ['--check=sha256']), new Uint8Array(bytes.length)), 'unsupported')
  assert.equal(
    decoder.decompress(xz(bytes, ['--x86', '--lzma2=dict=1MiB']), new Uint8Array(bytes.length)),
    'unsupported',
  )
  const packed = xz(bytes)
  const twice = concatBytes([bytes, bytes])
  const memory = { bytesMax: twice.length, take: (size: number) => new Uint8Array(size) }
  assert.deepEqual(unpackXz(concatBytes([packed, packed]), decoder, memory), twice)
  assert.equal(unpackXz(concatBytes([packed, packed, packed]), decoder, memory), 'too large')
  assert.equal(decoder.decompress(concatBytes([packed, packed]), new Uint8Array(bytes.length)), 'damaged')
  for (const size of [bytes.length - 1, bytes.length + 1]) {
    assert.equal(decoder.decompress(packed, new Uint8Array(size)), 'damaged')
  }
})

test('a damaged file is refused: no byte of a packed module can change unnoticed', withXz, async () => {
  const bytes = content(20_000)
  const decoder = (await openXzDecoder()) ?? assert.fail('the package is not what it was')
  const forms: [Packing, Uint8Array][] = [
    ['gzip', gzipSync(bytes)],
    ['xz', xz(bytes, ['--check=crc32'])],
    // A frame without a checksum cannot be proven: zstd -q, which packs modules, makes one.
    ['zstd', zstdCompressSync(bytes, { params: { [201]: 1 } })],
  ]
  for (const seed of seedsOf(isLong ? 4_000 : 200)) {
    const chance = chanceOf(seed)
    for (const [packing, packed] of forms) {
      const isCut = chance.happens(20)
      const bad = isCut
        ? packed.slice(0, chance.below(packed.length))
        : flipped(packed, chance.below(packed.length * 8))
      const found = unpack(bad, packing)
      assert.ok('why' in found || equalBytes(found, bytes), `${packing}, seed ${seed}`)
      if (packing !== 'xz') continue
      const target = new Uint8Array(bytes.length)
      const isFine = decoder.decompress(bad, target) === undefined
      assert.ok(!isFine || equalBytes(target, bytes), `WebAssembly, seed ${seed}`)
    }
  }
})

test('what would be too large is refused before there is memory for it', withXz, () => {
  const mebibyte = new Uint8Array(2 ** 20)
  const times = unpackedBytesMax / mebibyte.length + 1
  const xzOfZeros = xz(mebibyte)
  const streams = concatBytes(Array.from({ length: times }, () => xzOfZeros))
  const found = unpack(streams, 'xz', () => assert.fail('memory was asked for'))
  assert.ok('why' in found && /larger than/.test(found.why))
  for (const [packing, part] of [
    ['gzip', gzipSync(mebibyte)],
    ['zstd', zstdCompressSync(mebibyte)],
  ] as const) {
    const refused = unpack(concatBytes(Array.from({ length: times }, () => part)), packing)
    assert.ok('why' in refused && /larger than/.test(refused.why), packing)
  }
})

test('the index of an .xz file is read as far as it is true', withXz, () => {
  const bytes = content(100_000)
  const packed = xz(bytes, ['--block-size=30000'])
  assert.deepEqual(xzStreams(packed), [{ start: 0, packedBytes: packed.length, contentBytes: 100_000 }])
  assert.ok('why' in xzStreams(new Uint8Array(0)))
  assert.ok('why' in xzStreams(content(1_000)))
  assert.ok('why' in xzStreams(packed.subarray(1)))
  assert.ok('why' in xzStreams(packed.subarray(0, packed.length - 1)))
  for (const seed of seedsOf(300)) {
    const found = xzStreams(flipped(packed, packed.length * 8 - 1 - chanceOf(seed).below(400)))
    assert.ok('why' in found || found.every(({ start, packedBytes }) => start + packedBytes <= packed.length))
  }
})

test('the system has liblzma, or the tests say that they ran without', (t) => {
  if (loadLzma() === undefined) t.diagnostic('no liblzma: xz was unpacked in WebAssembly throughout')
})

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}
