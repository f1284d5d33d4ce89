import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, toHex, utf8 } from '../base/bytes.ts'
import { nodeTools as tools } from '../store/node-tools.ts'
import {
  type CommitRecord,
  commitId,
  encodeCommitPayload,
  encodeCommitRecord,
  extrasBytesMax,
  parseCommitPayload,
  parseCommitRecord,
  parseExtras,
} from './commit.ts'
import { noPointer } from './pointer.ts'
import { bytesFrom, sampleCommit, sampleExtras, sampleFileEnd } from './testing/commit-samples.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const place = { rule: 'commit', offset: 40_000, fileSize: sampleFileEnd } as const
const payloadPlace = { offset: 40_000, fileSize: sampleFileEnd, tools }

function sampleBytes(): Uint8Array {
  return encodeCommitRecord(sampleCommit(tools).record)
}

/** Little-endian. */
function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function patched(bytes: Uint8Array, at: number, patch: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(patch, at)
  return copy
}

test('the fields of a record lie at the offsets of the specification', () => {
  const { record } = sampleCommit(tools)
  const bytes = Buffer.from(encodeCommitRecord(record))
  const hexAt = (at: number, length: number): string => bytes.toString('hex', at, at + length)
  assert.equal(bytes.length, 616)
  assert.equal(hexAt(0, 16), toHex(record.uuid))
  assert.equal(hexAt(16, 8), toHex(record.epoch))
  assert.equal(bytes.readBigUInt64LE(24), 7n)
  assert.equal(bytes.readBigInt64LE(32), -5n)
  assert.equal(bytes.readUInt32LE(40), 999_999_999)
  assert.equal(bytes.readUInt32LE(44), 1)
  assert.equal(bytes.readBigUInt64LE(48), 1_000_000n)
  assert.equal(bytes.readBigUInt64LE(56), 65_536n)
  assert.equal(bytes.readBigUInt64LE(64), 40_000n)
  assert.equal(hexAt(72, 16), '204e000000000000' + '64000000' + '00000000')
  assert.equal(bytes.readBigUInt64LE(88), 20_144n)
  assert.equal(bytes.readBigUInt64LE(104), 28_384n)
  assert.equal(bytes.readBigUInt64LE(120), 30_000n)
  assert.equal(bytes.readBigUInt64LE(136), 12n)
  assert.equal(hexAt(144, 32), toHex(record.entries.hash))
  assert.equal(bytes.readBigUInt64LE(176), 31_008n)
  assert.equal(hexAt(232, 112), '00'.repeat(112))
  assert.equal(bytes.readBigUInt64LE(344), 31_408n)
  assert.equal(hexAt(360, 32), toHex(record.meta.hash))
  assert.equal(hexAt(392, 32), toHex(record.contentRoot))
  assert.equal(hexAt(424, 32), toHex(record.treeHash))
  assert.equal(hexAt(456, 32), toHex(record.metaHash))
  assert.equal(bytes.readBigUInt64LE(488), 16_448n)
  assert.equal(hexAt(504, 32), toHex(record.parentId))
  assert.equal(hexAt(536, 32), toHex(record.id))
  assert.equal(hexAt(568, 16), toHex(record.random))
  assert.equal(hexAt(584, 32), toHex(record.extrasHash))
})

test('the commit id is the hash of the fields that the specification lists, and of no pointer', () => {
  const { record } = sampleCommit(tools)
  const seconds = Buffer.alloc(8)
  seconds.writeBigInt64LE(-5n)
  const preimage = [
    Uint8Array.of(7),
    record.uuid,
    record.random,
    record.parentId,
    u64(7),
    seconds,
    u64(999_999_999).subarray(0, 4),
    u64(1_000_000),
    record.contentRoot,
    record.treeHash,
    record.metaHash,
    record.extrasHash,
  ]
  const expected = createHash('sha256').update(concatBytes(preimage)).digest('hex')
  assert.equal(toHex(commitId(record, tools)), expected)
  const moved: CommitRecord = {
    ...record,
    epoch: bytesFrom(8, 0),
    topOverview: noPointer,
    parent: noPointer,
    fileEnd: 0,
  }
  assert.equal(toHex(commitId(moved, tools)), expected)
})

