/** Matching in bytes at hand: against plain references, and independent of how the bytes are cut into pieces. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMatcher, type Found, matchBytesMax, type Sight } from './search-engine.ts'
import { requiredText } from './search-literal.ts'
import { parsePattern, type SearchPattern } from './search-pattern.ts'

const runs = process.env['SFD_TEST_LONG'] === '1' ? 20_000 : 400

/** A clock that goes on by `stepMs` whenever it is looked at; slices last 50 ms of it. */
function matches(pattern: SearchPattern, bytes: Uint8Array, cuts: readonly number[] = [], stepMs = 0): Found[] {
  const matcher = createMatcher(pattern)
  const buffer = Buffer.from(bytes)
  const sight: Sight = { bytes: buffer, start: 0, end: buffer.length, offset: 0 }
  const found: Found[] = []
  let nowMs = 0
  let at = 0
  for (const until of [...cuts, buffer.length]) {
    while (at < until) {
      const clock = { beat: () => undefined, nowMs: () => (nowMs += stepMs), untilMs: nowMs + 50 }
      const work = matcher.matches(sight, { from: at, until }, clock)
      let step = work.next()
      for (; step.done !== true; step = work.next()) {
        found.push(step.value)
        at = step.value.at + step.value.length
      }
      assert.ok(step.value > at || found.length > 0, 'it goes on')
      at = Math.max(at, step.value)
    }
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

test('a regular expression finds what the same expression finds in the whole text, however the bytes and the time are cut', () => {
  const expressions = ['a+', 'ab?c', '(?<=a)b', 'a(?=b)', '^b', 'c$', '[^a]{2,3}', 'a|ab', '\\bb', '(a)\\1', '(?<!a)c+']
  fc.assert(
    fc.property(
      fc.constantFrom(...expressions),
      fc.array(fc.constantFrom('a', 'b', 'c', '\n', '\0'), { maxLength: 60 }),
      fc.uniqueArray(fc.nat(60)),
      fc.constantFrom(0, 1, 7, 60),
      (source, letters, cutsWanted, stepMs) => {
        const text = letters.join('')
        const cuts = cutsWanted.filter((cut) => cut < text.length).sort((a, b) => a - b)
        const found = matches(pattern('regex', source), Buffer.from(text), cuts, stepMs)
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

/** Pieces of expressions of every kind; groups are numbered and named by the order in which they come. */
const piece = fc.letrec<{ piece: string; alternatives: string }>((tie) => ({
  piece: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'ab', 'abc', 'c', '"', '-', '{', '}', ']', 'a{x', '\n') },
    {
      weight: 4,
      arbitrary: fc.constantFrom('.', '\\d', '\\w', '\\s', '\\S', '\\b', '\\B', '\\n', '\\t', '\\.', '\\"', '^', '$'),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom('\\x61', '\\u0062', '\\x22', '\\141', '\\1411', '\\0', '\\60', '\\8', '\\x6', '\\u61'),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom('\\1', '\\2', '\\12', '\\k<q>', '\\k', '\\cJ', '\\c', '\\q', '\\e', '\\/'),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        '[ab]',
        '[^a]',
        '[a-c"]',
        '[]a]',
        '[^\\]b]',
        '[\\x61-\\x63]',
        '[\\b\\n]',
        '[\\141]',
        '[[]',
        '[]',
        '[(|]',
      ),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('(', '(?:', '(?<q>', '(?=', '(?!', '(?<=', '(?<!', '(?i:'), tie('alternatives'))
        .map(([open, inside]) => `${open}${inside})`),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(tie('piece'), fc.constantFrom('+', '*', '?', '{0,2}', '{2}', '{1,}', '{0}', '+?', '*?', '??', '{0,1}?'))
        .map(([one, times]) => one + times),
    },
  ),
  alternatives: fc
    .array(fc.array(tie('piece'), { maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((all) => all.map((one) => one.join('')).join('|')),
}))

test('the text that every match must hold hides no match, whatever the expression is made of', () => {
  const text = fc.array(
    fc.constantFrom('a', 'b', 'ab', 'abc', '"', '"ab"', '\n', 'A', '1', 'k<q>', 'a{x', '\0', '-', 'q', '01'),
    { minLength: 5, maxLength: 60 },
  )
  const expression = fc.oneof(
    { weight: 9, arbitrary: fc.array(piece.piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: piece.alternatives },
  )
  let count = 0
  fc.assert(
    fc.property(
      expression,
      text,
      fc.constantFrom('exact', 'any'),
      fc.constantFrom(0, 3),
      (source, letters, letterCase, stepMs) => {
        let found: ReturnType<typeof parsePattern>
        try {
          found = pattern('regex', source, letterCase)
        } catch {
          return
        }
        if (found.kind !== 'regex') return
        const bytes = Buffer.from(letters.join(''))
        const plain = [...bytes.toString('latin1').matchAll(new RegExp(source, letterCase === 'any' ? 'gim' : 'gm'))]
        const expected = plain.flatMap(({ index, 0: match }) => (match.length > 0 ? [[index, match.length]] : []))
        const told = (one: SearchPattern) =>
          matches(one, bytes, bytes.length > 1 ? [1] : [], stepMs).map(({ at, length }) => [at, length])
        assert.deepEqual(told(found), told({ ...found, required: undefined }), `${source} requires ${found.required}`)
        assert.deepEqual(told(found), expected, source)
        if (found.required !== undefined) count += expected.length
      },
    ),
    { numRuns: 10 * runs },
  )
  assert.ok(count > 5, `${count} matches were seen`)
})

test('what looks like text and is none makes nothing required', () => {
  const finds = (source: string, text: string) =>
    matches(pattern('regex', source), Buffer.from(text)).map(({ at, length }) => [at, length])
  assert.deepEqual(finds('(?<q>[\'"])[a-z]+\\k<q>', 'x = "abc"'), [[4, 5]])
  assert.deepEqual(finds('\\101KIA', 'an AKIA'), [[3, 4]])
  assert.deepEqual(finds('(ab)\\1', 'abab'), [[0, 4]])
  assert.deepEqual(finds('(a)\\10', 'aa0 a\b'), [[4, 2]])
  assert.deepEqual(finds('.*?hello', 'say hello hello'), [
    [0, 9],
    [9, 6],
  ])
  assert.deepEqual(finds('.*$', 'one\ntwo'), [
    [0, 3],
    [4, 3],
  ])
  const required = (source: string) => requiredText(source)
  assert.equal(required('user.*password\\s*='), 'password')
  assert.equal(required('AKIA[0-9A-Z]{16}'), 'AKIA')
  assert.equal(required('\\x41\\u004bI?A'), 'AK')
})

test('with letters in both cases a byte beyond ASCII still is but itself, in classes, too', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const bytes = (source: string, letterCase: 'exact' | 'any' = 'any') =>
    matches(pattern('regex', source, letterCase), all).flatMap(({ at, length }) =>
      Array.from({ length }, (_, i) => at + i),
    )
  assert.deepEqual(bytes('[\\xe9]'), [0xe9])
  assert.deepEqual(bytes('[\\351]'), [0xe9])
  assert.deepEqual(bytes('\\351'), [0xe9])
  assert.deepEqual(bytes('(?i:[\\xe9])', 'exact'), [0xe9])
  assert.deepEqual(bytes('[a\\xe0-\\xe2]'), [0x41, 0x61, 0xe0, 0xe1, 0xe2])
  assert.deepEqual(
    bytes('[^a\\xe9]'),
    [...all].filter((byte) => byte !== 0x41 && byte !== 0x61 && byte !== 0xe9),
  )
  assert.deepEqual(bytes('[\\W\\d]').includes(0xc9), true)
  assert.deepEqual(
    bytes('[^\\x00-\\x7f\\xe9]'),
    [...all].filter((byte) => byte > 0x7f && byte !== 0xe9),
  )
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
  assert.equal(zeros('regex', '\\x00{5}'), true)
  assert.equal(zeros('regex', '\\x00\\x00\\x00'), true)
})
