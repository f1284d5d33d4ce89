/** The record of an entry. Long because one table names everything that a record may get wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import type { EntryKind, Mapping, Run } from '../base/entry.ts'
import { ByteWriter } from './byte-io.ts'
import { decodeEntry, type EntryRecord, encodeEntry, metaFields, treeFields } from './entry-record.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const plain: EntryRecord = {
  path: utf8('etc/hosts'),
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 1000,
  userName: 'root',
  groupName: '',
  size: 300,
  mtime: { seconds: 1_700_000_000, nanoseconds: 5 },
  ctime: { seconds: -1, nanoseconds: 999_999_999 },
  ino: 2n ** 64n - 1n,
  dev: 64_513n,
  rdev: 0n,
  nlink: 1,
  xattrs: [],
  contentId: new Uint8Array(32).fill(0xab),
  slot: { start: 64, length: 512 },
  flags: { torn: false, racy: true, special: false },
  grown: 0,
  unknown: [],
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex.replaceAll(' ', '')) as Uint8Array
}

/** What the table of the specification makes of `plain`, by hand. */
const treePart = `01 01 01  02 02 ac02  03 20 ${'ab'.repeat(32)}`
const metaPart = '07 02 a403  08 01 00  09 02 e807  0a 04 726f6f74  0c 06 80c49fd50c 05'
const restPart =
  '10 06 01 ff93ebdc03  11 08 ffffffffffffffff  12 08 01fc000000000000  13 01 01  14 03 40 8004  15 01 02'

test('a record is the fields of the table, byte for byte', () => {
  const encoded = encodeEntry(plain)
  assert.equal(toHex(encoded), (treePart + metaPart + restPart).replaceAll(' ', ''))
  assert.equal(toHex(treeFields(encoded)), treePart.replaceAll(' ', ''))
  assert.equal(toHex(metaFields(encoded)), (treePart + metaPart).replaceAll(' ', ''))
  assert.deepEqual(decodeEntry(plain.path, encoded), plain)
})

const anyBytes = (constraints: fc.IntArrayConstraints) =>
  fc.uint8Array(constraints).map((array) => new Uint8Array(array))
const anyHash = anyBytes({ minLength: 32, maxLength: 32 })
const anyTime = fc
  .tuple(fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }), fc.nat({ max: 999_999_999 }))
  .map(([seconds, nanoseconds]) => ({ seconds, nanoseconds }))
const anyWide = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const anyName = fc.string({ unit: 'binary', maxLength: 40 })
const anyUnknown = fc
  .uniqueArray(fc.integer({ min: 27, max: 2 ** 40 }), { maxLength: 4 })
  .chain((tags) => fc.tuple(...tags.sort((a, b) => a - b).map((tag) => anyBytes({}).map((bytes) => ({ tag, bytes })))))

/** Ascending runs inside [0, size). */
function anyRuns(size: number): fc.Arbitrary<Run[]> {
  return fc.uniqueArray(fc.nat({ max: size }), { maxLength: 12, size: 'max' }).map((edges) => {
    const sorted = edges.sort((a, b) => a - b)
    const pairs = sorted.flatMap((start, i) =>
      i % 2 === 0 && i + 1 < sorted.length ? [[start, sorted[i + 1] as number]] : [],
    )
    return pairs.map(([start, end]) => ({ start: start as number, length: (end as number) - (start as number) }))
  })
}

