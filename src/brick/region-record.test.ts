import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex, utf8 } from '../base/bytes.ts'
import { type Finding, type JsonValue, severities } from '../base/region.ts'
import {
  cutText,
  decodeRegion,
  detectorOf,
  encodeRegion,
  hasDetector,
  isFinding,
  kindToCount,
  type RegionFields,
  regionLength,
} from './region-record.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const finding: Finding = {
  severity: 'high',
  rule: 'weak-rng',
  evidence: ['0x40', 'é'],
  origin: 'model',
  confidence: 0.75,
  check: 'nm FILE',
  weakness: 'CWE-338',
}
const whole: RegionFields = {
  ...{ length: 300, class: 'symbol', name: 'main', attributes: { b: 1, a: [] } },
  finding,
  detector: 'elf/1',
}
const wholeHex = [
  '01 02 ac02',
  `02 06 ${toHex(utf8('symbol'))}`,
  `04 04 ${toHex(utf8('main'))}`,
  `05 0e ${toHex(utf8('{"a":[],"b":1}'))}`,
  '06 01 04',
  `07 08 ${toHex(utf8('weak-rng'))}`,
  '08 09 02 04 30783430 02 c3a9',
  '09 01 03',
  '0a 02 ee05',
  `0b 05 ${toHex(utf8('elf/1'))}`,
  `0c 07 ${toHex(utf8('nm FILE'))}`,
  `0d 07 ${toHex(utf8('CWE-338'))}`,
]

const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.toWellFormed())
const anyRegion: fc.Arbitrary<RegionFields> = fc
  .record({
    length: fc.nat({ max: 2 ** 47 }),
    class: fc.constantFrom('line', 'symbol', 'überschrift'),
    name: fc.oneof(fc.constant(''), anyText),
    attributes: fc.option(fc.dictionary(anyText, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }), { nil: undefined }),
    finding: fc.option(
      fc.record({
        severity: fc.constantFrom(...severities),
        rule: anyText,
        evidence: fc.array(anyText, { maxLength: 5 }),
        origin: fc.constantFrom('deterministic' as const, 'rule' as const, 'model' as const, 'human' as const),
        confidence: fc.nat({ max: 1_000 }).map((thousandths) => thousandths / 1_000),
        check: fc.option(anyText, { nil: undefined }),
        weakness: fc.option(fc.constantFrom('CWE-78', 'CWE-732'), { nil: undefined }),
      }),
      { nil: undefined },
    ),
    detector: fc.option(fc.constantFrom('elf/1', 'secrets/12'), { nil: undefined }),
  })
  .map((region) => JSON.parse(JSON.stringify(region)) as RegionFields)

test('a record is its fields, attributes in one way of writing them', () => {
  assert.equal(toHex(encodeRegion(whole)), wholeHex.join('').replaceAll(' ', ''))
  assert.deepEqual(decodeRegion(encodeRegion(whole)), whole)
  const bare = { length: 0, class: 'gap', name: '' }
  assert.equal(toHex(encodeRegion(bare)), '010100 0203676170'.replaceAll(' ', ''))
  assert.deepEqual(decodeRegion(encodeRegion(bare)), bare)
})

test('every region comes back', () => {
  fc.assert(
    fc.property(anyRegion, (region) => {
      if (JSON.stringify(region).includes('__proto__')) return
      const bytes = encodeRegion(region)
      assert.deepEqual(decodeRegion(bytes), region)
      assert.equal(regionLength(bytes), region.length)
      assert.equal(detectorOf(bytes), region.detector)
      assert.equal(hasDetector(bytes), region.detector !== undefined)
      assert.equal(isFinding(bytes), region.finding !== undefined)
      assert.equal(kindToCount(bytes), region.finding?.severity)
      assert.deepEqual(encodeRegion(decodeRegion(bytes)), bytes)
    }),
  )
})

test('a problem is counted as such, a finding by its severity', () => {
  const problem = { length: 1, class: 'problem', name: 'not looked at', detector: 'engine/1' }
  assert.equal(kindToCount(encodeRegion(problem)), 'problem')
  assert.equal(kindToCount(encodeRegion({ ...problem, class: 'problems' })), undefined)
  assert.equal(kindToCount(encodeRegion({ ...problem, finding })), 'high')
})

