/** Previews: one line, nothing that a terminal would act upon, whatever the bytes are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { previewOf } from './search-preview.ts'

function preview(bytes: Buffer, at: number, length: number, encoding: 'bytes' | 'utf-16le' | 'utf-16be' = 'bytes') {
  return previewOf({ bytes, start: 0, end: bytes.length, at, length, encoding })
}

test('what cannot be printed is a point, white space a space', () => {
  const bytes = Buffer.from('a\x1b[31m\tb\r\nKEY\u202e\x07\xff', 'latin1')
  const text = Buffer.concat([bytes.subarray(0, 10), Buffer.from('KEY\u202e\u00e9\x9b', 'utf8')])
  assert.deepEqual(preview(text, 10, 3), { before: 'a.[31m b  '.slice(0, 10), match: 'KEY', after: '.\u00e9.' })
})

test('texts of 16 bits are shown as such, and long ones are cut', () => {
  const little = Buffer.from('xyHELLOz', 'utf16le')
  assert.deepEqual(preview(little, 4, 10, 'utf-16le'), { before: 'xy', match: 'HELLO', after: 'z' })
  assert.deepEqual(preview(Buffer.from(little).swap16(), 4, 10, 'utf-16be'), {
    before: 'xy',
    match: 'HELLO',
    after: 'z',
  })
  const long = preview(Buffer.alloc(1_000, 'a'), 500, 400)
  assert.deepEqual([long.before.length, long.match.length, long.after.length], [40, 120, 40])
})