test('a record comes back as it was, whatever its numbers and pointers', () => {
  const aligned = fc.integer({ min: 1024, max: 4000 }).map((unit) => unit * 16)
  const pointer = fc.tuple(aligned, fc.nat(1000)).map(([offset, storedLength]) => ({ offset, storedLength }))
  const optional = fc.option(pointer, { nil: noPointer })
  const fields = fc.record({
    uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    generation: fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER }),
    time: fc.record({ seconds: fc.maxSafeInteger(), nanoseconds: fc.nat(999_999_999) }, { noNullPrototype: true }),
    length: fc.nat(2 ** 24),
    liveBytes: fc.maxSafeNat(),
    root: fc.record({ node: pointer, hashes: pointer }, { noNullPrototype: true }),
    topOverview: optional,
    parent: optional,
    meta: fc.record({ pointer, hash: fc.uint8Array({ minLength: 32, maxLength: 32 }) }, { noNullPrototype: true }),
  })
  fc.assert(
    fc.property(fields, (random) => {
      const { record } = sampleCommit(tools, random)
      const bytes = encodeCommitRecord(record)
      const back = parseCommitRecord(bytes, place)
      assert.deepEqual(back, record)
      bytes.fill(0)
      assert.deepEqual(back, record, 'the parsed record keeps nothing of its input')
    }),
  )
})

test('the first commit has neither parent nor parent id, every other one has a parent id', () => {
  const first = { generation: 1, parent: noPointer, parentId: new Uint8Array(32) }
  const parse = (fields: Partial<CommitRecord>): CommitRecord =>
    parseCommitRecord(encodeCommitRecord(sampleCommit(tools, fields).record), place)
  assert.equal(parse(first).parent.offset, 0)
  assert.equal(parse({ parent: noPointer }).parent.offset, 0)
  assert.equal(
    ruleOf(() => parse({ ...first, parent: { offset: 16_448, storedLength: 1 } })),
    'commit',
  )
  assert.equal(
    ruleOf(() => parse({ ...first, parentId: bytesFrom(32, 1) })),
    'commit',
  )
  assert.equal(
    ruleOf(() => parse({ parentId: new Uint8Array(32) })),
    'commit',
  )
})

const damagedRecords: readonly (readonly [string, number, Uint8Array, string])[] = [
  ['generation 0', 24, u64(0), 'commit'],
  ['a generation above 2^53 - 1', 24, u64(2 ** 53), 'commit'],
  ['1,000,000,000 nanoseconds', 40, u64(1_000_000_000).subarray(0, 4), 'commit'],
  ['a height that is not the smallest', 44, Uint8Array.of(2), 'commit'],
  ['height 0', 44, Uint8Array.of(0), 'commit'],
  ['a length above 2^47', 48, u64(2 ** 47 + 1), 'commit'],
  ['a length that asks for another height', 48, u64(2 ** 24 + 1), 'commit'],
  ['a fileEnd that is no multiple of 4,096', 56, u64(65_535), 'commit'],
  ['a fileEnd beyond the file', 56, u64(65_536 + 4096), 'commit'],
  ['a fileEnd inside the head', 56, u64(16_384), 'commit'],
  ['no root node', 72, new Uint8Array(16), 'pointer'],
  ['a root node in the head', 72, u64(8192), 'pointer'],
  ['a root node at an odd place', 72, u64(20_001), 'pointer'],
  ['a root node beyond fileEnd', 72, u64(65_536), 'pointer'],
  ['a root node that ends beyond fileEnd', 72, u64(65_536 - 128), 'pointer'],
  ['a root node of 2 MiB', 80, u64(2 ** 21).subarray(0, 4), 'pointer'],
  ['reserved bytes in a pointer', 84, Uint8Array.of(1), 'commit'],
  ['no root hashes', 88, new Uint8Array(16), 'pointer'],
  ['a pointer to nothing with a length', 104, new Uint8Array(8), 'commit'],
  ['a top overview larger than a page', 112, u64(40_000).subarray(0, 4), 'pointer'],
  ['an empty map with a hash', 250, Uint8Array.of(1), 'commit'],
  ['an empty map with items', 248, u64(3), 'commit'],
  ['a map with a page and no items', 136, u64(0), 'commit'],
  ['no META', 344, new Uint8Array(16), 'pointer'],
  ['a parent beyond fileEnd', 488, u64(2 ** 40), 'pointer'],
]

