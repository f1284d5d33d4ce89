/** `sfd task check` and `sfd task schema`: they need no daemon. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schemaText } from '../../src/task/json-schema.ts'
import { makePlace, sfd } from '../cli/sfd.ts'

test('sfd task check prints every error as file:line:column and exits with 1', (t) => {
  const { folder } = makePlace(t)
  const [good, bad] = [join(folder, 'good.task.yaml'), join(folder, 'bad.task.json')]
  writeFileSync(good, 'task_id: a\ntype: watch_path\nsource: /a\nexlude: [b]\n')
  writeFileSync(bad, '{\n  "task_id": "b",\n  "type": "watch",\n  "source": "$HOME"\n}\n')
  const fine = sfd(['task', 'check', good])
  assert.equal(fine.status, 0)
  assert.equal(
    fine.stdout,
    `${good}:4:1: warning: There is no field "exlude". It is ignored; did you mean exclude?\n${good}: the task a is valid\n`,
  )
  const both = sfd(['task', 'check', good, bad])
  assert.equal(both.status, 1)
  const errors = both.stdout.split('\n').filter((line) => line.startsWith(bad))
  assert.equal(errors.length, 2)
  assert.ok(errors[0]?.startsWith(`${bad}:3:11: error: type is "watch"; expected one of convert_binary, `))
  assert.ok(errors[1]?.startsWith(`${bad}:4:13: error: source holds $HOME: variables are not expanded`))
})

test('sfd task check --json gives one object a file', (t) => {
  const { folder } = makePlace(t)
  const file = join(folder, 'a.task.yaml')
  writeFileSync(file, 'task_id: a\ntype: crystallize_system\npaths: [/etc]\n')
  assert.deepEqual(JSON.parse(sfd(['task', 'check', '--json', file]).stdout), {
    file,
    valid: true,
    task_id: 'a',
    bricks: [{ source: '/etc', name: 'etc' }],
    warnings: [],
    supported: true,
  })
})

test('sfd task check of a file that is not there says so', (t) => {
  const { folder } = makePlace(t)
  const { status, stderr } = sfd(['task', 'check', join(folder, 'none.task.yaml')])
  assert.equal(status, 1)
  assert.match(stderr, /^sfd: SOURCE_MISSING: .*none\.task\.yaml does not exist/)
})

test('sfd task schema prints the published schema', () => {
  assert.equal(sfd(['task', 'schema']).stdout, schemaText('draft-07'))
  assert.equal(sfd(['task', 'schema', '--draft', '2020-12']).stdout, schemaText('2020-12'))
  assert.equal(sfd(['task', 'schema', '--draft', '4']).status, 2)
})
