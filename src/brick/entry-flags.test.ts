/** Field 21 of an entry tells of fields 13, 22 and 23, and never something else than they do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { decodeEntry, type EntryRecord, encodeEntry } from './entry-record.ts'
import { ruleOf } from './testing/expect-damage.ts'

/** Without any flag: its record ends with field 20. */
const plain: EntryRecord = {
  path: utf8('a'),
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  userName: '',
  groupName: '',
  size: 300,
  mtime: { seconds: 0, nanoseconds: 0 },
  ctime: { seconds: 0, nanoseconds: 0 },
  ino: 1n,
  dev: 1n,
  rdev: 0n,
  nlink: 1,
  xattrs: [],
  slot: { start: 64, length: 512 },
  flags: { torn: false, racy: false, special: false },
  grown: 0,
  unknown: [],
}
const reason = '160345494f'
const ranges = '1703010005'
const flags = (bits: string) => `1501${bits}`

/** `plain` and these fields behind it. */
function decode(...fields: string[]): EntryRecord {
  return decodeEntry(plain.path, concatBytes([encodeEntry(plain), bytes(fields.join(''))]))
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) as Uint8Array
}

test('the flag for unreadable stands with a reason, with ranges or with both', () => {
  const runs = [{ start: 0, length: 5 }]
  assert.deepEqual(decode(flags('04'), reason), { ...plain, unreadable: 'EIO' })
  assert.deepEqual(decode(flags('04'), ranges), { ...plain, unreadableRanges: runs })
  assert.deepEqual(decode(flags('04'), reason, ranges), { ...plain, unreadable: 'EIO', unreadableRanges: runs })
})

test('a flag for unreadable without reason and ranges is damage, and these without the flag', () => {
  for (const fields of [[flags('04')], [reason], [ranges], [flags('02'), reason], [flags('02'), ranges]]) {
    assert.equal(
      ruleOf(() => decode(...fields)),
      'entry',
      fields.join(' '),
    )
  }
})

test('a flag for sparse without extents is damage, and extents without the flag', () => {
  const sparse = { ...plain, extents: [{ start: 0, length: 5 }] }
  const encoded = toHex(encodeEntry(sparse))
  assert.ok(encoded.endsWith(flags('10')))
  const decodeWith = (end: string) => decodeEntry(plain.path, bytes(encoded.slice(0, -6) + end))
  assert.deepEqual(decodeWith(flags('10')), sparse)
  for (const end of ['', flags('02')]) {
    assert.equal(
      ruleOf(() => decodeWith(end)),
      'entry',
      end,
    )
  }
  assert.equal(
    ruleOf(() => decode(flags('10'))),
    'entry',
  )
})

test('what is written agrees with itself', () => {
  const entry: EntryRecord = { ...plain, extents: [], unreadable: 'EIO', unreadableRanges: [{ start: 9, length: 1 }] }
  assert.deepEqual(decodeEntry(entry.path, encodeEntry(entry)), entry)
  assert.throws(() => encodeEntry({ ...plain, unreadable: '' }), { name: 'AssertionError' })
})
