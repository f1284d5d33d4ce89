import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Rule, rules, rulesText } from './embedded-rules.ts'
import { RuleMarks } from './rule-marks.ts'
import { latin1 } from './testing/contents.ts'
import { loadYara } from './yara.ts'

const yara = await loadYara(rulesText())
const marks = new RuleMarks(rules)

/** Bytes that the pattern matches: of choices one, of open digits any. */
function anyMatch(pattern: string, pick: () => number): Uint8Array {
  if (pattern.startsWith('"')) return latin1(pattern.slice(1, -1))
  const flat = pattern.replace(/\(([^)]*)\)/g, (_, choices: string) => {
    const all = choices.split('|')
    return all[pick() % all.length] ?? ''
  })
  const hex = flat.replace(/[{} ]/g, '').replace(/\?/g, () => (pick() % 16).toString(16))
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

test('where YARA finds something, a mark of its rule was there', () => {
  const cases = rules.flatMap((rule) => rule.patterns.map((pattern) => ({ rule, pattern })))
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }),
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
      ({ rule, pattern }, picks, before) => {
        let at = 0
        const match = anyMatch(pattern, () => picks[at++ % picks.length] ?? 0)
        const piece = Buffer.concat([before, match])
        assert.ok(
          (yara.scan(piece) ?? []).some((one) => one.rule === rule.name),
          `${pattern} did not match`,
        )
        assert.ok(marks.mayMatch(piece, 0), `${rule.name}: no mark of ${pattern}`)
      },
    ),
    { numRuns: 300 },
  )
})

test('a file is not looked through because it begins as what it is', () => {
  const elf = Buffer.concat([Buffer.from('7f454c4602010100', 'hex'), Buffer.alloc(100, 1)])
  assert.equal(marks.mayMatch(elf, 0), false)
  assert.equal(marks.mayMatch(elf, 8_192), true)
  assert.equal(marks.mayMatch(Buffer.concat([elf, elf]), 0), true)
  const text = rules.find(({ name }) => name === 'bcrypt_text') as Rule
  assert.equal(marks.mayMatch(latin1(text.patterns[0]?.slice(1, -1) ?? ''), 0), true)
})

test('a rule whose matches have nothing in common is refused', () => {
  const open = { name: 'open', label: 'open', shape: 'constant', patterns: ['{ 01 ?? 02 (03 | 04) }'] }
  assert.throws(() => new RuleMarks([open]), /open: .* no bytes/)
})
