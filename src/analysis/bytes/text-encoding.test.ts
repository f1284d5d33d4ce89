import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../base/bytes.ts'
import { latin1 } from './testing/contents.ts'
import { lookAtText } from './text-encoding.ts'

function check(bytes: Uint8Array, expected: string | undefined, part: 'whole' | 'beginning' = 'whole'): void {
  assert.equal(lookAtText(bytes, part)?.encoding, expected)
}

test('text is told by its bytes: ASCII, UTF-8, UTF-16 with its mark, Latin-1', () => {
  check(utf8('plain\ttext\r\n\x1b[1m\f'), 'ascii')
  check(utf8('grün €'), 'utf-8')
  check(latin1('gr\xfcn und sch\xf6n'), 'latin-1')
  check(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0xac, 0x20), 'utf-16le')
  check(Uint8Array.of(0xfe, 0xff, 0, 0x61, 0x20, 0xac), 'utf-16be')
})

test('what has a control character of no text, or hardly any letters, is no text', () => {
  check(latin1('text\0'), undefined)
  check(latin1('text\x7f'), undefined)
  check(latin1('\xff\xe0\xfc\xe1'), undefined)
  check(latin1(`words and words\x9d${'\xe9'.repeat(20)}`), undefined)
  check(Uint8Array.of(0xff, 0xfe, 0, 0), undefined)
  check(new Uint8Array(0), undefined)
})

test('bytes 0x80 to 0x9f in otherwise plain text are said to be of no ISO text', () => {
  const look = lookAtText(latin1(`It${'\x92'}s a text of Windows, as many are.`), 'whole')
  assert.deepEqual(look, { encoding: 'latin-1', markBytes: 0, isExtended: true })
})

test('a character that the end of the head cuts does not make UTF-8 anything else, but in a whole content it does', () => {
  const characters = fc.array(fc.constantFrom('a', 'ß', '€', '𝄞', '\n'), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(characters, fc.nat(3), (list, back) => {
      const bytes = utf8(`€${list.join('')}`)
      const cut = bytes.subarray(0, bytes.length - back)
      const look = lookAtText(cut, 'beginning')
      if (cut.length < 4) return
      assert.equal(look?.encoding, 'utf-8')
    }),
  )
  assert.notEqual(lookAtText(utf8('ab€').subarray(0, 4), 'whole')?.encoding, 'utf-8')
})

test('a byte-order mark in UTF-8 counts three bytes', () => {
  assert.equal(lookAtText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), 'whole')?.markBytes, 3)
})
