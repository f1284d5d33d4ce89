/** What users see of tasks: the published schemas, the shipped tasks and the guide say the same as the program. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { fieldsAt } from '../../src/task/foundry-task.ts'
import { schemaDrafts, schemaFileName, schemaText } from '../../src/task/json-schema.ts'
import { parseTask } from '../../src/task/parse-task.ts'
import { syntaxOf } from '../../src/task/task-folder.ts'
import { planTask } from '../../src/task/task-plan.ts'

const root = join(import.meta.dirname, '../..')
const shippedFolder = join(root, 'tasks/system_foundry')

function parsed(bytes: Uint8Array, syntax: 'json' | 'yaml') {
  const task = parseTask(bytes, syntax)
  assert.equal(task.kind, 'valid', JSON.stringify(task))
  if (task.kind !== 'valid') throw new Error('not reached')
  return task
}

for (const draft of schemaDrafts) {
  test(`the committed schema of ${draft} is what the program makes (node scripts/make-schemas.ts)`, () => {
    assert.equal(readFileSync(join(root, 'openspec/schemas', schemaFileName(draft)), 'utf8'), schemaText(draft))
  })
}

test('the published schema takes and refuses the same values as the program, and marks unknown fields', () => {
  const { allOf: _, ...plain } = JSON.parse(schemaText('2020-12')) as Record<string, unknown>
  const published = z.fromJSONSchema(plain as Parameters<typeof z.fromJSONSchema>[0])
  const base = { task_id: 'a', type: 'watch_path', source: '/a' }
  const cases: [more: Record<string, unknown>, isTask: boolean][] = [
    [{}, true],
    [{ poll_seconds: 0.5, retention: { last: 1 }, follow: false, on_brick: ['x'] }, true],
    [{ task_id: '-a' }, false],
    [{ type: 'watch' }, false],
    [{ source: 'a' }, false],
    [{ max_files: 0 }, false],
    [{ max_files: 1.5 }, false],
    [{ retention: { last: 0 } }, false],
    [{ on_brick: 'x' }, false],
    [{ on_brick: [] }, false],
    [{ exclude: [1] }, false],
    [{ follow: 'no' }, false],
  ]
  for (const [more, isTask] of cases) {
    const value = { ...base, ...more }
    const text = JSON.stringify(value)
    assert.equal(published.safeParse(value).success, isTask, text)
    assert.equal(parseTask(Buffer.from(text), 'json').kind === 'valid', isTask, text)
  }
  assert.equal(published.safeParse({ ...base, exlude: ['a'] }).success, false)
})

test('the shipped tasks are valid without a warning, can be done, and name a schema that is there', () => {
  const names = readdirSync(shippedFolder).sort()
  assert.deepEqual(names, ['etc.task.yaml', 'meminfo.task.yaml', 'usr-bin.task.yaml'])
  for (const name of names) {
    const bytes = readFileSync(join(shippedFolder, name))
    const { task, warnings } = parsed(bytes, syntaxOf(Buffer.from(name)))
    assert.deepEqual(warnings, [])
    assert.equal(`${task.taskId}.task.yaml`, name)
    assert.equal(planTask(task).kind, 'bricks')
    const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(bytes.toString())?.[1]
    assert.ok(existsSync(join(shippedFolder, schema ?? 'none')), name)
  }
})

test('docs/tasks.md has every field, and every example in it is a valid task', () => {
  const guide = readFileSync(join(root, 'docs/tasks.md'), 'utf8')
  const rows = [...guide.matchAll(/^\| `([a-z_$]+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(rows.toSorted(), fieldsAt([])?.toSorted())
  const examples = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text as string)
  assert.ok(examples.length >= 3)
  for (const example of examples) assert.deepEqual(parsed(Buffer.from(example), 'yaml').warnings, [], example)
  for (const [, target] of guide.matchAll(/\]\(([^)#:]+)\)/g)) {
    assert.ok(existsSync(join(dirname(join(root, 'docs/tasks.md')), target as string)), target)
  }
})