const anyMeta = fc.record({
  mode: fc.nat({ max: 0o7777 }),
  uid: fc.maxSafeNat(),
  gid: fc.maxSafeNat(),
  userName: anyName,
  groupName: anyName,
  mtime: anyTime,
  ctime: anyTime,
  ino: anyWide,
  dev: anyWide,
  nlink: fc.maxSafeNat(),
  xattrs: fc
    .uniqueArray(anyBytes({ minLength: 0, maxLength: 6 }), { maxLength: 4, selector: toHex })
    .chain((names) => fc.tuple(...names.map((name) => anyBytes({ maxLength: 200 }).map((value) => ({ name, value }))))),
  flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()).map(([torn, racy, special]) => ({ torn, racy, special })),
  unknown: anyUnknown,
})
const heap: Mapping = {
  address: 0x55d0_c0df_0000n,
  lead: 0,
  permissions: 'rw-p',
  fileOffset: 0n,
  dev: 0n,
  ino: 0n,
  name: utf8('[heap]'),
}
const anyMapping = (size: number): fc.Arbitrary<Mapping> =>
  fc.record(
    {
      address: fc.bigInt({ min: 0n, max: 2n ** 64n - BigInt(size) - 2n ** 41n }),
      lead: fc.nat({ max: size }),
      ...(size === 0 && { unread: fc.nat({ max: 2 ** 40 }).map((unread) => unread + 1) }),
      permissions: fc.stringMatching(/^[r-][w-][x-][sp]$/),
      fileOffset: anyWide,
      dev: anyWide,
      ino: anyWide,
      name: anyBytes({ maxLength: 60 }),
    },
    { noNullPrototype: true },
  )
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const anyFile = fc.maxSafeNat().chain((size) =>
  fc.record({
    size: fc.constant(size),
    contentId: optional(anyHash),
    sha256: optional(anyHash),
    extents: optional(anyRuns(size)),
    unreadableRanges: optional(anyRuns(size)),
    unreadable: optional(fc.constantFrom('EACCES', 'EIO')),
    xattrsTruncated: optional(fc.constant(true as const)),
    unknownFlags: optional(fc.nat({ max: 1_000 }).map((n) => 32 * (n + 1))),
    grown: fc.nat(),
    linkTo: optional(fc.constant(utf8('some/other'))),
    mapping: optional(anyMapping(size)),
  }),
)

function withoutMissing<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T
}

test('every file comes back with all its fields, unknown ones included', () => {
  fc.assert(
    fc.property(anyMeta, anyFile, (meta, file) => {
      const entry = withoutMissing({ path: utf8('a/b'), kind: 'file', rdev: 0n, ...meta, ...file }) as EntryRecord
      const byName = entry.xattrs.toSorted((a, b) => Buffer.compare(a.name, b.name))
      assert.deepEqual(decodeEntry(entry.path, encodeEntry(entry)), { ...entry, xattrs: byName })
    }),
    { numRuns: 300 },
  )
})

test('every other kind comes back', () => {
  const kinds: EntryKind[] = ['dir', 'symlink', 'fifo', 'socket', 'char', 'block']
  fc.assert(
    fc.property(anyMeta, fc.constantFrom(...kinds), anyBytes({}), anyWide, (meta, kind, target, device) => {
      const isDevice = kind === 'char' || kind === 'block'
      const entry: EntryRecord = {
        path: utf8('a'),
        kind,
        size: 0,
        grown: 0,
        rdev: isDevice ? device : 0n,
        ...meta,
        xattrs: [],
        ...(kind === 'symlink' && { target }),
      }
      assert.deepEqual(decodeEntry(entry.path, encodeEntry(entry)), entry)
    }),
  )
})

test('a sparse file of nothing but holes has an empty list of extents', () => {
  const entry: EntryRecord = { ...plain, size: 2 ** 46, slot: { start: 0, length: 2 ** 46 }, extents: [] }
  assert.deepEqual(decodeEntry(entry.path, encodeEntry(entry)), entry)
})

test('a record beyond 1 MiB is refused with the name of the entry', () => {
  const extents = Array.from({ length: 300_000 }, (_, i) => ({ start: 4_096 * 200 * i, length: 4_096 }))
  const entry: EntryRecord = { ...plain, size: 2 ** 46, slot: { start: 0, length: 2 ** 46 }, extents }
  assert.throws(() => encodeEntry(entry), { code: 'BRICK_LIMIT', message: /etc\/hosts/ })
  const fewer: EntryRecord = { ...entry, extents: extents.slice(0, 150_000) }
  assert.deepEqual(decodeEntry(fewer.path, encodeEntry(fewer)), fewer)
})

