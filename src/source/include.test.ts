import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { IncludeMatcher } from './include.ts'

function check(patterns: readonly string[], wanted: readonly string[], unwanted: readonly string[]): void {
  const include = new IncludeMatcher(patterns)
  for (const path of wanted) assert.ok(include.includes(utf8(path)), `${path} is wanted`)
  for (const path of unwanted) assert.ok(!include.includes(utf8(path)), `${path} is not wanted`)
}

test('without patterns everything is wanted', () => check([], ['a', 'a/b.c'], []))

test('a file is wanted when one of the patterns matches its name or its path', () => {
  check(['*.conf', '/top/only'], ['a.conf', 'deep/er/b.conf', 'top/only'], ['a.txt', 'x/top/only', 'top/other'])
})

test('a pattern that names a directory stands for all files beneath it', () => {
  check(['ssh/', 'a/**'], ['ssh/config', 'x/ssh/keys/id', 'a/b/c'], ['ssh', 'sshd/config', 'b/a'])
})

test('a pattern that cannot mean anything is refused by the name of its option', () => {
  assert.throws(() => new IncludeMatcher(['../x']), { code: 'USAGE', message: /^--include \.\.\/x: / })
})
