import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import type { JsonValue } from '../base/region.ts'
import { canonicalJson } from './canonical-json.ts'
import { jsonDepthMax, parseJson } from './json.ts'

test('keys are sorted and nothing stands between', () => {
  const value = { b: [1, 2.5, -0, 1e21, null, true], a: { 'z\n': '"', '€': {}, é: [] } }
  assert.equal(canonicalJson(value), '{"a":{"z\\n":"\\"","é":[],"€":{}},"b":[1,2.5,0,1e+21,null,true]}')
})

test('equal values are one text, which says the value', () => {
  const shuffled = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(shuffled)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value as { readonly [key: string]: JsonValue })
        .toReversed()
        .map(([key, item]) => [key, shuffled(item)]),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (any) => {
      const value = JSON.parse(JSON.stringify(any)) as JsonValue
      const text = canonicalJson(value)
      if (text === undefined) return assert.ok(JSON.stringify(value).includes('__proto__'))
      assert.equal(canonicalJson(shuffled(value)), text)
      assert.deepEqual(parseJson(utf8(text), { rule: 'regions', sizeMax: 1e6 }), value)
    }),
  )
})

test('what a brick does not hold is not written', () => {
  const nested = (depth: number): JsonValue => (depth === 0 ? 1 : [nested(depth - 1)])
  assert.equal(canonicalJson(nested(jsonDepthMax)), `${'['.repeat(16)}1${']'.repeat(16)}`)
  assert.equal(canonicalJson(nested(jsonDepthMax + 1)), undefined)
  assert.equal(canonicalJson(JSON.parse('{"a":{"__proto__":1}}')), undefined)
  assert.equal(canonicalJson({ '\ud800': 1, '\ud801': 2 }), undefined)
  assert.equal(canonicalJson(['\ud800']), '["\ufffd"]')
})
