import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../base/bytes.ts'
import { KeywordScan } from './keyword-scan.ts'

const letter = fc.constantFrom('a', 'B', 'k', 'K', '_', '`', '@', '[', '{', ':', '\0', '.')
const word = fc.string({ unit: letter, minLength: 3, maxLength: 6 })

test('the scan finds what a search for each word finds, at every place', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { minLength: 1, maxLength: 8 }),
      fc.string({ unit: letter, maxLength: 300 }),
      (words, text) => {
        const found: string[] = []
        new KeywordScan(words).scan(utf8(text), ({ at, keyword }) => {
          found.push(`${at} ${words[keyword]}`)
          return undefined
        })
        assert.deepEqual(found.sort(), naive(words, text).sort())
      },
    ),
  )
})

test('the scan ends where it is told to', () => {
  let calls = 0
  new KeywordScan(['key']).scan(utf8('key key key'), () => {
    calls++
    return 'stop'
  })
  assert.equal(calls, 1)
})

function naive(words: readonly string[], text: string): string[] {
  const low = asciiLower(text)
  return words.flatMap((one) => {
    const places: string[] = []
    for (let at = low.indexOf(asciiLower(one)); at >= 0; at = low.indexOf(asciiLower(one), at + 1))
      places.push(`${at} ${one}`)
    return places
  })
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
