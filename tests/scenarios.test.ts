/** Plays tests/system_foundry.yml, two scenarios at a time; docs/scenarios.md says how to write one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { guideProblems } from './scenarios/guides.ts'
import { parseScenarios, readScenarios } from './scenarios/read-scenarios.ts'
import { runScenario } from './scenarios/run-scenario.ts'
import { everyWord } from './scenarios/words.ts'

const root = join(import.meta.dirname, '..')
const scenarios = readScenarios(join(root, 'tests/system_foundry.yml'))
/** The example of the guide is played, too. */
const guide = readFileSync(join(root, 'docs/scenarios.md'), 'utf8')
const example = parseScenarios(/```yaml\n(.*?)```/s.exec(guide)?.[1] ?? '', 'docs/scenarios.md')
const isLong = process.env['SFD_TEST_LONG'] === '1'
/** Part of a name: only those are played, long ones too. */
const only = process.env['SFD_SCENARIO'] || undefined

test('every guide that a scenario names is there and still promises what the scenario quotes', () => {
  assert.deepEqual(guideProblems([...example, ...scenarios], root), [])
})

test('docs/scenarios.md names every word that a scenario may use', () => {
  const words = everyWord()
  assert.ok(words.length > 50)
  assert.deepEqual(
    words.filter((word) => !new RegExp(`\\b${word}\\b`).test(guide)),
    [],
  )
})

describe('scenarios', { concurrency: 2 }, () => {
  for (const placed of [...example, ...scenarios]) {
    const { name, long } = placed.scenario
    if (only !== undefined && !name.includes(only)) continue
    const skip = long && !isLong && only === undefined ? 'long' : false
    test(name, { skip }, () => runScenario(placed))
  }
})
