import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { openSource, sourceName } from './open.ts'
import { storedSource } from './stored-source.ts'

test('the source that a brick says it is of is the one that was opened', () => {
  for (const given of [
    '/etc',
    '/etc/passwd',
    '/proc/self/status',
    'proc:self',
    'journal:',
    'journal:ssh.service',
    'devices:',
    '/',
  ]) {
    const source = openSource(utf8(given))
    assert.deepEqual(storedSource({ kind: source.kind, source: sourceName(source) }), source, given)
  }
})

test('a process that is gone is still the source of its brick, and other names are refused', () => {
  const name = utf8('proc:4194303@12345@00112233')
  assert.deepEqual(storedSource({ kind: 'process', source: name }), {
    kind: 'process',
    root: utf8('/proc/4194303'),
    path: new Uint8Array(0),
    name,
  })
  for (const wrong of ['proc:self', 'proc:1', 'proc:1@2@xyz']) {
    assert.throws(() => storedSource({ kind: 'process', source: utf8(wrong) }), { code: 'SOURCE_KIND' }, wrong)
  }
  assert.throws(() => storedSource({ kind: 'tree', source: utf8('etc') }), { code: 'SOURCE_KIND' })
})