test('texts without end are cut at a whole character, and attributes without end are left out and said to be', () => {
  const long = '€'.repeat(5_000)
  const many = Array.from({ length: 100 }, () => long)
  const region = decodeRegion(
    encodeRegion({
      length: 1,
      class: 'x'.repeat(100),
      name: long,
      attributes: { long: long.repeat(5) },
      finding: { ...finding, rule: long, evidence: ['', ...many] },
    }),
  )
  assert.equal(region.name, `${'€'.repeat(1_364)}…`)
  assert.equal(utf8(region.class).length, 64)
  assert.deepEqual(region.attributes, { leftOut: 'too large or too deep' })
  assert.equal(region.finding?.evidence.length, 64)
  assert.ok(region.finding.evidence.every((text) => utf8(text).length <= 4_096))
  const hostile = encodeRegion({ length: 1, class: 'a', name: '', attributes: JSON.parse('{"__proto__":1}') })
  assert.deepEqual(decodeRegion(hostile).attributes, { leftOut: 'too large or too deep' })
})

test('a text that is cut has at most as many bytes as asked for, and begins as the whole does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 3, max: 40 }), (text, bytesMax) => {
      const cut = cutText(text, bytesMax)
      assert.ok(utf8(cut).length <= bytesMax)
      if (utf8(text.toWellFormed()).length <= bytesMax) assert.equal(cut, text.toWellFormed())
      else assert.ok(cut.endsWith('…') && text.toWellFormed().startsWith(cut.slice(0, -1)))
    }),
  )
})

test('a record that cannot be is damage', () => {
  const line = '01 01 05  02 04 6c696e65'
  const found = '06 01 01  07 01 72  09 01 01  0a 01 00'
  const broken: Record<string, string> = {
    nothing: '',
    'no length': '02 04 6c696e65',
    'no class': '01 01 05',
    'longer than any space': '01 07 818080808080 20  02 01 61',
    'empty class': '01 01 05  02 00',
    'flags 0': `${line}  03 01 00`,
    'empty name': `${line}  04 00`,
    'name that is not UTF-8': `${line}  04 01 ff`,
    'attributes that are a list': `${line}  05 02 5b5d`,
    'attributes of nothing': `${line}  05 02 7b7d`,
    'severity 0': `${line}  ${found.replace('06 01 01', '06 01 00')}`,
    'severity 6': `${line}  ${found.replace('06 01 01', '06 01 06')}`,
    'origin 5': `${line}  ${found.replace('09 01 01', '09 01 05')}`,
    'confidence 1,001': `${line}  ${found.replace('0a 01 00', '0a 02 e907')}`,
    'only a check': `${line}  0c 01 61`,
    'empty detector': `${line}  0b 00`,
    'only evidence': `${line}  08 03 01 01 61`,
    'no rule': `${line}  ${found.replace('07 01 72', '')}`,
    'evidence of nothing': `${line}  06 01 01  07 01 72  08 01 00  09 01 01  0a 01 00`,
    'evidence cut off': `${line}  06 01 01  07 01 72  08 03 01 05 61  09 01 01  0a 01 00`,
  }
  const read = (hex: string) => decodeRegion(fromHex(hex.replaceAll(' ', '')) as Uint8Array)
  read(line)
  read(`${line}  ${found}`)
  assert.deepEqual(read(`${line} 0e 01 00`), { length: 5, class: 'line', name: '' }, 'fields of later versions')
  for (const [name, hex] of Object.entries(broken)) {
    assert.equal(
      ruleOf(() => read(hex)),
      'regions',
      name,
    )
  }
})

test('any change of a record decodes or is damage', () => {
  const bytes = encodeRegion(whole)
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
      const region = orDamage(() => decodeRegion(bytes.with(at, value)))
      if (region !== undefined) assert.deepEqual(decodeRegion(encodeRegion(region)), region)
    }),
    { numRuns: 2_000 },
  )
})

test('a mistake of the writer is one', () => {
  const wrong: readonly Partial<RegionFields>[] = [
    { length: -1 },
    { length: 2 ** 48 },
    { class: '' },
    { finding: { ...finding, rule: '' } },
    { finding: { ...finding, confidence: 1.5 } },
  ]
  for (const change of wrong) assert.throws(() => encodeRegion({ ...whole, ...change }), { name: 'AssertionError' })
  const notFinite: JsonValue = Number.NaN
  assert.deepEqual(decodeRegion(encodeRegion({ ...whole, attributes: { a: notFinite } })).attributes, { a: null })
})