for (const [name, at, patch, rule] of damagedRecords) {
  test(`a record with ${name} is refused`, () => {
    assert.equal(
      ruleOf(() => parseCommitRecord(patched(sampleBytes(), at, patch), place)),
      rule,
    )
  })
}

test('a record that is cut or goes on is refused', () => {
  const bytes = sampleBytes()
  assert.equal(
    ruleOf(() => parseCommitRecord(bytes.subarray(1), place)),
    'commit',
  )
  assert.equal(
    ruleOf(() => parseCommitRecord(concatBytes([bytes, Uint8Array.of(0)]), place)),
    'commit',
  )
})

test('a COMMIT payload comes back with its extras, read and as stored', () => {
  const { record, extras } = sampleCommit(tools)
  const payload = encodeCommitPayload({ record, extras, tools })
  assert.equal(payload.length, 616 + extras.length)
  assert.deepEqual(parseCommitPayload(payload, payloadPlace), { record, extras: sampleExtras, extrasBytes: extras })
})

test('a COMMIT payload with other extras, another id or a cut record is refused', () => {
  const { record, extras } = sampleCommit(tools)
  const payload = encodeCommitPayload({ record, extras, tools })
  const rule = (bytes: Uint8Array): string => ruleOf(() => parseCommitPayload(bytes, payloadPlace))
  assert.equal(rule(patched(payload, payload.length - 1, Uint8Array.of(0x20))), 'extras')
  assert.equal(rule(concatBytes([payload, Uint8Array.of(0x20)])), 'extras')
  assert.equal(rule(payload.subarray(0, 615)), 'commit')
  assert.equal(rule(patched(payload, 536, Uint8Array.of(255))), 'commit')
  assert.equal(rule(patched(payload, 392, Uint8Array.of(255))), 'commit')
  assert.equal(rule(concatBytes([payload, new Uint8Array(extrasBytesMax)])), 'extras')
})

test('extras that are not what the specification says are refused under their own right hash', () => {
  const cases = [
    '',
    '[]',
    '{"reason":1}',
    '{"dirty":5}',
    '{"dirty":{"length":0}}',
    '{"dirty":[5]}',
    '{"dirty":[[1]]}',
    '{"dirty":[[1,2,3]]}',
    '{"dirty":[[1,0]]}',
    '{"dirty":[[-1,2]]}',
    '{"dirty":[[5,2],[6,1]]}',
    '{"dirtyTiles":1.5}',
    '{"counts":[]}',
    '{"counts":{"torn":-1}}',
    '{"reason":"","reason":""}',
    '{"__proto__":{}}',
    '{"x":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}',
    `{"dirty":[${Array.from({ length: 4097 }, (_, i) => `[${2 * i},1]`).join()}]}`,
  ]
  for (const text of cases) {
    assert.equal(
      ruleOf(() => parseExtras(utf8(text))),
      'extras',
      text.slice(0, 60),
    )
    const { record } = sampleCommit(tools, { extrasHash: tools.sha256(utf8(text)) })
    const payload = concatBytes([encodeCommitRecord(record), utf8(text)])
    assert.equal(
      ruleOf(() => parseCommitPayload(payload, payloadPlace)),
      'extras',
    )
  }
})

test('random and mutated COMMIT payloads are refused as damage or read', () => {
  const { record, extras } = sampleCommit(tools)
  const payload = encodeCommitPayload({ record, extras, tools })
  const changes = fc.array(fc.tuple(fc.nat(payload.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
  fc.assert(
    fc.property(changes, fc.nat(payload.length), fc.uint8Array({ maxLength: 700 }), (list, cut, random) => {
      let bytes = payload.slice()
      for (const [at, to] of list) bytes = bytes.with(at, to)
      orDamage(() => parseCommitPayload(bytes, payloadPlace))
      orDamage(() => parseCommitRecord(bytes.subarray(0, 616), place))
      orDamage(() => parseCommitPayload(bytes.subarray(0, cut), payloadPlace))
      orDamage(() => parseCommitPayload(random, payloadPlace))
      orDamage(() => parseExtras(random))
    }),
    { numRuns: 500 },
  )
})
