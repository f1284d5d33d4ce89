/** The words of a field while its object is still written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partialField } from './partial-field.ts'

test('a field is there as far as it was written, and never less than before', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (title, summary) => {
      const json = JSON.stringify({ title, summary })
      let before = ''
      for (let end = 0; end <= json.length; end++) {
        const text = partialField(json.slice(0, end), 'summary') ?? ''
        assert.ok(text.startsWith(before), JSON.stringify([before, text]))
        assert.ok(summary.startsWith(text) || title.includes('summary'), JSON.stringify([summary, text]))
        before = text
      }
      assert.ok(before === summary || title.includes('summary'))
    }),
  )
})

test('whatever a server writes, there is a text or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      assert.notEqual(typeof partialField(`{"summary":"${text}`, 'summary'), 'object')
    }),
  )
})
