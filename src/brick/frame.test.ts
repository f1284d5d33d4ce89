import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { concatBytes, toHex } from '../base/bytes.ts'
import { nodeTools as tools } from '../store/node-tools.ts'
import {
  Codec,
  decodeFrame,
  encodeFrame,
  encodeFrameInto,
  type FrameExpectation,
  FrameType,
  frameId,
  parseFrameHeader,
  rawLengthMax,
} from './frame.ts'
import { encodePad } from './pad.ts'
import { bytesFrom } from './testing/commit-samples.ts'
import { damageOf, orDamage, ruleOf } from './testing/expect-damage.ts'

const epoch = bytesFrom(8, 200)
const otherEpoch = bytesFrom(8, 100)
const types = Object.values(FrameType)

/** Little-endian hex of `value` in `bytes` bytes. */
function le(value: number | bigint, bytes: number): string {
  let hex = ''
  for (let left = BigInt(value), i = 0; i < bytes; i++, left >>= 8n) {
    hex += Number(left & 255n)
      .toString(16)
      .padStart(2, '0')
  }
  return hex
}

/** A header made here field by field, with right checksums whatever the fields say. */
function headerOf(fields: {
  magic?: string
  type?: number
  codec?: number
  flags?: number
  stored: Uint8Array
  storedLength?: number
  rawLength: number
}): Uint8Array {
  const { magic = 'BLK1', type = 1, codec = 0, flags = 0, stored, storedLength = stored.length, rawLength } = fields
  const view = Buffer.alloc(32)
  view.write(magic)
  view[4] = type
  view[5] = codec
  view.writeUInt16LE(flags, 6)
  view.writeUInt32LE(storedLength, 8)
  view.writeUInt32LE(rawLength, 12)
  view.writeUInt32LE(crc32(stored), 24)
  view.writeUInt32LE(crc32(concatBytes([view.subarray(0, 28), epoch])), 28)
  return new Uint8Array(view)
}

function frameOf(fields: Parameters<typeof headerOf>[0]): Uint8Array {
  return concatBytes([headerOf(fields), fields.stored])
}

function expecting(more: Partial<FrameExpectation> = {}): FrameExpectation {
  return { expectType: FrameType.data, epoch, offset: 32_768, tools, ...more }
}

test('a PAD frame is byte for byte as the specification says', () => {
  const zeros = new Uint8Array(16)
  const before = `424c4b31${'08'}00${'0000'}${le(16, 4)}${le(16, 4)}${le(0, 8)}${le(crc32(zeros), 4)}`
  const headerCrc = crc32(concatBytes([Buffer.from(before, 'hex'), epoch]))
  assert.equal(toHex(encodePad({ totalBytes: 48, epoch, tools })), `${before}${le(headerCrc, 4)}${toHex(zeros)}`)
})

test('a DATA frame of 3 bytes is byte for byte as the specification says, padding included', () => {
  const payload = Uint8Array.of(0xaa, 0xbb, 0xcc)
  const { bytes, storedLength } = encodeFrame({ type: FrameType.data, id: frameId(0, 258), payload, epoch, tools })
  const before = `424c4b31${'01'}00${'0000'}${le(3, 4)}${le(3, 4)}${'0201000000000000'}${le(crc32(payload), 4)}`
  const headerCrc = crc32(concatBytes([Buffer.from(before, 'hex'), epoch]))
  assert.equal(toHex(bytes), `${before}${le(headerCrc, 4)}aabbcc${'00'.repeat(13)}`)
  assert.equal(storedLength, 3)
})

test('every type and payload comes back as it was, alone and inside a larger buffer', () => {
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.nat(255), fc.integer({ min: 1, max: 32_768 }))
      .map(([byte, length]) => new Uint8Array(length).fill(byte)),
  )
  const options = fc.record({
    type: fc.constantFrom(...types.filter((type) => type !== FrameType.pad)),
    payload: payloads,
    codec: fc.constantFrom('auto' as const, 'raw' as const),
    level: fc.nat(255),
    index: fc.maxSafeNat(),
    at: fc.nat(50),
  })
  fc.assert(
    fc.property(options, ({ type, payload, codec, level, index, at }) => {
      const id = frameId(level, index)
      const input = { type, id, payload, epoch, tools, codec }
      const { bytes, storedLength } = encodeFrame(input)
      assert.equal(bytes.length % 16, 0)
      const expect = expecting({ expectType: type, expectStoredLength: storedLength })
      const { header, payload: back } = decodeFrame(bytes, expect)
      assert.deepEqual(back, payload)
      assert.equal(header.id, id)
      assert.deepEqual(decodeFrame(bytes.subarray(0, 32 + storedLength), expect).payload, payload)

      const target = new Uint8Array(at + bytes.length + 7).fill(0xee)
      assert.equal(encodeFrameInto(target, at, input), storedLength)
      assert.deepEqual(target.subarray(at, at + bytes.length), bytes)
      assert.deepEqual(target.subarray(at + bytes.length), new Uint8Array(7).fill(0xee))
    }),
    { numRuns: 400 },
  )
})

