/** What happens to task files and hooks while a real daemon carries them out. Numbers are those of docs/faults.md. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ConditionJson } from '../../src/wire/api.ts'
import { until } from './harness.ts'
import { MountSpace, mountWhy } from './mount-space.ts'
import { assertWhole, makeStage, type Stage, StagedDaemon } from './stage.ts'

interface TaskStage extends Stage {
  readonly tasks: string
  readonly brick: string
  /** Writes the one task file. */
  write(fields?: Readonly<Record<string, unknown>>): void
}

function makeTaskStage(t: TestContext): TaskStage {
  const stage = makeStage(t)
  const tasks = join(stage.folder, 'tasks')
  fs.mkdirSync(tasks)
  fs.writeFileSync(join(stage.tree, 'a'), 'one')
  const write: TaskStage['write'] = (fields = {}) => {
    const task = { task_id: 'one', type: 'watch_path', source: stage.tree, ...fields }
    fs.writeFileSync(join(tasks, 'one.task.json'), JSON.stringify(task))
  }
  return { ...stage, tasks, brick: join(stage.state, 'bricks/one.brick'), write }
}

function start(t: TestContext, { tasks, state }: TaskStage, within: readonly string[] = []): Promise<StagedDaemon> {
  return StagedDaemon.start(t, { state, sources: [], args: ['--tasks', tasks], within })
}

/** Waits for a condition of the one task. */
async function condition(daemon: StagedDaemon, wanted: Partial<ConditionJson>): Promise<ConditionJson> {
  let found: ConditionJson | undefined
  await until(JSON.stringify(wanted), async () => {
    const conditions = (await daemon.tasks()).flatMap((task) => task.conditions)
    const holds = (each: ConditionJson): boolean =>
      Object.entries(wanted).every(([key, value]) => each[key as keyof ConditionJson] === value)
    found = conditions.find(holds)
    return found !== undefined
  }).catch(async (error: unknown) => {
    throw new Error(`${error}: ${JSON.stringify(await daemon.tasks())}`)
  })
  return found as ConditionJson
}

/** Waits for all that the guard against loops has to see. */
const longLane = process.env['SFD_TEST_LONG'] === '1' ? {} : { skip: 'long lane (npm run test:long)' }
const ready = { type: 'Ready', status: 'True' } as const

test('[41] a folder of tasks that is unmounted, unreadable or gone ends no task, and its bricks go on', {
  skip: mountWhy,
}, async (t) => {
  const stage = makeTaskStage(t)
  const { folder, tasks, tree, brick } = stage
  const space = await MountSpace.open(t)
  const { within } = space
  const disk = join(folder, 'disk')
  fs.mkdirSync(disk)
  space.run('mount', '-t', 'tmpfs', 'sfd-test', disk)
  space.run('mount', '--bind', disk, tasks)
  const text = JSON.stringify({ task_id: 'one', type: 'watch_path', source: tree })
  fs.writeFileSync(space.at(join(disk, 'one.task.json')), text)
  const daemon = await start(t, stage, within)
  await condition(daemon, ready)
  const goesOn = async (content: string): Promise<void> => {
    fs.writeFileSync(join(tree, 'a'), content)
    await daemon.synced()
    await assertWhole(brick, tree, within)
    assert.deepEqual(
      (await daemon.tasks()).map(({ task_id }) => task_id),
      ['one'],
    )
    assert.notEqual((await daemon.brick()).state, 'stored')
  }
  space.run('umount', tasks)
  await goesOn('two')
  await condition(daemon, { type: 'Degraded', status: 'True' })
  space.run('mount', '--bind', disk, tasks)
  await goesOn('three')
  fs.renameSync(space.at(join(disk, 'one.task.json')), space.at(join(disk, 'not-now')))
  space.run('umount', tasks)
  fs.rmdirSync(tasks)
  await goesOn('four')
  await daemon.running.kill('SIGKILL')
  const next = await start(t, stage, within)
  await until('the task', async () => (await next.tasks()).length === 1)
  fs.writeFileSync(join(tree, 'a'), 'five')
  await next.synced()
  await assertWhole(brick, tree, within)
})

test('[42] a task file that is deleted and made again at once is the same task; deleted for good during a fold it stops, and its brick stays', async (t) => {
  const stage = makeTaskStage(t)
  const { tasks, tree, state, brick, write } = stage
  write()
  const daemon = await start(t, stage)
  await condition(daemon, ready)
  const { uuid } = await daemon.brick()
  for (let round = 0; round < 5; round++) {
    fs.rmSync(join(tasks, 'one.task.json'))
    write()
  }
  await daemon.synced()
  assert.deepEqual([(await daemon.brick()).uuid, (await daemon.tasks())[0]?.generation], [uuid, 1])
  for (let i = 0; i < 12; i++) fs.writeFileSync(join(tree, `large${i}`), Buffer.alloc(8_000_000, i + 1))
  fs.rmSync(join(tasks, 'one.task.json'))
  await condition(daemon, { type: 'Ready', status: 'False', reason: 'Stopped' })
  await until('the brick is only stored', async () => (await daemon.brick()).state === 'stored')
  await assertWhole(brick)
  assert.deepEqual(fs.readdirSync(join(state, 'bricks')), ['one.brick'])
  write()
  await condition(daemon, ready)
  await daemon.synced()
  assert.equal((await daemon.brick()).uuid, uuid)
  await assertWhole(brick, tree)
})

