import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import { jsonDepthMax, parseJson } from './json.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const limits = { rule: 'meta', sizeMax: 65_536 } as const

function parse(text: string): unknown {
  return parseJson(utf8(text), limits)
}

test('whatever JSON can say is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small', maxDepth: 10 }), fc.constantFrom(0, 1, 4), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      fc.pre(!text.includes('__proto__'))
      assert.deepEqual(parse(text), JSON.parse(text))
    }),
  )
  assert.deepEqual(parse(' {"a" : [ ] , "b":{ },"c":[1 ,-0.5e+2,"\\u00e9\\ud83d\\ude00\\n/"]}\n'), {
    a: [],
    b: {},
    c: [1, -50, 'é😀\n/'],
  })
  assert.equal(parse(`"${'a'.repeat(65_000)}"`), 'a'.repeat(65_000))
})

test('text that JSON.parse refuses is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123e+-.tfn \\u'), maxLength: 12 }), (text) => {
      let expected: unknown
      try {
        expected = JSON.parse(text)
      } catch {
        assert.equal(
          orDamage(() => parse(text)),
          undefined,
        )
        return
      }
      const found = orDamage(() => parse(text))
      if (found !== undefined) assert.deepEqual(found, expected)
    }),
    { numRuns: 2_000 },
  )
})

test('what a brick forbids is damage', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  assert.notEqual(
    orDamage(() => parse(nested(jsonDepthMax))),
    undefined,
  )
  const forbidden = [
    nested(jsonDepthMax + 1),
    '['.repeat(60_000),
    '{"a":'.repeat(10_000),
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":1}',
    '{"x":{"__proto__":1}}',
    '{"\\u005f_proto__":1}',
    '\ufeff{}',
    '1e999',
    '{} {}',
    '{"a":1,}',
    '[1,]',
    "{'a':1}",
    '"\u0001"',
    '"open',
    `"${'\\'.repeat(64_001)}`,
    '',
    ' ',
  ]
  for (const text of forbidden)
    assert.equal(
      ruleOf(() => parse(text)),
      'meta',
      text.slice(0, 40),
    )
  assert.equal(
    ruleOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), limits)),
    'meta',
  )
  assert.equal(
    ruleOf(() => parseJson(utf8('"12345"'), { rule: 'extras', sizeMax: 6 })),
    'extras',
  )
})

test('keys that mean something to JavaScript are plain data', () => {
  const value = parse('{"constructor":1,"toString":2,"hasOwnProperty":3}') as Record<string, unknown>
  assert.deepEqual(Object.keys(value), ['constructor', 'toString', 'hasOwnProperty'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})
