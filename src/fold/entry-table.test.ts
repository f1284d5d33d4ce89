import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey } from '../base/bytes.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { EntryTable } from './entry-table.ts'

const u32 = fc.nat({ max: 2 ** 32 - 1 })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const plain = { noNullPrototype: true }
const time = fc.record(
  { seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), nanoseconds: fc.nat(999_999_999) },
  plain,
)
const run = fc.record({ start: fc.nat({ max: 2 ** 46 }), length: fc.nat({ max: 2 ** 46 }) }, plain)
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Any record of the format, also those whose numbers no kernel gives. */
const records: fc.Arbitrary<EntryRecord> = fc.record(
  {
    path: fc.uint8Array({ maxLength: 90 }),
    kind: fc.constantFrom('file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block'),
    mode: fc.nat({ max: 0o7777 }),
    uid: fc.oneof(u32, fc.constant(2 ** 40)),
    gid: u32,
    userName: fc.constantFrom('', 'root', 'constructor', '__proto__'),
    groupName: fc.constantFrom('', 'root', 'staff'),
    size: fc.nat({ max: 2 ** 46 }),
    mtime: time,
    ctime: time,
    ino: u64,
    dev: u64,
    rdev: fc.oneof(fc.constant(0n), u64),
    nlink: u32,
    xattrs: fc.array(
      fc.record({ name: fc.uint8Array({ maxLength: 5 }), value: fc.uint8Array({ maxLength: 5 }) }, plain),
      {
        maxLength: 2,
      },
    ),
    flags: fc.record({ torn: fc.boolean(), racy: fc.boolean(), special: fc.boolean() }, plain),
    grown: fc.nat({ max: 2 }),
    unknown: fc.array(fc.record({ tag: fc.nat(), bytes: fc.uint8Array({ maxLength: 5 }) }, plain), { maxLength: 1 }),
    target: fc.uint8Array({ maxLength: 20 }),
    xattrsTruncated: fc.constant(true as const),
    extents: fc.array(run, { maxLength: 3 }),
    unreadable: fc.constantFrom('EACCES', 'EIO'),
    contentId: hash,
    sha256: hash,
    linkTo: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    slot: run,
    unreadableRanges: fc.array(run, { maxLength: 2 }),
    unknownFlags: fc.nat(),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      ...(['path', 'kind', 'mode', 'uid', 'gid', 'userName', 'groupName', 'size', 'mtime', 'ctime'] as const),
      ...(['ino', 'dev', 'rdev', 'nlink', 'xattrs', 'flags', 'grown', 'unknown'] as const),
    ],
  },
)

test('a table holds what a Map of the same records holds, after any changes', () => {
  const steps = fc.array(fc.record({ record: records, what: fc.constantFrom('set', 'set', 'replace', 'delete') }), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(steps, (list) => {
      const table = new EntryTable()
      const expected = new Map<string, EntryRecord>()
      for (const { record, what } of list) {
        const [first] = expected.keys()
        if (what === 'delete' && first !== undefined) {
          table.delete(first)
          expected.delete(first)
          continue
        }
        const old = what === 'replace' && first !== undefined ? expected.get(first) : undefined
        const entry = old === undefined ? record : { ...record, path: old.path }
        table.set(bytesKey(entry.path), entry)
        expected.set(bytesKey(entry.path), entry)
      }
      assert.deepEqual([...table], [...expected])
      assert.deepEqual([...table.keys()], [...expected.keys()])
      assert.equal(table.size, expected.size)
      for (const [key, entry] of expected) assert.deepEqual(table.get(key), entry)
    }),
  )
})

test('a row that is used again has nothing of the entry before', () => {
  const full = fc.sample(records, { numRuns: 50, seed: 3 })
  const [last] = full
  const bare = { ...(last as EntryRecord), path: Uint8Array.of(0x61), xattrs: [], grown: 0, unknown: [], rdev: 0n }
  for (const field of ['target', 'contentId', 'slot', 'sha256', 'linkTo', 'extents', 'unreadable'] as const) {
    delete (bare as { -readonly [K in keyof EntryRecord]?: EntryRecord[K] })[field]
  }
  const table = new EntryTable()
  for (const entry of full) {
    table.set('a', { ...entry, path: Uint8Array.of(0x61) })
    table.delete('a')
    table.set('a', bare)
    assert.deepEqual(table.get('a'), bare)
  }
})

test('more entries than a chunk of rows are held, and what is handed out is not the memory of the table', () => {
  const table = new EntryTable()
  const record = { ...(fc.sample(records, { numRuns: 1, seed: 5 })[0] as EntryRecord), contentId: new Uint8Array(32) }
  for (let i = 0; i < 9_000; i++) table.set(`${i}`, { ...record, ino: BigInt(i), path: Buffer.from(`${i}`) })
  assert.equal(table.get('8999')?.ino, 8_999n)
  table.get('4096')?.contentId?.fill(1)
  assert.deepEqual(table.get('4096')?.contentId, new Uint8Array(32))
  assert.equal(table.get('9000'), undefined)
})
