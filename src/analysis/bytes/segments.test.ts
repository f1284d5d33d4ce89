import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { chiSquareOf, entropyOf, readBlock } from './entropy.ts'
import { entropyAnalyzer } from './entropy-analyzer.ts'
import { segmentsOf } from './segments.ts'
import { contentOfBytes, lentContent, regionsOf } from './testing/contents.ts'

/** xorshift32: the same bytes from the same seed. */
function randomBytes(length: number, seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 8) & 255
  })
}

function textBytes(length: number): Uint8Array {
  const words = 'the quick brown fox jumps over the lazy dog and runs away\n'
  return Uint8Array.from({ length }, (_, index) => words.charCodeAt(index % words.length))
}

/** The definition, in floating point. */
function reference(bytes: Uint8Array): number {
  const counts = new Map<number, number>()
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum - (count / bytes.length) * Math.log2(count / bytes.length), 0)
}

test('entropy is what the definition gives, of any bytes and of parts of a block', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), fc.nat(20), (bytes, skip) => {
      assert.ok(Math.abs(entropyOf(bytes) - reference(bytes)) < 1e-9)
      const start = Math.min(skip, bytes.length - 1)
      assert.ok(Math.abs(readBlock(bytes, start, bytes.length) - reference(bytes.subarray(start))) < 1e-9)
    }),
  )
  assert.equal(entropyOf(new Uint8Array(0)), 0)
  assert.equal(entropyOf(new Uint8Array(100_000)), 0)
  assert.equal(entropyOf(Uint8Array.from({ length: 65_536 }, (_, index) => index & 255)), 8)
})

test('chi square tells random bytes from compressed ones, whatever their number', () => {
  const counted = (bytes: Uint8Array) => {
    const counts = new Float64Array(256)
    for (const byte of bytes) (counts[byte] as number) += 1
    return chiSquareOf(counts, bytes.length)
  }
  for (const seed of [1, 2, 3]) {
    const chiSquare = counted(randomBytes(300_000, seed))
    assert.ok(chiSquare > 175 && chiSquare < 345, `seed ${seed}: ${chiSquare}`)
  }
  assert.equal(counted(new Uint8Array(256)), 255 * 256)
})

test('runs of one nature are found to the block, in order and without gaps', () => {
  const zeros = new Uint8Array(3 * 4_096)
  const parts = [zeros, textBytes(5 * 4_096), randomBytes(100 * 4_096, 7), zeros, textBytes(100)]
  const bytes = Buffer.concat(parts)
  for (const content of [contentOfBytes(bytes), lentContent(bytes)]) {
    assert.deepEqual(
      segmentsOf(content).map(({ kind, offset, length }) => [kind, offset, length]),
      [
        ['zero', 0, 12_288],
        ['text', 12_288, 20_480],
        ['random', 32_768, 409_600],
        ['zero', 442_368, 12_288],
        ['text', 454_656, 100],
      ],
    )
  }
})

test('deflated bytes are compressed and never called random, and a short random run is not either', () => {
  // Words that come by chance: a text of many, as large as a book.
  const varied = Buffer.from(Array.from(randomBytes(600_000, 3), (byte, index) => `w${byte * (index & 31)} `).join(''))
  const packed = deflateRawSync(varied)
  assert.ok(packed.length > 300_000)
  const kinds = new Set(segmentsOf(contentOfBytes(packed.subarray(0, packed.length & ~4_095))).map(({ kind }) => kind))
  assert.deepEqual([...kinds], ['compressed'])
  assert.deepEqual(
    segmentsOf(contentOfBytes(randomBytes(16 * 4_096, 9))).map(({ kind }) => kind),
    ['compressed'],
  )
})

test('segments of any content cover it once', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 9_000 })), { maxLength: 8 }), (list) => {
      const parts = list.map(([kind, length]) =>
        kind === 0 ? new Uint8Array(length) : kind === 1 ? textBytes(length) : randomBytes(length, length),
      )
      const bytes = Buffer.concat(parts)
      let at = 0
      let last = ''
      for (const { kind, offset, length, entropy } of segmentsOf(contentOfBytes(bytes))) {
        assert.equal(offset, at)
        assert.ok(length > 0 && kind !== last && entropy >= 0 && entropy <= 8)
        at += length
        last = kind
      }
      assert.equal(at, bytes.length)
    }),
  )
})

test('regions are the runs worth a word, and none for the zeros of bytes that nobody has', async () => {
  const bytes = Buffer.concat([Buffer.from('\x01data'), new Uint8Array(200_000), randomBytes(300_000, 5)])
  const { regions } = await regionsOf(entropyAnalyzer, bytes)
  assert.deepEqual(
    regions.map(({ class: kind, name }) => `${kind}: ${name.split(',')[0]}`),
    ['entropy: zeros', 'entropy: random: encrypted'],
  )
  const told: unknown[] = []
  const subject = {
    content: contentOfBytes(bytes),
    whole: () => bytes,
    missing: [{ start: 4_096, length: 190_000 }],
    type: { kind: 'data' },
  }
  const report = { region: (region: { name: string }) => told.push(region.name), finding() {}, problem() {} }
  entropyAnalyzer.analyze(subject as unknown as Parameters<typeof entropyAnalyzer.analyze>[0], report)
  assert.equal(told.length, 1)
})
