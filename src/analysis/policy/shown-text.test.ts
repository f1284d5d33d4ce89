import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownBytes, shownText } from './shown-text.ts'

test('what is shown is one line without control and direction marks', () => {
  assert.equal(shownText('a\u001b[31mb\nc\u202ed\u2028e'), 'a?[31mb?c?d?e')
  assert.equal(shownText('naïve ☃'), 'naïve ☃')
  assert.equal(shownText('abcdef', 4), 'abc…')
})

test('bytes are shown as the text that they are, where they are one', () => {
  assert.equal(shownBytes(Buffer.from('naïve ☃').toString('latin1')), 'naïve ☃')
  assert.equal(shownBytes('\xff\xfeok'), '?ok')
})
