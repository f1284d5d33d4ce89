import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modeText, pathText, timeText } from './entry-text.ts'

test('modes read as ls shows them', () => {
  assert.equal(modeText({ kind: 'file', mode: 0o755 }), '-rwxr-xr-x')
  assert.equal(modeText({ kind: 'dir', mode: 0o1777 }), 'drwxrwxrwt')
  assert.equal(modeText({ kind: 'file', mode: 0o4755 }), '-rwsr-xr-x')
  assert.equal(modeText({ kind: 'file', mode: 0o6644 }), '-rwSr-Sr--')
  assert.equal(modeText({ kind: 'block', mode: 0 }), 'b---------')
})

test('times are RFC 3339 with nanoseconds, also before 1970; a year that has no four digits stays a number', () => {
  assert.equal(timeText({ seconds: 0, nanoseconds: 1 }), '1970-01-01T00:00:00.000000001Z')
  assert.equal(timeText({ seconds: -1, nanoseconds: 999_999_999 }), '1969-12-31T23:59:59.999999999Z')
  assert.equal(timeText({ seconds: 253_402_300_799, nanoseconds: 0 }), '9999-12-31T23:59:59.000000000Z')
  assert.equal(timeText({ seconds: 253_402_300_800, nanoseconds: 5 }), '@253402300800.000000005')
  assert.equal(timeText({ seconds: -(2 ** 52), nanoseconds: 0 }), '@-4503599627370496.000000000')
})

test('a path is text where its bytes are UTF-8, else hex', () => {
  assert.deepEqual(pathText(Buffer.from('a/\u00fc\n')), { path: 'a/\u00fc\n' })
  assert.deepEqual(pathText(Uint8Array.of(0x61, 0xff)), { pathHex: '61ff' })
  assert.deepEqual(pathText(Uint8Array.of(0xef, 0xbb, 0xbf)), { path: '\ufeff' })
})
