import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutMiddle, grouped, iec, linesIn, modeText, pathFields, rfc3339, shownRows } from './text.ts'

test('sizes are shown in three digits or so, with binary units', () => {
  const sizes = [0, 812, 999, 1000, 1024, 10_240, 102_400, 1_048_576, 2 ** 40, 2 ** 46]
  assert.deepEqual(sizes.map(iec), [
    '0 B',
    '812 B',
    '999 B',
    '1.0 KiB',
    '1.0 KiB',
    '10.0 KiB',
    '100 KiB',
    '1.0 MiB',
    '1.0 TiB',
    '64.0 TiB',
  ])
})

test('counts are grouped in threes', () => {
  assert.deepEqual([0, 999, 1000, 1_234_567].map(grouped), ['0', '999', '1,000', '1,234,567'])
})

test('times are RFC 3339 with nanoseconds, before 1970 too, and null outside its years', () => {
  assert.equal(rfc3339({ seconds: 0, nanoseconds: 5 }), '1970-01-01T00:00:00.000000005Z')
  assert.equal(rfc3339({ seconds: -1, nanoseconds: 999_999_999 }), '1969-12-31T23:59:59.999999999Z')
  assert.equal(rfc3339({ seconds: 253_402_300_799, nanoseconds: 0 }), '9999-12-31T23:59:59.000000000Z')
  assert.equal(rfc3339({ seconds: 253_402_300_800, nanoseconds: 0 }), null)
  assert.equal(rfc3339({ seconds: Number.MIN_SAFE_INTEGER, nanoseconds: 0 }), null)
})

test('a path that is no text is given in hex, with null for its text', () => {
  assert.deepEqual(pathFields(Uint8Array.of(0x61)), { path: 'a' })
  assert.deepEqual(pathFields(Uint8Array.of(0x61, 0xff)), { path: null, pathHex: '61ff' })
})

test('modes are shown as ls shows them', () => {
  assert.equal(modeText({ kind: 'file', mode: 0o4755 }), '-rwsr-xr-x')
  assert.equal(modeText({ kind: 'dir', mode: 0o1777 }), 'drwxrwxrwt')
  assert.equal(modeText({ kind: 'file', mode: 0o6600 }), '-rwS--S---')
  assert.equal(modeText({ kind: 'symlink', mode: 0o777 }), 'lrwxrwxrwx')
})

test('of lines as many are shown as have room on the terminal, colours and long lines counted', () => {
  const long = `${'x'.repeat(81)}\n`
  const short = '\u001b[31mhigh\u001b[39m\n'
  assert.equal(shownRows(long, 80), 2)
  assert.equal(shownRows(short, 4), 1)
  assert.equal(shownRows('\u6f22'.repeat(41), 80), 2)
  assert.equal(linesIn([long, long, short, short], { rows: 5, columns: 80 }), 3)
  assert.equal(linesIn([short + long, short], { rows: 3, columns: 80 }), 1)
  assert.equal(linesIn([long.repeat(9)], { rows: 5, columns: 80 }), 1)
  assert.equal(linesIn([], { rows: 5, columns: 80 }), 0)
})

test('of a long path both ends are shown', () => {
  const cut = cutMiddle(`/begin/${'x'.repeat(16_000)}/end`, 20)
  assert.equal(cut.length, 20)
  assert.match(cut, /^\/begin.*\u2026.*\/end$/)
  assert.equal(cutMiddle('/short', 20), '/short')
})
