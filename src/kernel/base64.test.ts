import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64 } from './base64.ts'

test('decoding gives back what Node encoded, broken into lines or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 1, max: 80 }), (bytes, lineLength) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.deepEqual(decodeBase64(text), Uint8Array.from(bytes))
      assert.deepEqual(decodeBase64(text.replace(new RegExp(`.{${lineLength}}`, 'g'), '$&\n')), Uint8Array.from(bytes))
    }),
  )
})

test('text that is not base64 is refused', () => {
  for (const text of ['A', 'AAA', 'AA-A', '=AAA', 'AA A']) assert.throws(() => decodeBase64(text))
})
