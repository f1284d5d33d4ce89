/** What happens to a source and its hints while a real daemon follows it. Numbers are those of docs/faults.md. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHostileTree } from '../fold/hostile-tree.ts'
import { sfd, until } from './harness.ts'
import { MountSpace, mountWhy } from './mount-space.ts'
import { assertWhole, brickFile, makeStage, StagedDaemon } from './stage.ts'

const isRoot = process.getuid?.() === 0
const isLong = process.env['SFD_TEST_LONG'] === '1'

async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until('the daemon stands still', () => /^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')))
}

/** As many events as it takes: each file goes through several names. */
function createUnder(tree: string, files: number, names: number): void {
  for (let i = 0; i < files; i++) {
    const at = (name: number): string => join(tree, `d${i % 40}`, `f${i}-${name}`)
    fs.closeSync(fs.openSync(at(0), 'w'))
    for (let name = 1; name < names; name++) fs.renameSync(at(name - 1), at(name))
  }
}

const created = isLong ? 40_000 : 4_000

test(`[2] stopped while ${created} files are made, the daemon has all of them soon after, and the feed tells of the loss`, async (t) => {
  const { tree, state } = makeStage(t)
  for (let i = 0; i < 40; i++) fs.mkdirSync(join(tree, `d${i}`))
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  await stopProcess(daemon.pid)
  createUnder(tree, created, isLong ? 1 : 5)
  process.kill(daemon.pid, 'SIGCONT')
  const startMs = performance.now()
  await daemon.synced()
  t.diagnostic(`${created} files ${Math.round(performance.now() - startMs)} ms after SIGCONT`)
  await assertWhole(brickFile(state), tree)
  assert.equal((await daemon.brick()).entryCount, 1 + 40 + created)
  assert.ok((await daemon.figure('sfd_overflows_total')) > 0, 'nothing was lost: the test proves nothing')
  const told = await daemon.told()
  assert.ok(told.some(({ kind }) => kind === 'loss'))
})

test('[2] with --on-loss fail the daemon ends with exit code 1 when events were lost, and the next one has everything', async (t) => {
  const { tree, state } = makeStage(t)
  for (let i = 0; i < 40; i++) fs.mkdirSync(join(tree, `d${i}`))
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], args: ['--on-loss', 'fail'] })
  await daemon.synced()
  await stopProcess(daemon.pid)
  createUnder(tree, 400, 50)
  const exited = new Promise((resolve) => daemon.running.process.once('exit', resolve))
  process.kill(daemon.pid, 'SIGCONT')
  assert.equal(await exited, 1, daemon.running.said())
  const next = await StagedDaemon.start(t, { state, sources: [tree] })
  await next.synced()
  await assertWhole(brickFile(state), tree)
})

test('[8] a root that is removed, comes back, or is replaced by another: its brick stays, it is said, and it goes on', async (t) => {
  const { folder, tree, state } = makeStage(t)
  const write = (text: string): void => fs.writeFileSync(join(tree, 'a'), text)
  write('one')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  const before = await daemon.brick()
  fs.renameSync(tree, join(folder, 'away'))
  const gone = await daemon.becomes('stale', /tree/)
  assert.deepEqual([gone.generation, gone.entryCount], [before.generation, 2])
  const refused = await daemon.sync()
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /SOURCE_MISSING/)
  fs.renameSync(join(folder, 'away'), tree)
  write('two')
  await daemon.becomes('live')
  await daemon.synced()
  await assertWhole(brickFile(state), tree)
  fs.rmSync(tree, { recursive: true })
  await daemon.becomes('stale', /tree/)
  fs.mkdirSync(tree)
  write('three')
  await daemon.becomes('live')
  await daemon.synced()
  await assertWhole(brickFile(state), tree)
  fs.mkdirSync(join(folder, 'new'))
  fs.writeFileSync(join(folder, 'new/b'), 'four')
  fs.renameSync(tree, join(folder, 'old'))
  fs.renameSync(join(folder, 'new'), tree)
  await until('the new root', async () => (await daemon.sync()).code === 0)
  await assertWhole(brickFile(state), tree)
  fs.writeFileSync(join(tree, 'c'), 'five')
  await daemon.synced()
  await assertWhole(brickFile(state), tree)
  const generations = (await daemon.told()).filter(({ kind }) => kind === 'removed')
  assert.deepEqual(generations, [])
})