test('zstd is kept where it saves at least 3 %, raw where it does not or was asked for', () => {
  const noise = Uint8Array.from({ length: 65_536 }, (_, i) => (Math.imul(i ^ (i >> 7), 2654435761) >>> 13) & 255)
  const random = tools.sha256(noise)
  const incompressible = new Uint8Array(4096)
  for (let at = 0, hash = random; at < 4096; at += 32, hash = tools.sha256(hash)) incompressible.set(hash, at)
  const codecOf = (payload: Uint8Array, codec: 'auto' | 'raw'): number =>
    parseFrameHeader(encodeFrame({ type: FrameType.data, id: 0n, payload, epoch, tools, codec }).bytes, expecting())
      .codec
  assert.equal(codecOf(new Uint8Array(65_536), 'auto'), Codec.zstd)
  assert.equal(codecOf(new Uint8Array(65_536), 'raw'), Codec.raw)
  assert.equal(codecOf(incompressible, 'auto'), Codec.raw)
  const almost = incompressible.slice()
  almost.fill(0, 0, 100)
  assert.equal(codecOf(almost, 'auto'), Codec.raw, '2.4 % saved')
  almost.fill(0, 0, 300)
  assert.equal(codecOf(almost, 'auto'), Codec.zstd, '7 % saved')
})

test('a deflate frame of another writer is read, one with bytes behind its stream is refused', () => {
  const raw = new Uint8Array(1000).fill(5)
  const stored = new Uint8Array(deflateRawSync(raw))
  assert.deepEqual(decodeFrame(frameOf({ codec: 2, stored, rawLength: 1000 }), expecting()).payload, raw)
  const longer = concatBytes([stored, Uint8Array.of(0)])
  assert.equal(
    ruleOf(() => decodeFrame(frameOf({ codec: 2, stored: longer, rawLength: 1000 }), expecting())),
    'codec',
  )
  assert.equal(
    ruleOf(() => decodeFrame(frameOf({ codec: 2, stored, rawLength: 999 }), expecting())),
    'codec',
  )
  assert.equal(
    ruleOf(() => decodeFrame(frameOf({ codec: 2, stored, rawLength: 1001 }), expecting())),
    'codec',
  )
})

test('lengths beyond a type limit are refused before anything is allocated', () => {
  for (const type of types) {
    const rawLength = rawLengthMax(type)
    const stored = new Uint8Array(0)
    const header = (more: { storedLength: number; rawLength: number }): Uint8Array =>
      headerOf({ type, codec: 1, stored, ...more })
    const expect = expecting()
    assert.equal(parseFrameHeader(header({ storedLength: rawLength + 64, rawLength }), expect).rawLength, rawLength)
    assert.equal(
      ruleOf(() => parseFrameHeader(header({ storedLength: 1, rawLength: rawLength + 1 }), expect)),
      'frame-limit',
    )
    const tooLong = header({ storedLength: rawLength + 65, rawLength })
    assert.equal(
      ruleOf(() => parseFrameHeader(tooLong, expect)),
      'frame-limit',
    )
  }
  assert.deepEqual(types.map(rawLengthMax), [
    65_536,
    32_768,
    1 << 20,
    1 << 20,
    1 << 22,
    1 << 20,
    1 << 20,
    1 << 20,
    1 << 20,
  ])
})

