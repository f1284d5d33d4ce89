import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskMemory } from './held-task.ts'
import type { FolderRead, TaskFile } from './task-folder.ts'
import { planTask } from './task-plan.ts'
import { TaskSet } from './task-set.ts'
import { type TaskStatus, taskStatusJson } from './task-status.ts'
import { amiss, folder, graceMs, running, statusOf, task, unreadable } from './testing/task-folders.ts'

test('a valid file starts its task once, and its row is given to remember', () => {
  const set = new TaskSet({ graceMs })
  const changes = set.update(folder({ 'a.task.yaml': task('a') }), 0)
  assert.deepEqual(
    changes.started.map(({ bricks }) => bricks),
    [[{ source: '/a', accepts: 'any', name: 'a', isNamed: true, maxFiles: null }]],
  )
  assert.deepEqual(
    changes.remember.map(({ taskId, generation }) => [taskId, generation]),
    [['a', 1]],
  )
  const again = set.update(folder({ 'a.task.yaml': task('a') }), 1)
  assert.deepEqual(again, { started: [], changed: [], stopped: [], remember: [], forget: [], againAtMs: null })
})

test('[F40] touching, reformatting and renaming a file change nothing', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a') }), 0)
  for (const files of [
    { 'a.task.yaml': `# touched\n${task('a')}` },
    { 'a.task.yaml': '{source: "/a/", type: watch_path, task_id: a}' },
    { 'b.task.yaml': task('a') },
  ]) {
    const { started, changed, stopped } = set.update(folder(files), 1)
    assert.deepEqual([started, changed, stopped], [[], [], []])
  }
  assert.deepEqual(running(set), ['a@1 /a'])
  assert.equal(set.status().length, 1)
  assert.equal(statusOf(set, 'b.task.yaml').taskId, 'a')
})

test('another meaning is another generation', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a') }), 0)
  const { changed } = set.update(folder({ 'a.task.yaml': task('a', '/b') }), 1)
  assert.deepEqual(
    changed.map(({ generation, task: { source } }) => [generation, source]),
    [[2, '/b']],
  )
  assert.deepEqual(running(set), ['a@2 /b'])
})

test('[F39] a file that breaks leaves the last good version at work and says where it broke', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a') }), 0)
  for (const broken of ['task_id: a\ntype: "wat', '', 'task_id: b\ntype: none', '[', task('a', '~/x')]) {
    const { changed, stopped, againAtMs } = set.update(folder({ 'a.task.yaml': broken }), 10 * graceMs)
    assert.deepEqual([changed, stopped, againAtMs], [[], [], null])
    assert.deepEqual(amiss(set, 'a.task.yaml').at(0), 'Invalid=True NotATask')
    assert.equal(set.status().length, 1)
  }
  const { line, column, message } = statusOf(set, 'a.task.yaml').conditions.find(({ type }) => type === 'Invalid') ?? {}
  assert.deepEqual([line, column], [3, 9])
  assert.match(message ?? '', /~, which is not expanded.*expected an absolute path.*The last good version goes on\.$/)
  set.update(folder({ 'a.task.yaml': task('a') }), 10 * graceMs)
  assert.deepEqual([amiss(set, 'a.task.yaml'), running(set)], [[], ['a@1 /a']])
})

test('a file that never was a task is told with its place and starts nothing', () => {
  const set = new TaskSet({ graceMs })
  const { started } = set.update(folder({ 'x.task.yaml': 'task_id: a\ntype: [\n' }), 0)
  assert.deepEqual(started, [])
  assert.deepEqual(amiss(set, 'x.task.yaml'), ['Ready=False Invalid', 'Invalid=True NotATask'])
  const json = taskStatusJson(statusOf(set, 'x.task.yaml'))
  assert.deepEqual([json.task_id, json.file, json.type, json.generation], [null, '/t/x.task.yaml', null, 0])
})

test('[F40] of two files with one task_id the first that was accepted stays, whatever their names', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'b.task.yaml': task('a') }), 0)
  const both = { 'a.task.yaml': task('a', '/other'), 'b.task.yaml': task('a') }
  set.update(folder(both), 1)
  assert.deepEqual(running(set), ['a@1 /a'])
  assert.deepEqual(amiss(set, 'a.task.yaml'), ['Ready=False Conflict', 'Conflict=True DuplicateTaskId'])
  assert.deepEqual(amiss(set, 'b.task.yaml'), [])
  set.update(folder({ ...both, 'b.task.yaml': 'broken: [' }), 2)
  assert.deepEqual(running(set), ['a@1 /a'])
  set.update(folder({ 'a.task.yaml': task('a', '/other') }), 3)
  assert.deepEqual(running(set), ['a@2 /other'])
})

