import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { severities } from '../base/region.ts'
import { parseJson } from './json.ts'
import {
  analysisJson,
  type MetaAnalysis,
  modelStates,
  noFindings,
  parseAnalysis,
  placelessMax,
  storedAnalysis,
} from './meta-analysis.ts'

const count = fc.nat(1_000_000)
const hash = fc.stringMatching(/^[0-9a-f]{64}$/)
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((each) => each.isWellFormed())
const placeless = fc.record({
  path: fc.uint8Array({ maxLength: 12 }),
  name: text,
  detector: fc.constant('privileges/3'),
  finding: fc.record(
    {
      severity: fc.constantFrom(...severities),
      rule: fc.constantFrom('world-writable', 'unowned'),
      evidence: fc.array(text, { maxLength: 3 }),
      origin: fc.constantFrom('deterministic' as const, 'rule' as const),
      confidence: fc.constantFrom(0, 0.25, 1),
      check: text,
      weakness: fc.constant('CWE-732'),
    },
    { requiredKeys: ['severity', 'rule', 'evidence', 'origin', 'confidence'] },
  ),
})
const drawn = fc.record({
  version: fc.constantFrom('engine/1 elf/2', ''),
  generation: count,
  state: fc.constantFrom('whole' as const, 'partial' as const),
  contentRoot: hash,
  metaHash: hash,
  entries: count,
  analysed: count,
  problems: count,
  labels: count,
  findings: fc.record({ info: count, low: count, medium: count, high: count, critical: count }),
  model: fc.record(
    { state: fc.constantFrom(...modelStates), reason: text, labelled: count },
    { requiredKeys: ['state', 'labelled'] },
  ),
  placeless: fc.array(placeless, { maxLength: 8 }),
})
/** With the usual prototypes. */
const analyses: fc.Arbitrary<MetaAnalysis> = drawn.map((analysis) => structuredClone(analysis))

function readBack(analysis: MetaAnalysis): MetaAnalysis | undefined {
  const bytes = Buffer.from(JSON.stringify(analysisJson(analysis)))
  return parseAnalysis(parseJson(bytes, { rule: 'meta', sizeMax: 65_536 }))
}

const sample: MetaAnalysis = {
  ...{ version: 'elf/1', generation: 4, state: 'whole', contentRoot: 'a'.repeat(64), metaHash: 'b'.repeat(64) },
  ...{ entries: 1, analysed: 1, problems: 0, labels: 0, findings: noFindings, model: { state: 'off', labelled: 0 } },
  placeless: [],
}

test('what is stored of an analysis is read back, whatever names and evidence hold', () => {
  fc.assert(
    fc.property(analyses, (analysis) => {
      assert.deepEqual(readBack(analysis), storedAnalysis(analysis))
      assert.deepEqual(storedAnalysis(storedAnalysis(analysis)), storedAnalysis(analysis))
    }),
  )
})

test('of too many findings of entries without bytes the mildest are left out, and META has room for the rest', () => {
  const all = Array.from({ length: 3 * placelessMax }, (_, i) => ({
    path: Buffer.from(`folder/${i}`),
    name: 'x'.repeat(5_000),
    detector: 'privileges/1',
    finding: {
      severity: severities[i % severities.length] ?? 'info',
      rule: 'world-writable',
      evidence: Array.from({ length: 64 }, () => 'y'.repeat(4_096)),
      origin: 'deterministic' as const,
      confidence: 1,
    },
  }))
  const stored = storedAnalysis({ ...sample, placeless: all })
  assert.ok(stored.placeless.length > 0 && stored.placeless.length < placelessMax)
  assert.ok(Buffer.byteLength(JSON.stringify(analysisJson(stored))) < 32_768)
  assert.deepEqual(new Set(stored.placeless.map(({ finding }) => finding.severity)), new Set(['critical']))
})

test('what is no analysis is none, and what is no finding in it is left out', () => {
  const json = analysisJson({ ...sample, placeless: [] })
  assert.notEqual(parseAnalysis(json), undefined)
  for (const wrong of [
    null,
    7,
    [],
    { ...json, contentRoot: 'A'.repeat(64) },
    { ...json, metaHash: undefined },
    { ...json, entries: -1 },
    { ...json, findings: { info: 1 } },
    { ...json, model: { state: 'sure', labelled: 0 } },
    { ...json, version: 3 },
  ]) {
    assert.equal(parseAnalysis(wrong), undefined, JSON.stringify(wrong))
  }
  const odd = [null, { path: 'a' }, { path: 'a', name: 'n', detector: 'd', finding: { severity: 'awful' } }]
  assert.deepEqual(parseAnalysis({ ...json, placeless: odd })?.placeless, [])
  assert.equal(parseAnalysis({ ...json, state: 'perhaps' })?.state, 'partial')
})