test('another magic, unknown types, codecs and flags, and a raw frame of two lengths, are refused', () => {
  const stored = bytesFrom(20, 0)
  const rule = (fields: object): string =>
    ruleOf(() => parseFrameHeader(headerOf({ stored, rawLength: 20, ...fields }), expecting()))
  assert.equal(rule({ magic: 'BLK2' }), 'frame')
  assert.equal(rule({ type: 0 }), 'frame')
  assert.equal(rule({ type: 10 }), 'frame')
  assert.equal(rule({ codec: 3 }), 'frame')
  assert.equal(rule({ flags: 1 }), 'frame')
  assert.equal(rule({ rawLength: 21 }), 'frame')
  assert.equal(rule({ rawLength: 19 }), 'frame')
})

test('another epoch, any changed header bit and any changed payload bit are seen', () => {
  const { bytes } = encodeFrame({ type: FrameType.data, id: 3n, payload: bytesFrom(40, 9), epoch, tools })
  assert.equal(
    ruleOf(() => decodeFrame(bytes, expecting({ epoch: otherEpoch }))),
    'frame-crc',
  )
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))
    const damage = damageOf(() => decodeFrame(changed, expecting()))
    assert.ok(['frame', 'frame-crc'].includes(damage.rule), `bit ${bit}: ${damage.rule}`)
    assert.equal(damage.offset, 32_768)
  }
})

test('the wrong type, a length other than the locator says, a cut and bytes beyond are refused', () => {
  const { bytes, storedLength } = encodeFrame({ type: FrameType.data, id: 0n, payload: bytesFrom(40, 0), epoch, tools })
  const rule = (frame: Uint8Array, more: Partial<FrameExpectation>): string =>
    ruleOf(() => decodeFrame(frame, expecting(more)))
  assert.equal(rule(bytes, { expectType: FrameType.overview }), 'frame')
  assert.equal(rule(bytes, { expectStoredLength: storedLength + 1 }), 'frame')
  assert.equal(rule(bytes.subarray(0, 31), {}), 'frame')
  assert.equal(rule(bytes.subarray(0, 32 + storedLength - 1), {}), 'frame')
  assert.equal(rule(concatBytes([bytes, new Uint8Array(16)]), {}), 'frame')
  assert.equal(rule(bytes, { fileEnd: 32_768 + bytes.length - 16 }), 'frame-limit')
  decodeFrame(bytes, expecting({ fileEnd: 32_768 + bytes.length }))
})

test('a zstd payload that is not exactly one frame of rawLen bytes is refused', () => {
  const raw = new Uint8Array(500).fill(7)
  const stored = tools.zstdCompress(raw)
  const rule = (bytes: Uint8Array, rawLength = 500): string =>
    ruleOf(() => decodeFrame(frameOf({ codec: 1, stored: bytes, rawLength }), expecting()))
  assert.equal(rule(concatBytes([stored, stored])), 'codec')
  assert.equal(rule(concatBytes([stored, Uint8Array.of(1)])), 'codec')
  assert.equal(rule(stored, 501), 'codec')
  assert.equal(rule(stored.subarray(0, stored.length - 1)), 'codec')
  assert.equal(rule(new Uint8Array(0)), 'codec')
})

test('a PAD frame whose payload is not zeros is refused', () => {
  const stored = bytesFrom(16, 0)
  const bytes = frameOf({ type: 8, stored, rawLength: 16 })
  assert.equal(
    ruleOf(() => decodeFrame(bytes, expecting({ expectType: FrameType.pad }))),
    'frame',
  )
})

test('random fields under right checksums are refused as damage or read within the limits', () => {
  const fields = fc.record({
    type: fc.nat(11),
    codec: fc.nat(4),
    flags: fc.constantFrom(0, 0, 0, 1),
    stored: fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constant(tools.zstdCompress(new Uint8Array(100)))),
    rawLength: fc.oneof(fc.nat(100), fc.constant(100), fc.nat(2 ** 32 - 1)),
  })
  fc.assert(
    fc.property(fields, (random) => {
      const expectType = Math.min(9, Math.max(1, random.type)) as FrameType
      const opened = orDamage(() => decodeFrame(frameOf(random), expecting({ expectType })))
      if (opened !== undefined) assert.equal(opened.payload.length, random.rawLength)
    }),
    { numRuns: 3000 },
  )
})

test('random bytes are refused as damage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isNamed) => {
      const named = isNamed ? concatBytes([Buffer.from('BLK1'), bytes]) : bytes
      assert.equal(
        orDamage(() => decodeFrame(new Uint8Array(named), expecting())),
        undefined,
      )
    }),
  )
})