test('[9] a filesystem mounted over a root, or one that is unmounted, is no removal: it is said, and ends by itself', {
  skip: mountWhy,
}, async (t) => {
  const { folder, tree, state } = makeStage(t)
  const space = await MountSpace.open(t)
  const { within } = space
  const disk = join(folder, 'disk')
  fs.mkdirSync(disk)
  space.run('mount', '-t', 'tmpfs', 'sfd-test', disk)
  fs.mkdirSync(space.at(join(disk, 'kept')))
  fs.writeFileSync(space.at(join(disk, 'kept/a')), 'one')
  space.run('mount', '--bind', join(disk, 'kept'), tree)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], within })
  await daemon.synced()
  const before = await daemon.brick()
  const untouched = async (): Promise<void> => {
    const away = await daemon.becomes('stale', /tree/)
    assert.deepEqual([away.generation, away.entryCount], [before.generation, before.entryCount])
    const refused = await daemon.sync()
    assert.deepEqual([refused.code, /SOURCE_/.test(refused.stderr)], [1, true], refused.stderr)
  }
  space.run('mount', '-t', 'tmpfs', 'sfd-test', tree)
  await untouched()
  space.run('umount', tree)
  await daemon.becomes('live')
  space.run('umount', tree)
  await untouched()
  space.run('mount', '--bind', join(disk, 'kept'), tree)
  await daemon.becomes('live')
  fs.writeFileSync(space.at(join(tree, 'b')), 'two')
  await daemon.synced()
  await assertWhole(brickFile(state), tree, within)
  await daemon.running.kill('SIGTERM')
  space.run('umount', tree)
  const next = await StagedDaemon.start(t, { state, sources: [tree], within })
  await next.becomes('stale', /tree/)
  assert.equal((await next.brick()).entryCount, before.entryCount + 1)
  space.run('mount', '--bind', join(disk, 'kept'), tree)
  await until('it goes on', async () => (await next.sync()).code === 0, 60_000)
  await assertWhole(brickFile(state), tree, within)
})

test('[6] where watches run out the rest is polled: it is said with the setting, and a sync misses nothing', async (t) => {
  const { tree, state } = makeStage(t)
  const names = Array.from({ length: 30 }, (_, i) => `d${i}`)
  for (const name of names) fs.mkdirSync(join(tree, name))
  const limit = 'echo 12 > /proc/sys/user/max_inotify_watches; exec "$@"'
  const through = ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh']
  if (spawnSync('unshare', [...through.slice(1, -1), 'sh', 'true']).status !== 0) {
    return t.skip('no user namespace with a limit of its own')
  }
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], through })
  const brick = await daemon.becomes('polled', /fs\.inotify\.max_user_watches=[0-9]+/)
  assert.equal(brick.entryCount, 31)
  for (const name of names) fs.writeFileSync(join(tree, name, 'file'), name)
  await daemon.synced()
  // Owners are who they are in the daemon's namespace.
  const within = ['unshare', '--user', '--map-root-user']
  await assertWhole(brickFile(state), tree, within)
  for (const name of names) fs.writeFileSync(join(tree, name, 'file'), `${name} again`)
  const verify = ['verify', brickFile(state), '--against', tree]
  const changed = async (): Promise<boolean> => (await sfd(verify, { through: within })).code === 0
  await until('what is polled is found without a sync', changed)
})