test('[F40] a file replaced by a link, a folder or something unreadable leaves its task at work', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a') }), 0)
  const file = (folder({ 'a.task.yaml': '' }) as Extract<FolderRead, { kind: 'read' }>).files[0] as TaskFile
  const content = { kind: 'refused', reason: 'NotARegularFile', message: 'It is a link.' } as const
  set.update({ kind: 'read', shown: '/t', identity: '1:1', files: [{ ...file, content }] }, 10 * graceMs)
  assert.deepEqual(running(set), ['a@1 /a'])
  assert.deepEqual(amiss(set, 'a.task.yaml'), ['Invalid=True NotARegularFile'])
})

test('[F41] a folder that cannot be read ends nothing and is said of every task', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a'), 'b.task.yaml': task('b') }), 0)
  for (let at = 1; at < 10; at++) {
    const { stopped, againAtMs } = set.update(unreadable, at * graceMs)
    assert.deepEqual([stopped, againAtMs], [[], null])
  }
  assert.deepEqual(running(set), ['a@1 /a', 'b@1 /b'])
  for (const name of ['a', 'b']) assert.deepEqual(amiss(set, `${name}.task.yaml`), ['Degraded=True FolderUnreadable'])
  set.update(folder({ 'a.task.yaml': task('a'), 'b.task.yaml': task('b') }), 10 * graceMs)
  assert.equal(set.folderTrouble, null)
})

test('[F41] another, empty folder in its place ends nothing, until one valid task in it says that it is meant', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a') }), 0)
  set.update(folder({}, '2:2'), 5 * graceMs)
  set.update(folder({ 'x.task.yaml': 'broken: [' }, '2:2'), 9 * graceMs)
  assert.deepEqual(running(set), ['a@1 /a'])
  assert.deepEqual(amiss(set, 'a.task.yaml'), ['Degraded=True FolderReplaced'])
  const meant = folder({ 'b.task.yaml': task('b') }, '2:2')
  set.update(meant, 10 * graceMs)
  set.update(meant, 11 * graceMs)
  assert.deepEqual(running(set), ['b@1 /b'])
})

test('[F42] a file that is gone ends its task after the grace time; one that comes back in time goes on', () => {
  const set = new TaskSet({ graceMs })
  const there = folder({ 'a.task.yaml': task('a') })
  set.update(there, 0)
  assert.equal(set.update(folder({}), 100).againAtMs, 1_100)
  const back = set.update(there, 1_099)
  assert.deepEqual([back.started, back.changed, back.stopped, back.againAtMs], [[], [], [], null])
  set.update(folder({}), 2_000)
  assert.deepEqual(set.update(folder({}), 2_999).stopped, [])
  assert.deepEqual(set.update(folder({}), 3_000).stopped, ['a'])
  assert.deepEqual([running(set), amiss(set, 'a.task.yaml')], [[], ['Ready=False Stopped']])
})

test('[F42] a task that stopped and comes back goes on with its generation', () => {
  const set = new TaskSet({ graceMs: 0 })
  set.update(folder({ 'a.task.yaml': task('a') }), 0)
  set.update(folder({ 'a.task.yaml': task('a', '/b') }), 0)
  assert.deepEqual(set.update(folder({}), 1).stopped, ['a'])
  const { started } = set.update(folder({ 'a.task.yaml': task('a', '/b') }), 2)
  assert.deepEqual([started.length, running(set)], [1, ['a@2 /b']])
  set.update(folder({}), 3)
  set.update(folder({ 'a.task.yaml': task('a', '/c') }), 4)
  assert.deepEqual(running(set), ['a@3 /c'])
})

test('a task of the whole system runs without bricks of its own, which are found on the machine', () => {
  const set = new TaskSet({ graceMs })
  const files = {
    'b.task.yaml': 'task_id: b\ntype: crystallize_system\nsource: /\n',
    'c.task.yaml': 'task_id: c\ntype: analyze_system\n',
  }
  set.update(folder(files), 0)
  for (const { task, bricks } of set.running()) {
    assert.deepEqual(planTask(task), { kind: 'system' })
    assert.deepEqual(bricks, [])
  }
  assert.equal(set.running().length, 2)
})

test('what the file holds beside the task is a condition with its place', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a', '/a', 'texture_size: 4\nexlude: [a]\n') }), 0)
  const degraded = statusOf(set, 'a.task.yaml').conditions.filter(({ type }) => type === 'Degraded')
  assert.deepEqual(
    degraded.map(({ status, reason, line, column }) => [status, reason, line, column]),
    [
      ['True', 'UnknownField', 5, 1],
      ['False', 'NoEffect', 4, 1],
    ],
  )
})

