import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TaskSet } from './task-set.ts'
import { amiss, folder, graceMs, running, statusOf, task } from './testing/task-folders.ts'

test('[F43] a source or brick that another task has is a conflict; it is taken when it is free', () => {
  const set = new TaskSet({ graceMs: 0 })
  const a = task('a', '/s')
  set.update(folder({ 'z.task.yaml': a }), 0)
  set.update(
    folder({ 'b.task.yaml': task('b', '/s'), 'c.task.yaml': task('c', '/x', 'destination: a'), 'z.task.yaml': a }),
    1,
  )
  assert.deepEqual(running(set), ['a@1 /s'])
  for (const name of ['b', 'c']) {
    assert.deepEqual(amiss(set, `${name}.task.yaml`), ['Ready=False Conflict', 'Conflict=True Claimed'])
  }
  const message = statusOf(set, 'b.task.yaml').conditions.find(({ type }) => type === 'Conflict')?.message
  assert.match(message ?? '', /^The source \/s is kept by the task a \(\/t\/z\.task\.yaml\) already/)
  set.update(folder({ 'b.task.yaml': task('b', '/s'), 'c.task.yaml': task('c', '/x', 'destination: a') }), 2)
  assert.deepEqual(running(set), ['b@1 /s', 'c@1 /x'])
})

test('[F43] sources that lie in each other are two bricks and no conflict', () => {
  const set = new TaskSet({ graceMs })
  set.update(
    folder({ 'a.task.yaml': task('a', '/'), 'b.task.yaml': task('b', '/usr'), 'c.task.yaml': task('c', '/usr/bin') }),
    0,
  )
  assert.deepEqual(running(set), ['a@1 /', 'b@1 /usr', 'c@1 /usr/bin'])
})

test('a change that wants what another has leaves the old version at work', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a'), 'b.task.yaml': task('b') }), 0)
  set.update(folder({ 'a.task.yaml': task('a'), 'b.task.yaml': task('b', '/a') }), 1)
  assert.deepEqual(running(set), ['a@1 /a', 'b@1 /b'])
  assert.deepEqual([amiss(set, 'b.task.yaml'), statusOf(set, 'b.task.yaml').generation], [['Conflict=True Claimed'], 2])
})

test('tasks that change places in one edit, or pass a source on, are all accepted', () => {
  const set = new TaskSet({ graceMs })
  const three = (a: string, b: string, c: string) =>
    folder({ 'a.task.yaml': task('a', a), 'b.task.yaml': task('b', b), 'c.task.yaml': task('c', c) })
  set.update(three('/1', '/2', '/3'), 0)
  set.update(three('/2', '/3', '/1'), 1)
  assert.deepEqual(running(set), ['a@2 /2', 'b@2 /3', 'c@2 /1'])
  set.update(three('/4', '/2', '/3'), 2)
  assert.deepEqual(running(set), ['a@3 /4', 'b@3 /2', 'c@3 /3'])
})

test('paths of one task are a brick each, named as the command line names them', () => {
  const set = new TaskSet({ graceMs })
  const text = 'task_id: a\ntype: crystallize_system\nsource: /\npaths: [/etc, /usr/bin]\nmax_files_per_path: 9\n'
  set.update(
    folder({
      'a.task.yaml': text,
      'b.task.yaml': `${text.replace(': a', ': b').replace('/etc', '/opt')}destination: all\n`,
    }),
    0,
  )
  assert.deepEqual(
    set.running()[0]?.bricks.map(({ source, name, isNamed, maxFiles }) => [source, name, isNamed, maxFiles]),
    [
      ['/etc', 'etc', false, 9],
      ['/usr/bin', 'usr-bin', false, 9],
    ],
  )
  assert.deepEqual(amiss(set, 'b.task.yaml'), ['Ready=False Conflict', 'Conflict=True Claimed'])
})
