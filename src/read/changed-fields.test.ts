import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { Mapping } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { changedFields } from './changed-fields.ts'

const heap: Mapping = {
  address: 0x1000n,
  lead: 0,
  permissions: 'rw-p',
  fileOffset: 0n,
  dev: 0n,
  ino: 0n,
  name: utf8('[heap]'),
}
const entry: EntryRecord = {
  ...{ path: utf8('a'), kind: 'file', mode: 0o600, uid: 0, gid: 0, userName: '', groupName: '', size: 4_096 },
  ...{ mtime: { seconds: 0, nanoseconds: 0 }, ctime: { seconds: 0, nanoseconds: 0 }, ino: 1n, dev: 0n, rdev: 0n },
  ...{ nlink: 1, xattrs: [], flags: { torn: false, racy: false, special: false }, grown: 0, unknown: [] },
  mapping: heap,
}

test('a mapping that is protected, moved or given another name is a change that is told', () => {
  const changes: readonly Partial<Mapping>[] = [
    { permissions: 'r--p' },
    { address: 0x2000n },
    { lead: 4_096 },
    { name: utf8('[stack]') },
    { fileOffset: 1n },
  ]
  for (const change of changes) {
    const after = { ...entry, mapping: { ...heap, ...change } }
    assert.deepEqual(changedFields(entry, after), ['mapping'], Object.keys(change).join())
  }
  const { mapping: _mapping, ...file } = entry
  assert.deepEqual(changedFields(entry, file), ['mapping'])
  assert.deepEqual(changedFields(entry, { ...entry, mapping: { ...heap, name: utf8('[heap]') } }), [])
})
