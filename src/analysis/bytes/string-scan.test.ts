import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey } from '../../base/bytes.ts'
import { type StringEncoding, stringEncodings } from './string-scan.ts'
import { stringsOf, walkStrings } from './strings-of.ts'
import { contentOfBytes, latin1, lentContent, madeContent } from './testing/contents.ts'

const runs = process.env['SFD_TEST_LONG'] === undefined ? 300 : 20_000

/** The definition: the longest runs of printable characters, each begun one byte after what did not belong to the last. */
function reference(bytes: Uint8Array, encoding: StringEncoding, charactersMin: number): string[] {
  const found: string[] = []
  const characterAt = (at: number): number => {
    const text = bytesKey(bytes.subarray(at, at + 4))
    if (encoding === 'ascii') return /^[\t -~]/.test(text) ? 1 : 0
    if (encoding === 'utf-16le') return /^[\t -~]\0/.test(text) ? 2 : 0
    if (encoding === 'utf-16be') return /^\0[\t -~]/.test(text) ? 2 : 0
    const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, at + 4))
    const first = decoded.codePointAt(0) ?? 0
    const isReplaced = first === 0xfffd && !text.startsWith('\xef\xbf\xbd')
    if (isReplaced || !(first === 9 || (first >= 0x20 && first < 0x7f) || first >= 0xa0)) return 0
    return new TextEncoder().encode(String.fromCodePoint(first)).length
  }
  for (let at = 0; at < bytes.length; ) {
    let end = at
    let count = 0
    for (let length = characterAt(end); length > 0 && end + length <= bytes.length; length = characterAt(end)) {
      end += length
      count++
    }
    if (count >= charactersMin) found.push(`${at}+${end - at}`)
    at = end + 1
  }
  return found
}

const mixed = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'abc',
        '0123456789',
        '\t',
        '/usr/bin',
        '\0',
        '\x01',
        '\x7f',
        '\x80',
        'é',
        '€',
        '𝄞',
        'a\0b\0c\0d\0e\0f\0',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    ),
    { maxLength: 40 },
  )
  .chain((parts) =>
    fc
      .constantFrom('latin1' as const, 'utf8' as const)
      .map((encoding) => new Uint8Array(Buffer.from(parts.join(''), encoding))),
  )

test('strings are the runs of printable characters that the definition gives, in every encoding', () => {
  fc.assert(
    fc.property(
      mixed,
      fc.constantFrom(...stringEncodings),
      fc.integer({ min: 1, max: 8 }),
      (bytes, encoding, charactersMin) => {
        const { strings, next } = stringsOf(contentOfBytes(bytes), { encoding, charactersMin, limit: 10_000 })
        assert.deepEqual(
          strings.map(({ offset, length }) => `${offset}+${length}`),
          reference(bytes, encoding, charactersMin),
        )
        assert.equal(next, undefined)
      },
    ),
    { numRuns: runs },
  )
})

test('pages together are the whole, whatever their size', () => {
  fc.assert(
    fc.property(
      mixed,
      fc.constantFrom(...stringEncodings),
      fc.integer({ min: 1, max: 5 }),
      (bytes, encoding, limit) => {
        const all = stringsOf(contentOfBytes(bytes), { encoding, charactersMin: 2, limit: 10_000 }).strings
        const pages: (typeof all)[number][] = []
        for (let from: number | undefined = 0; from !== undefined; ) {
          const page = stringsOf(lentContent(bytes), { encoding, charactersMin: 2, limit, from })
          pages.push(...page.strings)
          from = page.next
        }
        assert.deepEqual(pages, all)
      },
    ),
    { numRuns: runs },
  )
})

test('a string over the border of windows is one, and one that is longer than several of them is never held whole', () => {
  const window = 4 * 2 ** 20
  const size = 4 * window
  for (const encoding of stringEncodings) {
    const isWide = encoding.startsWith('utf-16')
    const place = (at: number) => at >= window - 6 && at < 3 * window + 5
    const content = madeContent(size, (target, offset) => {
      for (let index = 0; index < target.length; index++) {
        const at = offset + index
        const letter = isWide && (at & 1) === (encoding === 'utf-16le' ? 1 : 0) ? 0 : 0x61
        target[index] = place(at) ? letter : 1
      }
    })
    const { strings } = stringsOf(content, { encoding, limit: 10 })
    assert.equal(strings.length, 1, encoding)
    const [found] = strings
    assert.ok(found !== undefined && Math.abs(found.offset - (window - 6)) <= 1, `${encoding}: ${found?.offset}`)
    assert.ok(found.offset + found.length >= 3 * window + 3 && found.offset + found.length <= 3 * window + 5, encoding)
    assert.ok(found.text.length <= 4_096)
  }
})

test('ten million strings are walked without keeping one', () => {
  const count = process.env['SFD_TEST_LONG'] === undefined ? 500_000 : 10_000_000
  const unit = latin1('string\0')
  const content = madeContent(unit.length * count, (target, offset) => {
    for (let index = 0; index < target.length; index++) target[index] = unit[(offset + index) % unit.length] as number
  })
  let seen = 0
  walkStrings(content, { encoding: 'ascii' }, ({ length, offset }) => {
    assert.ok(length === 6 && offset % unit.length === 0)
    seen++
    return true
  })
  assert.equal(seen, count)
  const last = stringsOf(content, { encoding: 'ascii', limit: 3, from: unit.length * (count - 2) })
  assert.deepEqual(last, {
    strings: [count - 2, count - 1].map((index) => ({ offset: index * unit.length, length: 6, text: 'string' })),
    next: undefined,
  })
})
