import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Severity } from '../../base/region.ts'
import type { AnalysedBrick, FindingJson } from '../../wire/api.ts'
import { type FoundList, findingKey, together } from '../link/findings-store.ts'
import { buttonText, noteOf, shownWords, stepFrom } from './findings-panel.ts'

const none = { critical: 0, high: 0, medium: 0, low: 0, info: 0 }

function found(name: string, severity: Severity, confidence = 1): FindingJson {
  const brick = { uuid: 'u', brick: 'b', commit: 'c', generation: 1, kind: 'file', place: `/${name}`, path: name }
  const finding = { severity, rule: 'a-rule', evidence: [], origin: 'rule', confidence } as const
  return { ...brick, start: 0, offset: 0, length: 1, name, finding, fingerprint: name }
}

function listOf(findings: readonly FindingJson[], bricks: readonly AnalysedBrick[] = []): FoundList {
  const counts = { ...none }
  for (const { finding } of findings) counts[finding.severity]++
  const rules = [{ rule: 'a-rule', severity: 'low', count: findings.length }] as const
  return { findings, counts, total: findings.length, acceptedCount: 0, rules, bricks }
}

function brick(name: string, analysis: AnalysedBrick['analysis'] = null): AnalysedBrick {
  return { uuid: name, name, commit: 'c', generation: 1, analysis }
}

const all = [found('x', 'critical'), found('y', 'medium'), found('z', 'low')]

test('findings are gone through in the order of the list, round and round, either way', () => {
  const walk = (direction: -1 | 1): string[] => {
    let chosen = ''
    return Array.from({ length: 4 }, () => {
      const next = stepFrom(all, { chosen, direction })
      assert.ok(next !== undefined)
      chosen = findingKey(next)
      return next.name
    })
  }
  assert.deepEqual(walk(1), ['x', 'y', 'z', 'x'])
  assert.deepEqual(walk(-1), ['z', 'y', 'x', 'z'])
  assert.equal(stepFrom([], { chosen: '', direction: 1 }), undefined)
})

test('the bar names what is grave; the rest is a number, and what was not looked at is no good news', () => {
  assert.equal(buttonText(undefined), 'findings')
  assert.equal(buttonText(listOf([...all, found('w', 'high')])), '1 critical, 1 high')
  assert.equal(buttonText(listOf(all.slice(1))), '2 findings')
  assert.equal(buttonText(listOf([], [brick('a')])), 'not analysed')
  const analysis = { version: '', generation: 1, state: 'current', entries: 1, analysed: 1, problems: 0 } as const
  const looked = brick('b', { ...analysis, findings: none, model: { state: 'off', labelled: 0 } })
  assert.equal(buttonText(listOf([], [brick('a'), looked])), 'no findings so far')
  assert.equal(buttonText(listOf([], [looked])), 'no findings')
})

test('the list says what it does not list', () => {
  const cut = { ...listOf(all), total: 1_234 }
  assert.match(noteOf(cut, { shown: 3, rule: '' }), /gravest 3 of 1\u2009234; sfd findings lists all/)
  const bricks = ['a', 'b', 'c', 'd', 'e'].map((name) => brick(name))
  assert.equal(noteOf(listOf(all, bricks), { shown: 3, rule: '' }), 'not analysed yet: a, b, c and 2 more')
  assert.equal(noteOf(listOf(all), { shown: 0, rule: 'a-rule' }), 'nothing of this rule')
  assert.equal(noteOf({ ...listOf(all), acceptedCount: 2 }, { shown: 3, rule: '' }), '2 accepted and not listed')
  assert.equal(noteOf(listOf(all), { shown: 3, rule: '' }), '')
})

test('answers of several bricks become one list, the gravest first, then the surest', () => {
  const list = together([
    listOf([found('medium', 'medium'), found('low', 'low')], [brick('a')]),
    listOf([found('critical', 'critical'), found('unsure', 'medium', 0.4)], [brick('b')]),
  ])
  assert.deepEqual(
    list.findings.map(({ name }) => name),
    ['critical', 'medium', 'unsure', 'low'],
  )
  assert.deepEqual(list.counts, { ...none, critical: 1, medium: 2, low: 1 })
  assert.deepEqual(list.rules, [{ rule: 'a-rule', severity: 'low', count: 4 }])
  assert.deepEqual([list.total, list.bricks.length], [4, 2])
})

test('the list says in words what it shows', () => {
  const state = { shown: 3, total: 3, mildest: 'low', rule: '' } as const
  assert.equal(shownWords(state), 'Findings, low and graver: all 3')
  assert.equal(shownWords({ ...state, shown: 1, mildest: 'critical' }), 'Findings, critical only: 1 of 3')
  assert.equal(shownWords({ ...state, rule: 'a-rule', mildest: 'info' }), 'Findings, of every severity, a rule: all 3')
})
