/** Matching in bytes at hand: against plain references, and independent of how the bytes are cut into pieces. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMatcher, type Found, matchBytesMax, type Sight } from './search-engine.ts'
import { parsePattern, type SearchPattern } from './search-pattern.ts'

const runs = process.env['SFD_TEST_LONG'] === '1' ? 20_000 : 400

function matches(pattern: SearchPattern, bytes: Uint8Array, cuts: readonly number[] = []): Found[] {
  const matcher = createMatcher(pattern)
  const buffer = Buffer.from(bytes)
  const sight: Sight = { bytes: buffer, start: 0, end: buffer.length, offset: 0 }
  const found: Found[] = []
  let from = 0
  let next = 0
  for (const until of [...cuts, buffer.length]) {
    for (const one of matcher.matches(sight, { from: Math.max(from, next), until }, () => undefined)) {
      found.push(one)
      next = one.at + one.length
    }
    from = until
  }
  return found
}

const pattern = (form: 'text' | 'hex' | 'regex', query: string, letterCase: 'exact' | 'any' = 'exact') =>
  parsePattern({ form, query: Buffer.from(query), letterCase })

const places = (found: readonly Found[]) => found.map(({ at, encoding }) => [at, encoding])

test('needles with any mask are found as a plain loop finds them, however the bytes are cut', () => {
  const needle = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0xff, 0, 0xfe, 0x01)), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(
      fc.uint8Array({ min: 0, max: 3, maxLength: 80 }),
      needle,
      fc.uniqueArray(fc.nat(80)),
      (bytes, parts, cutsWanted) => {
        const mask = Uint8Array.from(parts, ([, bits]) => bits)
        const value = Uint8Array.from(parts, ([byte, bits]) => byte & bits)
        const expected: number[] = []
        for (let at = 0; at + value.length <= bytes.length; ) {
          const isHere = value.every((byte, i) => ((bytes[at + i] as number) & (mask[i] as number)) === byte)
          if (isHere) expected.push(at)
          at += isHere ? value.length : 1
        }
        const cuts = cutsWanted.filter((cut) => cut < bytes.length).sort((a, b) => a - b)
        const needles = [{ encoding: 'bytes' as const, bytes: value, mask }]
        const found = matches({ kind: 'needles', needles }, bytes, cuts)
        assert.deepEqual(
          found.map(({ at }) => at),
          expected,
        )
      },
    ),
    { numRuns: runs },
  )
})

test('a regular expression finds what the same expression finds in the whole text, however the bytes are cut', () => {
  const expressions = ['a+', 'ab?c', '(?<=a)b', 'a(?=b)', '^b', 'c$', '[^a]{2,3}', 'a|ab', '\\bb', '(a)\\1', '(?<!a)c+']
  fc.assert(
    fc.property(
      fc.constantFrom(...expressions),
      fc.array(fc.constantFrom('a', 'b', 'c', '\n', '\0'), { maxLength: 60 }),
      fc.uniqueArray(fc.nat(60)),
      (source, letters, cutsWanted) => {
        const text = letters.join('')
        const cuts = cutsWanted.filter((cut) => cut < text.length).sort((a, b) => a - b)
        const found = matches(pattern('regex', source), Buffer.from(text), cuts)
        const expected = [...text.matchAll(new RegExp(source, 'gm'))].filter(([match]) => match.length > 0)
        assert.deepEqual(
          found.map(({ at, length }) => [at, length]),
          expected.map(({ index, 0: match }) => [index, match.length]),
        )
      },
    ),
    { numRuns: runs },
  )
})

test('the text that every match must hold is in every match', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    'ab',
    '.',
    '[ab]',
    '(a|b)',
    '(?=a)',
    '(?<!b)',
    '\\x61',
    '\\.',
    '\\n',
    '{',
    'a{x',
  )
  const part = fc.tuple(atom, fc.constantFrom('', '', '', '+', '*', '?', '{0,2}', '{2}', '+?', '*?'))
  let count = 0
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 6 }),
      fc.array(fc.constantFrom('a', 'b', 'ab', 'aab', '.a', 'a{x', '\n'), { minLength: 10, maxLength: 60 }),
      (parts, letters) => {
        const source = parts.map(([one, quantifier]) => (/^\(\?/.test(one) ? one : one + quantifier)).join('')
        let found: ReturnType<typeof parsePattern>
        try {
          found = pattern('regex', source)
        } catch {
          return
        }
        if (found.kind !== 'regex' || found.required === undefined) return
        for (const [match] of letters.join('').matchAll(new RegExp(found.source, 'gm'))) {
          count++
          assert.ok(match.includes(found.required), `${source} requires ${found.required}, matches ${match}`)
        }
      },
    ),
    { numRuns: 4 * runs },
  )
  assert.ok(count > 20, `${count} matches were seen`)
})

test('of two readings of UTF-16 the one at even places is told, once', () => {
  const find = (text: string, encoding: 'utf16le' | 'be') => {
    const little = Buffer.from(text, 'utf16le')
    return places(matches(pattern('text', 'ab'), encoding === 'be' ? little.swap16() : little))
  }
  assert.deepEqual(find('xabc', 'utf16le'), [[2, 'utf-16le']])
  assert.deepEqual(find('xabc', 'be'), [[2, 'utf-16be']])
  assert.deepEqual(find('ab', 'be'), [[0, 'utf-16be']])
  assert.deepEqual(places(matches(pattern('text', 'ab'), Buffer.from('ab-ab'))), [
    [0, 'utf-8'],
    [3, 'utf-8'],
  ])
  // Cut right between the two.
  assert.deepEqual(places(matches(pattern('text', 'ab'), Buffer.from('xabc', 'utf16le'), [2])), [[2, 'utf-16le']])
})

test('letters match in both cases where that was asked for, and nothing else does', () => {
  const bytes = Buffer.from('PassWord p\u00e4ssword @assword pASSWORD')
  assert.deepEqual(
    matches(pattern('text', 'password', 'any'), bytes).map(({ at }) => at),
    [0, 28],
  )
  assert.deepEqual(
    matches(pattern('regex', 'pass[a-z]+', 'any'), bytes).map(({ at }) => at),
    [0, 28],
  )
  // C3 and E3 differ in the bit that tells the case of letters.
  const accented = Buffer.from([0xe3, 0xa9, 0xc3, 0xa9])
  assert.deepEqual(places(matches(pattern('regex', '\u00e9', 'any'), accented)), [[2, 'bytes']])
})

test('a longer match is cut, and the search goes on behind', () => {
  const text = `x${'a'.repeat(matchBytesMax + 100)}y`
  const found = matches(pattern('regex', 'a+'), Buffer.from(text))
  assert.deepEqual(
    found.map(({ at, length, isCut }) => [at, length, isCut]),
    [
      [1, matchBytesMax, true],
      [1 + matchBytesMax, 100, false],
    ],
  )
  const greedy = `a${'-'.repeat(10)}b${'-'.repeat(matchBytesMax)}b`
  const [first] = matches(pattern('regex', 'a[^]*b'), Buffer.from(greedy))
  assert.deepEqual([first?.at, first?.length, first?.isCut], [0, 12, false])
})

test('what matches in zeros alone is known', () => {
  const zeros = (form: 'text' | 'hex' | 'regex', query: string) => createMatcher(pattern(form, query)).matchesZeros()
  assert.equal(zeros('hex', '00 ?? 00'), true)
  assert.equal(zeros('hex', '00 01'), false)
  assert.equal(zeros('text', 'ab'), false)
  assert.equal(zeros('regex', '\\0{5}'), true)
  assert.equal(zeros('regex', '\\0*a'), false)
})
