import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Severity } from '../base/region.ts'
import { type FoundPlace, stepFrom } from './findings.ts'

function place(uuid: string, start: number, severity: Severity): FoundPlace {
  const finding = { severity, rule: 'r', evidence: [], origin: 'rule', confidence: 1 } as const
  return { uuid, region: { start, length: 1, layer: 128, class: 'finding', name: '', finding } }
}

const found = [place('a', 0, 'low'), place('a', 9, 'critical'), place('b', 0, 'medium')]

test('findings are gone through from the gravest, round and round, either way', () => {
  const walk = (direction: -1 | 1): string[] => {
    const seen: string[] = []
    let here: { uuid: string; offset: number } | undefined
    for (let i = 0; i < 4; i++) {
      const next = stepFrom(found, { here, direction })
      assert.ok(next !== undefined)
      here = { uuid: next.uuid, offset: next.region.start }
      seen.push(`${here.uuid}${here.offset}`)
    }
    return seen
  }
  assert.deepEqual(walk(1), ['a9', 'b0', 'a0', 'a9'])
  assert.deepEqual(walk(-1), ['a0', 'b0', 'a9', 'a0'])
})

test('from a place that is no finding the gravest is next; where there are none there is no next', () => {
  assert.equal(stepFrom(found, { here: { uuid: 'b', offset: 7 }, direction: 1 })?.region.start, 9)
  assert.equal(stepFrom([], { here: undefined, direction: 1 }), undefined)
})
