/** Patterns out of what a person writes: what they match, and what is refused with which words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FoundryError } from '../base/errors.ts'
import { parsePattern, type SearchQuery } from './search-pattern.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

function parse(form: SearchQuery['form'], query: string | Uint8Array, letterCase: SearchQuery['letterCase'] = 'exact') {
  return parsePattern({ form, query: typeof query === 'string' ? bytesOf(query) : query, letterCase })
}

function needles(form: 'text' | 'hex', query: string | Uint8Array, letterCase?: SearchQuery['letterCase']) {
  const pattern = parse(form, query, letterCase)
  assert.equal(pattern.kind, 'needles')
  if (pattern.kind !== 'needles') return []
  return pattern.needles.map(({ encoding, bytes, mask }) => [
    encoding,
    Buffer.from(bytes).toString('hex'),
    Buffer.from(mask).toString('hex'),
  ])
}

function source(query: string, letterCase?: SearchQuery['letterCase']): string {
  const pattern = parse('regex', query, letterCase)
  return pattern.kind === 'regex' ? pattern.source : ''
}

function refused(
  form: SearchQuery['form'],
  query: string,
  words: RegExp,
  letterCase?: SearchQuery['letterCase'],
): void {
  assert.throws(
    () => parse(form, query, letterCase),
    (error) => error instanceof FoundryError && error.code === 'USAGE' && words.test(error.message),
    query,
  )
}

test('a text is looked for in UTF-8 and both orders of UTF-16', () => {
  assert.deepEqual(needles('text', 'aé'), [
    ['utf-8', '61c3a9', 'ffffff'],
    ['utf-16le', '6100e900', 'ffffffff'],
    ['utf-16be', '006100e9', 'ffffffff'],
  ])
})

test('one character, and what is no text, is looked for as its bytes only', () => {
  assert.deepEqual(needles('text', 'a'), [['utf-8', '61', 'ff']])
  assert.deepEqual(needles('text', Uint8Array.of(0xff, 0x41)), [['utf-8', 'ff41', 'ffff']])
})

test('letters in both cases are those of ASCII, also beside the zeros of UTF-16', () => {
  assert.deepEqual(needles('text', 'a1É', 'any'), [
    ['utf-8', '4131c389', 'dfffffff'],
    ['utf-16le', '41003100c900', 'dfffffffffff'],
    ['utf-16be', '0041003100c9', 'ffdfffffffff'],
  ])
  // U+4161 has the bytes 41 61, and no case.
  assert.deepEqual(needles('text', '䅡䅡', 'any')[2], ['utf-16be', '41614161', 'ffffffff'])
})

test('hex digits have wildcards for whole and half bytes', () => {
  assert.deepEqual(needles('hex', '7f 45??4? ?6'), [['bytes', '7f45004006', 'ffff00f00f']])
  refused('hex', '7f 4', /pairs of digits; these are 3/)
  refused('hex', '7f zz', /'z' is no hex digit/)
  refused('hex', '?? ??', /Every byte matches/)
  refused('hex', '  ', /nothing to look for/)
})

test('in an expression a character beyond ASCII is the group of its bytes, whatever the case', () => {
  assert.equal(source('é+x'), '(?-i:\\xc3\\xa9)+x')
  assert.equal(source('\\u20ac|\\xE9', 'any'), '(?-i:\\xe2\\x82\\xac)|(?-i:\\xE9)')
  assert.equal(source('[a\\]é-]'.replace('é', '')), '[a\\]-]')
  assert.equal(source('\\[é'), '\\[(?-i:\\xc3\\xa9)')
})

test('what cannot mean anything over bytes is refused', () => {
  refused('regex', '[é]', /several/)
  refused('regex', '[\\u20ac]', /several/)
  refused('regex', '\\u{20ac}', /\\xHH/)
  refused('regex', '\\p{L}', /kinds of characters/)
  refused('regex', '(', /Unterminated group/)
  refused('text', '', /empty/)
  refused('text', 'x'.repeat(1_025), /1025 bytes/)
})
