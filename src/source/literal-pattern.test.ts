import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ExcludeMatcher } from './exclude.ts'
import { literalPattern } from './literal-pattern.ts'

/** Parts of names in which everything that patterns know occurs often. */
const part = fc
  .array(fc.constantFrom(...Buffer.from('ab*?[]!\\-. ^'), 0xff, 0x0a), { minLength: 1, maxLength: 8 })
  .map((bytes) => Uint8Array.from(bytes))
  .filter((bytes) => !['.', '..'].includes(Buffer.from(bytes).toString('latin1')))
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map(joined)

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((each, index) => (index === 0 ? [...each] : [0x2f, ...each])))
}

test('a literal pattern matches its own path and no other', () => {
  fc.assert(
    fc.property(path, path, (own, other) => {
      const matcher = new ExcludeMatcher({ patterns: [literalPattern(own)] })
      assert.ok(matcher.excludes(own, 'other') && matcher.excludes(own, 'dir'))
      const isBeneath = `${Buffer.from(other).toString('latin1')}/`.startsWith(
        `${Buffer.from(own).toString('latin1')}/`,
      )
      assert.equal(matcher.covers(other, 'other'), isBeneath)
    }),
  )
})