test('[7] without a free file descriptor nothing is lost or called done, and it goes on when there are some', async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  const before = await daemon.brick()
  const limitTo = (count: number): void => {
    execFileSync('prlimit', ['--pid', `${daemon.pid}`, `--nofile=${count}:`])
  }
  const open = fs.readdirSync(`/proc/${daemon.pid}/fd`).length
  // Descriptors above the limit stay open: one connection and nothing more.
  limitTo(Math.max(...fs.readdirSync(`/proc/${daemon.pid}/fd`).map(Number)) + 2)
  t.diagnostic(`${open} descriptors`)
  for (let i = 0; i < 40; i++) fs.mkdirSync(join(tree, `deep${i}/er`), { recursive: true })
  fs.writeFileSync(join(tree, 'a'), 'two')
  const answer = await daemon.sync()
  if (answer.code === 0) await assertWhole(brickFile(state), tree)
  limitTo(1024)
  await until('it goes on', async () => (await daemon.sync()).code === 0, 60_000)
  await assertWhole(brickFile(state), tree)
  assert.ok((await daemon.brick()).generation > before.generation)
})

test('[12] a source without events is polled and says so; a sync looks at it', async (t) => {
  const { state } = makeStage(t)
  const daemon = await StagedDaemon.start(t, { state, sources: ['/proc/sys/kernel/random/uuid'] })
  await daemon.synced()
  const { generation } = await daemon.becomes('polled')
  await daemon.synced()
  assert.ok((await daemon.brick()).generation > generation)
})

test('[3, 19 to 22] a tree of everything, and 300 bursts of mkdir -p and write into it: nothing is missed or opened', async (t) => {
  const { tree, state } = makeStage(t)
  makeHostileTree(tree, { sizes: 'small', isRoot })
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  for (let i = 0; i < 300; i++) {
    fs.mkdirSync(join(tree, `m${i}/a/b/c`), { recursive: true })
    for (const name of ['1', 'a/2', 'a/b/3', 'a/b/c/4']) fs.writeFileSync(join(tree, `m${i}`, name), 'x')
  }
  await daemon.synced()
  for (let i = 0; i < 300; i++) fs.appendFileSync(join(tree, `m${i}/a/b/c/4`), 'y')
  await daemon.synced()
  await assertWhole(brickFile(state), tree)
})

test('[23] a file that may not be read, or that the disk refuses, is marked; the brick goes on without it', async (t) => {
  const { tree, state } = makeStage(t)
  for (const name of ['a', 'b']) fs.writeFileSync(join(tree, name), `${name} as it was`)
  const bad = join(tree, 'bad')
  const inject = ['-e', 'trace=read,pread64', '-e', 'inject=read,pread64:error=EIO', '-P', bad]
  const through = ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...inject]
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) return t.skip('strace is not allowed here')
  fs.writeFileSync(bad, 'lies on a bad sector')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], through })
  await daemon.synced()
  assert.equal((await daemon.becomes('live')).unreadableCount, 1)
  fs.writeFileSync(join(tree, 'a'), 'changed')
  await daemon.synced()
  const extracted = await sfd(['extract', brickFile(state), 'a', '-o', '-', '--range', '0:7'])
  assert.equal(extracted.stdout, 'changed')
  const listed = await sfd(['ls', brickFile(state), '--json'])
  assert.match(listed.stdout, /"path":"bad".*EIO/)
})

test('[25] state, log and hook output inside the watched root are no part of it, and nothing goes round in a circle', async (t) => {
  const { tree } = makeStage(t)
  const state = join(tree, 'state')
  fs.writeFileSync(join(tree, 'a'), 'one')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  const { generation, entryCount } = await daemon.becomes('live')
  assert.equal(entryCount, 2)
  for (let round = 0; round < 3; round++) await daemon.synced()
  const written = await daemon.figure('sfd_brick_written_bytes_total')
  const told = (await daemon.told()).length
  for (let round = 0; round < 5; round++) await daemon.synced()
  assert.equal((await daemon.brick()).generation, generation)
  assert.equal(await daemon.figure('sfd_brick_written_bytes_total'), written)
  assert.equal((await daemon.told()).length, told)
  await assertWhole(brickFile(state))
})
