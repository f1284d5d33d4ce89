import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { ExcludeMatcher, type PathKind } from './exclude.ts'

/** `yes` and `no`: paths that the pattern excludes and does not; a last slash says directory. */
function check(pattern: string, expected: { yes?: readonly string[]; no?: readonly string[] }): void {
  const matcher = new ExcludeMatcher({ patterns: [pattern] })
  const verdict = (path: string): boolean => {
    const kind: PathKind = path.endsWith('/') ? 'dir' : 'other'
    return matcher.excludes(utf8(path.replace(/\/$/, '')), kind)
  }
  for (const path of expected.yes ?? []) assert.equal(verdict(path), true, `${pattern} has to exclude ${path}`)
  for (const path of expected.no ?? []) assert.equal(verdict(path), false, `${pattern} must not exclude ${path}`)
}

test('a pattern without a slash matches the name at any level', () => {
  check('*.o', { yes: ['a.o', 'x/y/.o', 'd.o/'], no: ['a.oo', 'o', 'a.o/x', ''] })
  check('core', { yes: ['core', 'a/core'], no: ['score', 'core/a'] })
})

test('a last slash matches directories only', () => {
  check('cache/', { yes: ['cache/', 'a/b/cache/'], no: ['cache', 'a/cache'] })
  check('/var/cache/', { yes: ['var/cache/'], no: ['var/cache', 'x/var/cache/'] })
})

test('a pattern with a slash matches the whole path from the root', () => {
  check('/top/only', { yes: ['top/only', 'top/only/'], no: ['a/top/only', 'top/only/x', 'top'] })
  check('/top', { yes: ['top'], no: ['a/top'] })
  check('a/b', { yes: ['a/b'], no: ['x/a/b', 'a/b/c'] })
  check('a/*/c', { yes: ['a/b/c'], no: ['a/c', 'a/b/b/c'] })
})

test('** stands for any number of parts', () => {
  check('a/**/b', { yes: ['a/b', 'a/x/b', 'a/x/y/b'], no: ['ab', 'a/bb', 'x/a/b'] })
  check('**/node_modules', { yes: ['node_modules', 'a/b/node_modules'], no: ['node_modules/a'] })
  check('a/**', { yes: ['a/b', 'a/b/c'], no: ['a', 'b/a'] })
  check('**/a/**/b/**', { yes: ['a/b/c', 'x/a/y/b/z'], no: ['a/b', 'b/a/c'] })
})

test('classes, question marks and escapes work on single bytes', () => {
  check('[a-c]?', { yes: ['a1', 'c/x/b2'], no: ['d1', 'a', 'abc'] })
  check('[!a-c]', { yes: ['d'], no: ['a', 'dd'] })
  check('[]x]', { yes: [']', 'x'], no: ['y'] })
  check('[ab', { yes: ['[ab'], no: ['a'] })
  check('\\*', { yes: ['*'], no: ['a'] })
  check('\\!a', { yes: ['!a'], no: ['a'] })
  const invalid = new ExcludeMatcher({ patterns: [new Uint8Array([0xff, 0x2a])] })
  assert.equal(invalid.excludes(new Uint8Array([0xff, 0xfe]), 'other'), true)
  assert.equal(invalid.excludes(new Uint8Array([0xfe, 0xff]), 'other'), false)
})

test('covers also finds an excluded directory above', () => {
  const matcher = new ExcludeMatcher({ patterns: ['cache/', '/a/b'] })
  assert.equal(matcher.covers(utf8('x/cache/y/z'), 'other'), true)
  assert.equal(matcher.covers(utf8('x/cache'), 'other'), false)
  assert.equal(matcher.covers(utf8('a/b/c'), 'other'), true)
  assert.equal(matcher.covers(utf8('a/c'), 'other'), false)
  assert.equal(matcher.covers(new Uint8Array(0), 'dir'), false)
})

test('single inodes are excluded by device and number', () => {
  const matcher = new ExcludeMatcher({
    inodes: [
      { dev: 1n, ino: 7n },
      { dev: 2n, ino: 7n },
    ],
  })
  const verdicts = [
    [1n, 7n],
    [2n, 7n],
    [3n, 7n],
    [1n, 8n],
  ].map(([dev, ino]) => matcher.excludesInode({ dev: dev as bigint, ino: ino as bigint }))
  assert.deepEqual(verdicts, [true, true, false, false])
})

test('patterns that can mean nothing are refused with words', () => {
  for (const pattern of ['', '/', '//', 'a//b', './a', '../a', 'a/..', '!a']) {
    assert.throws(
      () => new ExcludeMatcher({ patterns: [pattern] }),
      (thrown) => thrown instanceof FoundryError && thrown.code === 'USAGE' && thrown.message.includes('--exclude'),
      pattern,
    )
  }
})

test('a name always matches its own escaped form, and stars around it', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '[', ']', '\\', '!', '-', '.'), minLength: 1 })
  const names = part.filter((name) => name !== '.' && name !== '..')
  fc.assert(
    fc.property(names, (name) => {
      const escaped = name.replace(/[^a-z.]/g, '\\$&')
      check(escaped, { yes: [name, `x/${name}`], no: [`${name}c`] })
      check(`*${escaped}*`, { yes: [name, `q${name}q`] })
    }),
  )
})

test('a pattern full of stars is quick on a name that almost matches', () => {
  check(`${'*a'.repeat(60)}*b`, { no: ['a'.repeat(255)] })
  check(`${'**/a/'.repeat(40)}b`, { no: [`${'a/'.repeat(1000)}c`] })
})
