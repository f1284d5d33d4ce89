/** That a scenario can fail: every kind of expectation, held against what is not so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../daemon/harness.ts'
import { problemsOf } from './expect.ts'
import { parseScenarios } from './read-scenarios.ts'
import { runScenario } from './run-scenario.ts'
import { Stage } from './stage.ts'
import type { Expectation } from './vocabulary.ts'

const head = '- name: something that is not so\n  guide: README.md#more\n'

async function fails(body: string, expected: RegExp): Promise<void> {
  const [placed] = parseScenarios(head + body, 'x.yml')
  assert.ok(placed !== undefined)
  await assert.rejects(runScenario(placed), { message: expected })
}

test('without a daemon: a file, a command, a brick and its places that are otherwise are told with their line', async () => {
  const wait = (expected: string) =>
    `  given: {up: no, tree: {a: one, b: two}}\n  steps:\n    - wait: ${expected}\n      within: 0.1\n`
  await fails(wait('{files: {tree/a: two}}'), /^line 5: after 0\.1 s:\n.*tree\/a: content is "one", not "two"/s)
  await fails(wait('{files: {tree/c: {contains: x}}}'), /tree\/c is not there/)
  await fails(wait('{bricks: {n: {equals: tree}}}'), /brick n: it is not there/)
  await fails(wait('{hooks: {at_least: 1}}'), /called 0 times/)
  await fails(wait('{daemon: running}'), /the daemon is not running/)
  await fails(
    '  given: {up: no}\n  steps:\n    - run: [sh, -c, "echo x; exit 4"]\n      stdout: {is: y}\n',
    /^line 5: .*it exits with 4, not 0; stdout is not "y"/s,
  )
})

const given = `  given:
    tree: {a: one, b: two, sub/c: three}
    files: {other/a: one}
    tasks: {t.task.yaml: {task: {task_id: t, type: watch_path, source: '\${dir}/tree', on_brick: ['\${recorder}']}}}
`

test('with a daemon: contents, places, conditions, messages and calls that are otherwise are told', async (t) => {
  const [placed] = parseScenarios(head + given, 'x.yml')
  assert.ok(placed !== undefined)
  const stage = new Stage(placed.scenario)
  t.after(() => stage.close())
  await stage.start(['--tasks', 'tasks'])
  await until('the hook is called', () => stage.calls().length > 0)
  const lies: readonly (readonly [Expectation, RegExp])[] = [
    [{ status: [{ task: 't', conditions: [{ type: 'Invalid', status: 'True' }] }] }, /no condition \{"type":"Invalid"/],
    [{ tasks: 2 }, /1 statuses, not 2/],
    [{ feed: { in_order: [{ kind: 'commit' }, { kind: 'gap' }] } }, /message \{"kind":"gap"\} is missing/],
    [{ feed: { none: [{ kind: 'commit' }] } }, /message \{"kind":"commit"\} is there/],
    [{ bricks: { t: { files: ['a'] } } }, /its files are \["a","b","sub\/c"\]/],
    [{ bricks: { t: { lacks: ['a'] } } }, /it holds a/],
    [{ bricks: { t: { has: { a: 'other' } } } }, /a holds "one", not "other"/],
    [{ bricks: { t: { equals: 'other' } } }, /b is file 644 of 3 bytes, .* in the brick and not there on the disk/],
    [{ bricks: { t: { neighbours: [['a', 'sub/c']] } } }, /have others between them/],
    [{ bricks: { t: { unmoved_since: 'never' } } }, /no mark is called never/],
    [{ bricks: { t: { state: 'polled' } } }, /state is "live", not "polled"/],
    [{ hooks: { calls: [{ stdin: { generation: 7 } }] } }, /call 1, .* is missing/],
    [{ daemon: 'gone' }, /the daemon is not gone/],
  ]
  for (const [lie, told] of lies) assert.match((await problemsOf(stage, lie)).join('\n'), told)
  const truth: Expectation = {
    status: [{ task: 't', conditions: [{ type: 'Ready', status: 'True' }] }],
    bricks: { t: { equals: 'tree', neighbours: [['a', 'b']] } },
  }
  assert.deepEqual(await problemsOf(stage, truth), [])
})
