/** What happens to the daemon's own process: limits, signals, leftovers. Numbers are those of docs/faults.md. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sfd, until } from './harness.ts'
import { TreeEditor } from './random-edits.ts'
import { assertWhole, brickFile, makeStage, StagedDaemon } from './stage.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'

test('[26] what a killed daemon left, and the pid of a stranger in it, keep nobody out and mislead nobody', async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const first = await StagedDaemon.start(t, { state, sources: [tree] })
  await first.synced()
  await first.running.kill('SIGKILL')
  const note = join(state, 'daemon.json')
  const left = JSON.parse(fs.readFileSync(note, 'utf8'))
  assert.match((await sfd(['sync', '--state', state])).stderr, /DAEMON_ABSENT/)
  fs.writeFileSync(note, JSON.stringify({ ...left, pid: process.pid }))
  assert.match((await sfd(['sync', '--state', state])).stderr, /DAEMON_ABSENT/)
  const next = await StagedDaemon.start(t, { state, sources: [tree] })
  await next.synced()
  await assertWhole(brickFile(state), tree)
})

test('[53] with 256 file descriptors a daemon follows thousands of directories, serves and commits', async (t) => {
  const { tree, state } = makeStage(t)
  for (let i = 0; i < 1_500; i++) fs.mkdirSync(join(tree, `d${i % 30}/e${i}`), { recursive: true })
  let deep = tree
  for (let i = 0; i < 400; i++) deep = join(deep, 'd')
  fs.mkdirSync(deep, { recursive: true })
  fs.writeFileSync(join(deep, 'file'), 'deep')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], through: ['prlimit', '--nofile=256:256'] })
  await daemon.synced()
  for (let i = 0; i < 1_500; i++) fs.writeFileSync(join(tree, `d${i % 30}/e${i}/file`), `${i}`)
  const answers = Array.from({ length: 60 }, () => daemon.bricks())
  await daemon.synced()
  assert.ok((await Promise.all(answers)).every((bricks) => bricks.length === 1))
  await assertWhole(brickFile(state), tree)
  assert.ok(fs.readdirSync(`/proc/${daemon.pid}/fd`).length < 256)
})

test('[53] SIGTERM in the middle of a burst ends the daemon in bounded time, and the next one goes on', async (t) => {
  const { tree, state } = makeStage(t)
  const editor = new TreeEditor(tree, 53)
  for (let i = 0; i < 6; i++) fs.writeFileSync(join(tree, `large${i}`), Buffer.alloc(16_000_000, i + 1))
  for (let round = 0; round < (isLong ? 40 : 1); round++) {
    const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
    const untilMs = performance.now() + 150 * (round % 7)
    do editor.edit()
    while (performance.now() < untilMs)
    const startMs = performance.now()
    await daemon.running.kill('SIGTERM')
    const tookMs = performance.now() - startMs
    assert.ok(tookMs < 15_000, `round ${round}: stopped after ${tookMs} ms`)
    assert.equal(daemon.running.process.exitCode, 0, daemon.running.said())
    assert.deepEqual(
      fs.readdirSync(join(state, 'bricks')).filter((name) => !name.endsWith('.brick')),
      [],
    )
  }
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  await assertWhole(brickFile(state), tree)
})

test('[53] a daemon that was suspended catches up, and its clocks confuse nothing', async (t) => {
  const { tree, state } = makeStage(t)
  const editor = new TreeEditor(tree, 7)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  for (let round = 0; round < 4; round++) {
    process.kill(daemon.pid, 'SIGSTOP')
    for (let i = 0; i < 40; i++) editor.edit()
    process.kill(daemon.pid, 'SIGCONT')
    await daemon.synced()
    await assertWhole(brickFile(state), tree)
  }
})

interface Held {
  readonly fds: number
  readonly watches: number
  readonly temporary: readonly string[]
  readonly logBytes: number
  readonly residentBytes: number
}

async function held(daemon: StagedDaemon, state: string): Promise<Held> {
  const names = fs.readdirSync(state, { recursive: true, encoding: 'utf8' })
  const log = fs.statSync(join(state, 'state.db-wal'), { throwIfNoEntry: false })
  return {
    fds: fs.readdirSync(`/proc/${daemon.pid}/fd`).length,
    watches: await daemon.figure('sfd_watches'),
    temporary: names.filter((name) => /\.partial$|^cookies\/.|^daemon\.json\./.test(name)).sort(),
    logBytes: log?.size ?? 0,
    residentBytes: await daemon.figure('process_resident_memory_bytes'),
  }
}

const soakSeconds = isLong ? 600 : 8

test(`[54] ${soakSeconds} s of churn let neither descriptors, watches, temporary files nor the log of the database grow`, async (t) => {
  const { tree, state } = makeStage(t)
  const editor = new TreeEditor(tree, 54)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  const churn = async (seconds: number): Promise<void> => {
    const untilMs = performance.now() + seconds * 1_000
    while (performance.now() < untilMs) {
      for (let i = 0; i < 20; i++) editor.edit()
      // The same places again and again: what grows is not the tree.
      if (fs.readdirSync(tree).length > 120) {
        for (const name of fs.readdirSync(tree)) fs.rmSync(join(tree, name), { recursive: true })
      }
      await until('a commit', async () => (await daemon.sync()).code === 0)
    }
    for (const name of fs.readdirSync(tree)) fs.rmSync(join(tree, name), { recursive: true })
    await daemon.synced()
  }
  await churn(soakSeconds / 3)
  const before = await held(daemon, state)
  await churn((soakSeconds * 2) / 3)
  const after = await held(daemon, state)
  t.diagnostic(JSON.stringify({ before, after }))
  // Connections of readers come and go.
  assert.ok(after.fds <= before.fds + 16, 'descriptors')
  assert.equal(after.watches, before.watches)
  assert.deepEqual(after.temporary, before.temporary)
  assert.ok(after.logBytes <= 8 * 2 ** 20, 'the log of the database')
  assert.ok(after.residentBytes < before.residentBytes + 128 * 2 ** 20, 'memory')
  await assertWhole(brickFile(state), tree)
})
