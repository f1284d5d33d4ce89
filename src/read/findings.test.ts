import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { displayPath, utf8 } from '../base/bytes.ts'
import { type Severity, severities } from '../base/region.ts'
import { inReadingOrder, type ListedFinding } from './findings.ts'

function made(
  place: string,
  offset: number,
  { severity = 'high', rule = 'r' }: { severity?: Severity; rule?: string } = {},
): ListedFinding {
  const finding = { severity, rule, evidence: [], origin: 'rule', confidence: 0.9 } as const
  return { path: utf8(place), place: utf8(place), title: 't', finding, run: { offset, length: 1 } }
}

function shown({ place, run, finding }: ListedFinding): string {
  return `${finding.severity} ${finding.rule} ${displayPath(place)} ${run?.offset}`
}

test('many findings of one file and rule leave room for others before their rest', () => {
  const many = Array.from({ length: 200 }, (_, at) => made('/a', at))
  const rows = inReadingOrder([
    ...many,
    made('/b', 0),
    made('/a', 900, { rule: 'other' }),
    made('/z', 0, { severity: 'critical' }),
  ])
  assert.deepEqual(rows.slice(0, 7).map(shown), [
    'critical r /z 0',
    'high r /a 0',
    'high r /a 1',
    'high r /a 2',
    'high other /a 900',
    'high r /b 0',
    'high r /a 3',
  ])
  assert.equal(rows.length, 203)
})

test('the order depends on the findings and not on how they came, keeps all of them and the gravest first', () => {
  const one = fc
    .tuple(fc.constantFrom('/a', '/b', '/c'), fc.nat(30), fc.constantFrom(...severities), fc.constantFrom('r', 's'))
    .map(([place, offset, severity, rule]) => made(place, offset, { severity, rule }))
  fc.assert(
    fc.property(fc.uniqueArray(one, { selector: shown, maxLength: 60 }), (findings) => {
      const rows = inReadingOrder(findings)
      const byPlace = inReadingOrder(findings.toReversed())
      const gravities = (all: readonly ListedFinding[]) =>
        all.map(({ finding }) => severities.indexOf(finding.severity))
      assert.deepEqual(rows.map(shown).sort(), findings.map(shown).sort())
      const descending = gravities(findings).toSorted((a, b) => b - a)
      assert.deepEqual(gravities(rows), descending)
      assert.deepEqual(byPlace.map(shown), rows.map(shown))
      const own = (place: string) =>
        rows.filter(
          (row) => displayPath(row.place) === place && row.finding.rule === 'r' && row.finding.severity === 'high',
        )
      for (const place of ['/a', '/b']) {
        const offsets = own(place).map(({ run }) => run?.offset ?? 0)
        assert.deepEqual(
          offsets,
          offsets.toSorted((a, b) => a - b),
        )
      }
    }),
  )
})
