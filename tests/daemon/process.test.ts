/** The memory of a process, from `sfd up` to what it was some commits ago, and to its end. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { connectDaemon } from '../../src/daemon/client.ts'
import { parseAt, viewBehind } from '../../src/read/at.ts'
import { loggedCommits } from '../../src/read/commits.ts'
import { offsetsOf } from '../../src/read/mapping-path.ts'
import { rangeBytes, rangeTarget } from '../../src/read/range.ts'
import { entryPath } from '../../src/read/select.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { compileGrower, Grower, noCompiler } from './grower.ts'
import { until } from './harness.ts'
import { assertWhole, makeStage, StagedDaemon } from './stage.ts'

const mebibyte = 2 ** 20
const page = 4_096
const skip = noCompiler
const isLong = process.env['SFD_TEST_LONG'] === '1'

test('sfd up proc:PID: commits follow the process, any of them gives its mappings back', { skip }, async (t) => {
  const { folder, state } = makeStage(t)
  const grower = await Grower.start(t, compileGrower(folder))
  const daemon = await StagedDaemon.start(t, { state, sources: [`proc:${grower.pid}`] })
  const followed = await daemon.becomes('polled')
  const { name } = followed
  assert.equal(name, `proc-${grower.pid}-grower`)
  assert.equal(followed.kind, 'process')

  const first = await grower.grow(mebibyte, 'a')
  await sync(state)
  const { generation: before } = await daemon.brick()
  const second = await grower.grow(mebibyte, 'b')
  await sync(state)
  const { generation: after } = await daemon.brick()
  assert.ok(after > before && before >= followed.generation, 'each change is a commit')
  // Nothing more happens: nothing more is committed.
  await sync(state)
  assert.equal((await daemon.brick()).generation, after)

  const brick = join(state, 'bricks', `${name}.brick`)
  const grown = contentOf(brick, { generation: after, named: '[heap]' })
  const start = heapStart(grower.pid)
  assert.ok(grown.equals(grower.memory(start, grown.length)), 'the newest heap is what the process has')
  assert.ok(grown.subarray(first - start, second - start).every((byte) => byte === 0x61))
  assert.ok(grown.subarray(second - start, second - start + mebibyte).every((byte) => byte === 0x62))
  const out = join(folder, 'heap.bin')
  const extracted = await daemon.sfd('extract', name, '[heap]', '--range', ':', '--at', String(before), '-o', out)
  assert.equal(extracted.code, 0, extracted.stderr)
  assert.ok(fs.readFileSync(out).equals(grown.subarray(0, grown.length - mebibyte)), 'the old one is its beginning')

  const range = (prefix: string): string => `${prefix}0x${(second - 2).toString(16)}:0x${(second + 2).toString(16)}`
  const bytes = await daemon.sfd('extract', name, '--range', range(''), '-o', '-')
  assert.equal(bytes.stdout, 'aabb')
  assert.match(bytes.stderr, /taken as addresses: bytes \d+:\d+ of 0x[0-9a-f]+ \[heap\] rw-p/)
  const gone = await daemon.sfd('extract', name, '--at', String(before), '--range', range('va:'), '-o', '-')
  assert.match(gone.stderr, /RANGE_INVALID/)

  await grower.kill()
  const ended = await daemon.becomes('stored', /has ended/)
  await sync(state)
  const [newest, last] = withView(brick, (view) => [...loggedCommits(view)])
  assert.equal(newest?.extras.reason, 'ended')
  assert.equal(newest?.record.generation, ended.generation)
  assert.equal(last?.record.generation, after)
  assert.ok(contentOf(brick, { generation: ended.generation, named: '[heap]' }).equals(grown), 'the last state stays')
  await assertWhole(brick)
})

test('a daemon that was away finds the process as it is now, and one that has ended as ended', { skip }, async (t) => {
  const { folder, state } = makeStage(t)
  const program = compileGrower(folder)
  const grower = await Grower.start(t, program)
  const letters = Array.from({ length: 64 }, () => String.fromCharCode(randomInt(97, 123)))
  const place = await grower.map(letters.length * page, '.')
  const options = { cwd: folder }
  const first = await StagedDaemon.start(t, { state, sources: [`/proc/${grower.pid}`] })
  await first.becomes('polled')
  await first.running.kill('SIGKILL')
  for (const [index, letter] of letters.entries()) await grower.write(place + index * page + 7, letter)

  const second = await StagedDaemon.start(t, { state, sources: [], options })
  const { name, generation: known, uuid } = await second.becomes('polled')
  await sync(state)
  const now = await second.brick()
  assert.ok(now.uuid === uuid && now.generation >= known, 'the same brick goes on')
  const brick = join(state, 'bricks', `${name}.brick`)
  const mapped = withView(brick, (view) => {
    const placed = offsetsOf(view, { from: BigInt(place), to: BigInt(place + letters.length * page) })
    assert.ok(placed !== undefined)
    return Buffer.concat([...rangeBytes(view, rangeTarget(view, placed.entry.path), placed.range)])
  })
  assert.ok(mapped.equals(grower.memory(place, letters.length * page)))
  await second.running.kill('SIGKILL')
  await grower.kill()

  const third = await StagedDaemon.start(t, { state, sources: [], options })
  const ended = await third.becomes('stored', /ended/)
  assert.equal(ended.generation, now.generation + 1)
  await third.running.kill('SIGTERM')

  if (!isLong) return
  const next = await Grower.startAs(t, program, grower.pid)
  const fourth = await StagedDaemon.start(t, {
    state,
    sources: next === undefined ? [] : [`proc:${next.pid}`],
    options,
  })
  if (next === undefined) t.diagnostic('the number of the process could not be had again')
  else await until('the next process is kept', async () => (await states(fourth)).includes(`${name}-2 polled`))
  assert.ok((await states(fourth)).includes(`${name} stored`), 'what has ended stays as it is')
  assert.equal(
    withView(brick, (view) => view.record.generation),
    ended.generation,
  )
})

test('a task of a name goes on with the next process of that name, as another brick', { skip }, async (t) => {
  const { folder, state } = makeStage(t)
  const name = `grow-${randomInt(1e6, 1e7)}`
  const program = compileGrower(folder, name)
  const tasks = join(folder, 'tasks')
  fs.mkdirSync(tasks)
  const task = { task_id: 'mem', type: 'watch_path', source: `proc:${name}`, memory: { freeze: 'stop' } }
  fs.writeFileSync(join(tasks, 'mem.task.json'), JSON.stringify(task))
  const daemon = await StagedDaemon.start(t, { state, sources: [], args: ['--tasks', tasks] })
  const ready = async () => (await daemon.tasks())[0]?.conditions.find(({ type }) => type === 'Ready')
  await until('the task waits', async () => (await ready())?.reason === 'SourceMissing')

  const first = await Grower.start(t, program)
  await until('the first is kept', async () => (await ready())?.status === 'True')
  await first.kill()
  await until('its end is said', async () => (await ready())?.reason === 'Ended')

  const second = await Grower.start(t, program)
  await until('the second is kept', async () => (await states(daemon)).includes('mem-2 polled'))
  assert.deepEqual((await states(daemon)).toSorted(), ['mem stored', 'mem-2 polled'])
  assert.equal((await ready())?.reason, 'Committed')
  // It was held still while it was read, and goes on.
  assert.ok((await second.grow(page, 'x')) > 0)
  const source = (await daemon.bricks()).find((brick) => brick.name === 'mem-2')?.source
  assert.ok(source?.startsWith(`proc:${second.pid}@`))
})

/** As `sfd sync`. */
async function sync(state: string): Promise<void> {
  await connectDaemon(state).control('/api/sync')
}

async function states(daemon: StagedDaemon): Promise<string[]> {
  return (await daemon.bricks()).map((brick) => `${brick.name} ${brick.state}`)
}

/** With the newest commit. */
function withView<T>(brick: string, use: (view: BrickView) => T): T {
  const file = BrickFile.open(utf8(brick))
  try {
    return use(new BrickView(file, file.readHeadOnce()))
  } finally {
    file.close()
  }
}

/** All of a mapping as it was at that commit. */
function contentOf(brick: string, { generation, named }: { generation: number; named: string }): Buffer {
  return withView(brick, (newest) => {
    const view = viewBehind(newest, parseAt(String(generation), 0n))
    const target = rangeTarget(view, entryPath(view, utf8(named)))
    return Buffer.concat([...rangeBytes(view, target, { from: 0, to: target.length })])
  })
}

/** Where the kernel says that its heap begins. */
function heapStart(pid: number): number {
  const line = fs
    .readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .find((each) => each.endsWith('[heap]'))
  return Number.parseInt(line ?? '', 16)
}
