import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, utf8 } from '../base/bytes.ts'
import { checkPath, keyOfPath, parentPath, pathOfKey, pathProblem } from './entry-path.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const hostile = [
  '.',
  '..',
  'a/..',
  '../a',
  'a/./b',
  '/a',
  'a/',
  'a//b',
  '/',
  'a\0',
  'x'.repeat(256),
  `${'abc/'.repeat(1_024)}d`,
]
const strange = [
  '...',
  '.a',
  '..a',
  'a..',
  ' ',
  '\n',
  '\\',
  '-rf',
  'a\u202eb',
  'C:',
  'x'.repeat(255),
  `${'abc/'.repeat(1_023)}abcd`,
]

test('paths that could lead elsewhere are refused, strange names are not', () => {
  for (const path of hostile) {
    assert.notEqual(pathProblem(utf8(path)), undefined, path)
    assert.equal(
      ruleOf(() => checkPath(utf8(path))),
      'path',
      path,
    )
  }
  for (const path of strange) {
    assert.equal(pathProblem(utf8(path)), undefined, path)
    assert.deepEqual(pathOfKey(keyOfPath(utf8(path))), utf8(path))
  }
  assert.equal(pathProblem(Uint8Array.of(0xff, 0xfe, 0x2f, 0x80)), undefined)
})

test('the key is dirname 00 basename, the root directory has the empty key', () => {
  assert.deepEqual(keyOfPath(utf8('etc/ssh/sshd_config')), utf8('etc/ssh\0sshd_config'))
  assert.deepEqual(keyOfPath(utf8('etc')), utf8('\0etc'))
  assert.deepEqual(keyOfPath(utf8('')), utf8(''))
  assert.deepEqual(pathOfKey(utf8('')), utf8(''))
})

test('the children of a directory stand next to one another', () => {
  const paths = ['', 'a', 'a-b', 'a/b', 'a/c', 'a-b/x', 'a/b/y', 'b'].map(utf8)
  const sorted = paths
    .map(keyOfPath)
    .sort(compareBytes)
    .map((key) => pathOfKey(key))
  assert.deepEqual(sorted, ['', 'a', 'a-b', 'b', 'a/b', 'a/c', 'a-b/x', 'a/b/y'].map(utf8))
})

test('keys that no path has are refused', () => {
  for (const key of ['a', 'a\0b\0c', '\0', 'a\0', 'a/\0b', '/a\0b', '\0a/b', '..\0a', 'a\0..', 'a//b\0c', '\0.']) {
    assert.equal(
      ruleOf(() => pathOfKey(utf8(key))),
      'path',
      JSON.stringify(key),
    )
  }
})

test('any key is a path without a problem or is refused, and the path has that key', () => {
  const anyKey = fc
    .uint8Array({ maxLength: 12 })
    .map((bytes) => bytes.map((byte) => [0, 0x2f, 0x2e, 0x61][byte & 3] as number))
  fc.assert(
    fc.property(anyKey, (key) => {
      const path = orDamage(() => pathOfKey(key))
      if (path === undefined) return
      assert.equal(pathProblem(path), undefined)
      assert.deepEqual(keyOfPath(path), new Uint8Array(key))
    }),
    { numRuns: 2_000 },
  )
})

test('the parent of a path is its dirname', () => {
  assert.deepEqual(parentPath(utf8('a/b/c')), utf8('a/b'))
  assert.deepEqual(parentPath(utf8('a')), utf8(''))
  assert.throws(() => parentPath(utf8('')), { name: 'AssertionError' })
})
