import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonFault } from './json-fault.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('a fault is found exactly where the engine finds one, and the text before it could have gone on', () => {
  const edits = fc.array(
    fc.record({ at: fc.nat(200), cut: fc.nat(2), put: fc.constantFrom(...',:[]{}"\\ \n0-.eE1a', '') }),
  )
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), edits, (json, cuts) => {
      let text = json
      for (const { at, cut, put } of cuts) text = text.slice(0, at) + put + text.slice(at + cut)
      const fault = jsonFault(text)
      assert.equal(fault === undefined, isJson(text), text)
      if (fault !== undefined) assert.ok(fault.offset >= 0 && fault.offset <= text.length, text)
    }),
    { numRuns: process.env['SFD_TEST_LONG'] === undefined ? 3_000 : 300_000 },
  )
})

test('the place and the words of common faults', () => {
  const cases: [text: string, offset: number, message: string][] = [
    ['{"a":1,}', 7, '"}" stands where a field in double quotes should'],
    ['[1,]', 3, '"]" stands where a value should'],
    ['{"a" 1}', 5, '"1" stands where a colon should'],
    ['{a:1}', 1, '"a" stands where a field in double quotes or } should'],
    ['[1 2]', 3, '"2" stands where a comma or ] should'],
    ['{} x', 3, '"x" stands where nothing more should'],
    ['{"a":', 5, 'the text ends where a value should follow'],
    ['"ab', 3, 'the text ends inside a string'],
    ['"a\\x"', 2, 'an unknown escape in a string'],
    ['"a\nb"', 2, 'a control character in a string'],
    ['01', 0, '"0" stands where a value should'],
    ['NaN', 0, '"N" stands where a value should'],
  ]
  for (const [text, offset, message] of cases) assert.deepEqual(jsonFault(text), { offset, message }, text)
})

test('a megabyte of string is read in one go', () => {
  for (const piece of ['x', '\\n', '\\z', 'é']) {
    const fault = jsonFault(`"${piece.repeat(2 ** 19)}`)
    assert.equal(fault?.offset, piece === '\\z' ? 1 : 1 + piece.length * 2 ** 19)
  }
})

test('a hundred thousand open brackets need no stack', () => {
  assert.equal(jsonFault('['.repeat(100_000))?.offset, 100_000)
})