test('an entry that cannot be is the mistake of the writer', () => {
  const wrong: Partial<EntryRecord>[] = [
    { kind: 'dir' },
    { kind: 'symlink', size: 0 },
    { target: utf8('x') },
    { mode: 0o10000 },
    { contentId: new Uint8Array(31) },
    { slot: { start: 0, length: 256 } },
    { extents: [{ start: 10, length: 0 }] },
    { extents: [{ start: 299, length: 2 }] },
    {
      extents: [
        { start: 10, length: 5 },
        { start: 14, length: 1 },
      ],
    },
    {
      extents: [
        { start: 10, length: 5 },
        { start: 15, length: 1 },
      ],
    },
    { unreadable: '' },
    {
      xattrs: [
        { name: utf8('n'), value: utf8('1') },
        { name: utf8('n'), value: utf8('2') },
      ],
    },
    { unknown: [{ tag: 26, bytes: utf8('') }] },
    { mapping: { ...heap, permissions: 'rwx' } },
    { mapping: { ...heap, lead: 2 ** 47 } },
    { mapping: { ...heap, address: 2n ** 64n } },
    { kind: 'dir', size: 0, mapping: heap },
    { mtime: { seconds: 0, nanoseconds: 1_000_000_000 } },
    { mtime: { seconds: 2 ** 52, nanoseconds: 0 } },
    { rdev: 1n },
  ]
  for (const change of wrong) {
    assert.throws(() => encodeEntry({ ...plain, ...change }), { name: 'AssertionError' }, Object.keys(change).join())
  }
})