test('[39, 40, 43] a task that breaks, is doubled or cannot be done is said with its place, and the last good one goes on', async (t) => {
  const stage = makeTaskStage(t)
  const { tasks, tree, brick, write, folder } = stage
  write()
  const daemon = await start(t, stage)
  await condition(daemon, ready)
  fs.writeFileSync(join(tasks, 'one.task.json'), '{"task_id": "one", "type": "watch_path",')
  const invalid = await condition(daemon, { type: 'Invalid', status: 'True' })
  assert.equal(invalid.line, 1)
  fs.writeFileSync(join(tree, 'a'), 'two')
  await daemon.synced()
  await assertWhole(brick, tree)
  write()
  await until('it is valid again', async () =>
    (await daemon.tasks()).every(
      ({ conditions }) => !conditions.some((c) => c.type === 'Invalid' && c.status === 'True'),
    ),
  )
  fs.writeFileSync(join(tasks, 'two.task.yaml'), `task_id: one\ntype: watch_path\nsource: ${folder}\n`)
  await condition(daemon, { type: 'Conflict', status: 'True' })
  fs.writeFileSync(join(tasks, 'two.task.yaml'), `task_id: two\ntype: watch_path\nsource: ${folder}/nothing\n`)
  await condition(daemon, { type: 'Ready', status: 'False', reason: 'SourceMissing' })
  await daemon.synced()
  assert.ok((await daemon.bricks()).every(({ name }) => name === 'one'))
})

/** A hook that notes its key, and does what the rest of the script says. */
function hook(folder: string, script: string): readonly string[] {
  return ['/bin/sh', '-c', `echo "$SFD_KEY" >> '${folder}/keys'; ${script}`]
}

function keys(folder: string): string[] {
  const path = join(folder, 'keys')
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim().split('\n') : []
}

test('[45] a hook that hangs, floods its output or leaves children holds nobody up: syncs go on, and the daemon stops in time', async (t) => {
  const stage = makeTaskStage(t)
  const { folder, tree, brick, write } = stage
  write({
    on_brick: hook(
      folder,
      'trap "" TERM; (trap "" TERM; sleep 1000 & echo $! >> pids; wait) & yes | head -c 50000000; sleep 1000',
    ),
  })
  const daemon = await start(t, stage)
  await until('the hook runs', () => keys(folder).length === 1)
  for (const text of ['two', 'three']) {
    fs.writeFileSync(join(tree, 'a'), text)
    await daemon.synced()
  }
  await assertWhole(brick, tree)
  assert.equal(keys(folder).length, 1, 'one run at a time')
  const pids = fs.readFileSync(join(stage.state, 'pids'), 'utf8').trim().split('\n').map(Number)
  const startMs = performance.now()
  await daemon.running.kill('SIGTERM')
  const tookMs = performance.now() - startMs
  assert.ok(tookMs < 30_000, `stopped after ${tookMs} ms`)
  assert.deepEqual(pids.filter(runs), [])
})

/** One that nobody has asked for its exit code does not run any more. */
function runs(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test(
  '[46] a hook that edits what it is called for is paused, said, and does not keep the brick from following',
  longLane,
  async (t) => {
    const stage = makeTaskStage(t)
    const { folder, tree, brick, write } = stage
    write({ on_brick: hook(folder, `echo x >> '${tree}/by-hook'`) })
    const daemon = await start(t, stage)
    await until(
      'the loop is noticed',
      async () =>
        (await daemon.tasks()).some(({ conditions }) => conditions.some(({ reason }) => reason === 'HookLoop')),
      60_000,
    )
    await daemon.synced()
    const count = keys(folder).length
    assert.ok(count >= 5 && count <= 30, `${count} runs`)
    fs.writeFileSync(join(tree, 'a'), 'two')
    await daemon.synced()
    await assertWhole(brick, tree)
    assert.equal(keys(folder).length, count)
  },
)

test('a folder of tasks that is not there is said at the start', async (t) => {
  const stage = makeTaskStage(t)
  fs.rmSync(stage.tasks, { recursive: true })
  const daemon = await start(t, stage)
  const said = `the folder of tasks ${stage.tasks} cannot be read (it does not exist)`
  await until('the warning', () => daemon.running.said().includes(`${said}; it is looked for again`))
})