test('a hook of a file that others can write is refused; trust gained or lost is a change', () => {
  const set = new TaskSet({ graceMs })
  const read = folder({ 'a.task.yaml': task('a', '/a', 'on_brick: [x]\n') }) as Extract<FolderRead, { kind: 'read' }>
  const refused = {
    ...read,
    files: read.files.map((file) => ({ ...file, trust: { kind: 'refused', message: 'no' } as const })),
  }
  set.update(refused, 0)
  assert.deepEqual(amiss(set, 'a.task.yaml'), ['Degraded=True HookRefused'])
  const { changed } = set.update(read, 1)
  assert.deepEqual(
    changed.map(({ trust, generation }) => [trust.kind, generation]),
    [['trusted', 1]],
  )
  assert.equal(set.update(refused, 2).changed.length, 1)
})

test('every status has each type of condition, in order, also of those who carry it out', () => {
  const set = new TaskSet({ graceMs })
  set.update(folder({ 'a.task.yaml': task('a'), 'b.task.yaml': '[' }), 0)
  const ready = { type: 'Ready', status: 'True', reason: 'Synced', message: '' } as const
  const statuses = set.status(() => ({ observedGeneration: 1, brick: 'a-2', conditions: [ready] }))
  for (const { conditions } of statuses) {
    assert.deepEqual(
      conditions.map(({ type }) => type),
      ['Ready', 'Degraded', 'Invalid', 'Conflict'],
    )
  }
  assert.deepEqual([statuses[0]?.conditions[0], statuses[0]?.brick, statuses[0]?.observedGeneration], [ready, 'a-2', 1])
})

test('[F41] after a restart everything goes on from what was remembered, even without a folder', () => {
  const set = new TaskSet({ graceMs: 0 })
  set.update(folder({ 'a.task.yaml': task('a'), 'b.task.yaml': task('b') }), 0)
  const rows = new Map<string, TaskMemory>()
  const keep = (memories: readonly TaskMemory[]) => {
    for (const memory of memories) rows.set(memory.taskId, JSON.parse(JSON.stringify(memory)) as TaskMemory)
  }
  keep(
    set.update(folder({ 'a.task.yaml': task('a', '/x'), 'b.task.yaml': task('b'), 'c.task.yaml': task('c') }), 1)
      .remember,
  )
  keep(set.update(folder({ 'a.task.yaml': task('a', '/x'), 'b.task.yaml': 'broken: [' }), 2).remember)
  const first = new TaskSet({ graceMs: 0 })
  keep(first.update(folder({ 'b.task.yaml': task('b') }), 0).remember)

  const again = new TaskSet({ remembered: [...rows.values()], graceMs: 0 })
  const { started } = again.update(unreadable, 0)
  assert.deepEqual([started.length, running(again)], [2, ['a@2 /x', 'b@1 /b']])
  again.update(folder({ 'a.task.yaml': task('a', '/x'), 'b.task.yaml': 'broken: [' }), 1)
  assert.deepEqual([running(again), amiss(again, 'b.task.yaml')], [['a@2 /x', 'b@1 /b'], ['Invalid=True NotATask']])
  again.update(folder({}, '9:9'), 2)
  assert.deepEqual(running(again), ['a@2 /x', 'b@1 /b'])
  again.update(folder({}), 3)
  assert.deepEqual(running(again), [])
})

test('rows that are none are dropped and deleted', () => {
  const spec = '{"task_id":"a","type":"watch_path"}'
  const good = {
    spec,
    specGeneration: 1,
    wanted: spec,
    generation: 1,
    file: '',
    fileShown: '',
    isStopped: false,
    folder: '',
  }
  const bad: TaskMemory[] = [
    { ...good, taskId: 'a', spec: '{"x":1}' },
    { ...good, taskId: 'other' },
    { ...good, taskId: 'a', wanted: 'x' },
    { ...good, taskId: 'a', specGeneration: 0 },
    { ...good, taskId: 'a', generation: Number.NaN, wanted: `${spec} ` },
  ]
  for (const row of bad) {
    const { started, forget } = new TaskSet({ remembered: [row] }).update(unreadable, 0)
    assert.deepEqual([started, forget], [[], [row.taskId]], JSON.stringify(row))
  }
})

test('stopped tasks are remembered up to a bound, and forgotten on request', () => {
  const set = new TaskSet({ graceMs: 0 })
  const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, i) => [`${i}.task.yaml`, task(`t${i}`)]))
  set.update(folder(many), 0)
  assert.equal(set.update(folder({}), 1).stopped.length, 1_200)
  assert.equal(set.status().length, 1_000)
  const { taskId } = set.status()[0] as TaskStatus
  set.forget(taskId as string)
  assert.equal(set.status().length, 999)
})