test('a record that breaks the table is damage', () => {
  const file = '01 01 01  02 01 00'
  const meta = '07 01 00  08 01 00  09 01 00  0c 02 00 00'
  const rest = `10 02 00 00  11 08 ${'00'.repeat(8)}  12 08 ${'00'.repeat(8)}  13 01 01`
  const whole =
    (...parts: string[]) =>
    () =>
      decodeEntry(utf8('a'), bytes(parts.join('')))
  const mapping = (lead: string, letters: string) => `1a 26 ${'00'.repeat(8)} ${lead} 00 ${letters} ${'00'.repeat(24)}`
  whole(file, meta, rest)()
  whole(file, meta, rest, mapping('00', '722d2d70'))()
  const broken: Record<string, () => unknown> = {
    nothing: whole(''),
    'kind 0': whole('01 01 00', meta, rest),
    'kind 8': whole('01 01 08', meta, rest),
    'no kind': whole('02 01 00', meta, rest),
    'no size': whole('01 01 01', meta, rest),
    'size of a directory': whole('01 01 02  02 01 00', meta, rest),
    'no target': whole('01 01 03', meta, rest),
    'no device': whole('01 01 06', meta, rest),
    'device of four bytes': whole('01 01 06  05 04 00000000', meta, rest),
    'no mode': whole(file, '08 01 00  09 01 00  0c 02 00 00', rest),
    'no link count': whole(file, meta, rest.slice(0, -9)),
    'mode of a type': whole(file, '07 03 a48302  08 01 00  09 01 00  0c 02 00 00', rest),
    'tag 0': whole('00 00', file, meta, rest),
    'tag twice': whole(file, '02 01 00', meta, rest),
    'number that does not fill its field': whole('01 01 01  02 02 00 00', meta, rest),
    'number that is cut off': whole('01 01 01  02 01 80', meta, rest),
    'field beyond the record': whole(file, meta, rest, '1a 02 00'),
    'hash of 31 bytes': whole(file, `03 1f ${'00'.repeat(31)}`, meta, rest),
    'empty name': whole(file, '07 01 00  08 01 00  09 01 00  0a 00  0c 02 00 00', rest),
    'name that is not UTF-8': whole(file, '07 01 00  08 01 00  09 01 00  0a 01 ff  0c 02 00 00', rest),
    'a billion nanoseconds': whole(file, '07 01 00  08 01 00  09 01 00  0c 06 00 8094ebdc03', rest),
    'extent beyond the size': whole(file, meta, '0d 03 01 00 01', rest),
    'empty extent': whole('01 01 01  02 01 05', meta, '0d 03 01 00 00', rest),
    'extents that touch': whole('01 01 01  02 01 05', meta, '0d 05 02 00 01 00 01', rest, '15 01 10'),
    'more extents than bytes': whole(file, meta, '0d 04 ffffff7f', rest),
    'xattrs that do not ascend': whole(file, meta, '0e 07 02 01 62 00 01 61 00', rest),
    'no xattrs at all': whole(file, meta, '0e 01 00', rest),
    'truncation with a value': whole(file, meta, '0f 01 00', rest),
    'slot of an empty file': whole(file, meta, rest, '14 02 00 40'),
    'slot shorter than its content': whole('01 01 01  02 01 41', meta, rest, '14 02 00 40'),
    'slot beyond 2^47': whole('01 01 01  02 01 01', meta, rest, '14 08 40 80808080808020'),
    'slot of a hard link': whole('01 01 01  02 01 01  06 01 62', meta, rest, '14 02 00 40'),
    'link to the root': whole('01 01 01  02 01 01  06 00', meta, rest),
    'flags 0': whole(file, meta, rest, '15 01 00'),
    'grown 0': whole(file, meta, rest, '19 01 00'),
    'mapping of a directory': whole('01 01 02', meta, rest, `1a 25 ${'00'.repeat(9)} 722d2d70 ${'00'.repeat(24)}`),
    'mapping with more before it than content': whole(file, meta, rest, mapping('01', '722d2d70')),
    'mapping without letters': whole(file, meta, rest, mapping('00', '00000000')),
    'mapping cut off': whole(file, meta, rest, `1a 24 ${'00'.repeat(9)} 722d2d70 ${'00'.repeat(23)}`),
  }
  for (const [name, decode] of Object.entries(broken)) {
    assert.ok(['entry', 'varint'].includes(ruleOf(decode)), name)
  }
  assert.equal(ruleOf(whole('01 01 01  02 01 01  06 04 2e2e2f61', meta, rest)), 'path')
  assert.equal(
    ruleOf(() => decodeEntry(utf8('a'), new Uint8Array(1_048_577))),
    'entry',
  )
})

test('any bytes decode or are damage, and what decodes is encoded to what decodes to the same', () => {
  const valid = encodeEntry({
    ...plain,
    extents: [{ start: 3, length: 4 }],
    xattrs: [{ name: utf8('user.a'), value: utf8('b') }],
  })
  const edits = fc.array(fc.tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 })), { maxLength: 3 })
  fc.assert(
    fc.property(edits, fc.nat({ max: valid.length }), anyBytes({ maxLength: 8 }), (changes, cut, tail) => {
      const mutated = concatBytes([valid.subarray(0, cut), tail, valid.subarray(cut)])
      for (const [at, value] of changes) mutated[at] = value
      const entry = orDamage(() => decodeEntry(plain.path, mutated))
      if (entry !== undefined) assert.deepEqual(decodeEntry(entry.path, encodeEntry(entry)), entry)
      orDamage(() => treeFields(mutated))
      orDamage(() => metaFields(mutated))
    }),
    { numRuns: 3_000 },
  )
})

test('a record of nothing but unknown fields costs no more than its length', () => {
  const writer = new ByteWriter(1_100_000)
  writer.bytes(encodeEntry(plain))
  for (let tag = 27; writer.length < 1_040_000; tag++) {
    writer.varint(tag)
    writer.varint(0)
  }
  const entry = decodeEntry(plain.path, writer.take())
  assert.ok(entry.unknown.length > 200_000)
})
