import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { guideProblems } from './guides.ts'
import { parseScenarios } from './read-scenarios.ts'

const good = '- name: something is promised\n  guide: README.md#more\n  steps: [sync]\n'

function refused(text: string, expected: RegExp): void {
  assert.throws(() => parseScenarios(text, 'x.yml'), { message: expected })
}

test('a word that does not exist is refused with its line, wherever it stands', () => {
  refused(`${good}  them: {}\n`, /^x\.yml:4: the scenario knows no word "them"$/)
  refused(
    `${good}  then:\n    bricks:\n      n:\n        equal: tree\n`,
    /^x\.yml:7: then\.bricks\.n knows no word "equal"$/,
  )
  refused(
    `${good}- name: another thing\n  guide: README.md#more\n  steps:\n    - sync\n    - wright: {a: b}\n`,
    /x\.yml:8: steps\.1 knows no word "wright"/,
  )
  refused(`${good}  given: {tree: {a: {sise: 3}}}\n`, /^x\.yml:4: given\.tree\.a knows no word "sise"$/)
})

test('a step has one action, and what goes with it', () => {
  refused(
    good.replace('[sync]', '[{sync: true, mark: m}]'),
    /^x\.yml:3: steps\.0: a step has one action, not sync and mark$/,
  )
  refused(good.replace('[sync]', '[{exit: 1, mark: m}]'), /exit goes with run only/)
  refused(good.replace('[sync]', '[{repeat: 2, steps: [{}]}]'), /a step has one action, not none/)
})

test('what is no YAML, a name twice or a value of another kind is refused with its line', () => {
  refused(`${good}  then: [\n`, /^x\.yml:\d: /)
  refused(good + good, /^x\.yml:4: another scenario has this name: something is promised$/)
  refused(good.replace('[sync]', '[{kill: SIGHUP}]'), /^x\.yml:3: steps\.0\.kill: /)
  refused('name: alone\n', /a list of scenarios is expected/)
})

test('a guide that is not there, a heading or a promise that is not in it are named', () => {
  const root = join(import.meta.dirname, '../..')
  const problems = (from: string, to: string) => guideProblems(parseScenarios(good.replace(from, to), 'x.yml'), root)
  assert.deepEqual(problems('', ''), [])
  assert.match(
    problems('README.md#more', 'docs/nothing.md#more')[0] ?? '',
    /^line 1: there is no guide docs\/nothing\.md$/,
  )
  assert.match(problems('#more', '#less')[0] ?? '', /README\.md has no heading #less$/)
  assert.match(
    problems('  steps', '  promises: [it makes coffee]\n  steps')[0] ?? '',
    /README\.md does not say: it makes coffee$/,
  )
})
