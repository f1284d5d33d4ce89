/** What happens to the state folder while a real daemon writes into it. Numbers are those of docs/faults.md. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sfd, until } from './harness.ts'
import { MountSpace, mountWhy } from './mount-space.ts'
import { assertWhole, brickFile, makeStage, StagedDaemon } from './stage.ts'

const mebibyte = 2 ** 20
const isLong = process.env['SFD_TEST_LONG'] === '1'

interface DiskStage {
  readonly tree: string
  readonly state: string
  readonly space: MountSpace
  readonly daemon: StagedDaemon
  brick(): string
}

/** A daemon whose state lies on a small filesystem of its own; the tree has one file. */
async function onSmallDisk(t: TestContext, args: readonly string[]): Promise<DiskStage> {
  const { tree, state } = makeStage(t)
  fs.mkdirSync(state)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const space = await MountSpace.open(t)
  space.run('mount', '-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'sfd-test', state)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], args, within: space.within })
  await daemon.synced()
  const brick = (): string => join(state, 'bricks', fs.readdirSync(space.at(join(state, 'bricks')))[0] as string)
  return { tree, state, space, daemon, brick }
}

test('[30] on a disk that is really full the daemon stays up and readable, says StoreFull, and goes on by itself', {
  skip: mountWhy,
}, async (t) => {
  const { tree, state, space, daemon, brick } = await onSmallDisk(t, ['--min-free', '0'])
  const before = await daemon.brick()
  fs.writeFileSync(join(tree, 'large'), randomBytes(40 * mebibyte))
  const full = await daemon.becomes('stale', /DISK_FULL|full|room|space/i)
  assert.equal(full.commit, before.commit)
  assert.match((await daemon.sync()).stderr, /DISK_FULL/)
  const read = await daemon.sfd('extract', brick(), 'a', '--range', '0:3', '-o', '-')
  assert.equal(read.stdout, 'one', read.stderr)
  await assertWhole(brick(), undefined, space.within)
  space.run('mount', '-o', 'remount,size=160m', state)
  await daemon.becomes('live')
  await daemon.synced()
  await assertWhole(brick(), tree, space.within)
  const numbers = (await daemon.told()).map(({ sequence }) => sequence)
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => (numbers[0] ?? 0) + i),
  )
})

test('[30] a daemon that is started on a full disk comes up, shows what there is, and goes on when there is room', {
  skip: mountWhy,
}, async (t) => {
  const { tree, state, space, daemon, brick } = await onSmallDisk(t, ['--min-free', '0'])
  await daemon.running.kill('SIGKILL')
  spawnSync('dd', ['if=/dev/zero', `of=${space.at(join(state, 'ballast'))}`, 'bs=64k'], { stdio: 'ignore' })
  fs.writeFileSync(join(tree, 'b'), randomBytes(mebibyte))
  const next = await StagedDaemon.start(t, { state, sources: [tree], args: ['--min-free', '0'], within: space.within })
  assert.equal((await next.brick()).generation, 1)
  await next.becomes('stale', /DISK_FULL|full|room|space/i)
  fs.rmSync(space.at(join(state, 'ballast')))
  await next.becomes('live')
  await next.synced()
  await assertWhole(brick(), tree, space.within)
})

test('[30] below --min-free commits wait, with the reason; above it they go on by themselves', {
  skip: mountWhy,
}, async (t) => {
  const { tree, state, space, daemon, brick } = await onSmallDisk(t, ['--min-free', '30'])
  fs.writeFileSync(space.at(join(state, 'ballast')), randomBytes(20 * mebibyte))
  fs.writeFileSync(join(tree, 'a'), 'two')
  await daemon.becomes('stale', /30 %/)
  assert.match((await daemon.sync()).stderr, /DISK_FULL/)
  assert.equal(await daemon.figure('sfd_store_full'), 1)
  fs.rmSync(space.at(join(state, 'ballast')))
  await daemon.becomes('live')
  await daemon.synced()
  await assertWhole(brick(), tree, space.within)
})

test('[32] a state folder that is unmounted is noticed: nothing is written beneath, and it goes on when it is back', {
  skip: mountWhy,
}, async (t) => {
  const { folder, tree } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const space = await MountSpace.open(t)
  const [disk, state] = [join(folder, 'disk'), join(folder, 'state')]
  for (const path of [disk, join(state, 'bricks')]) fs.mkdirSync(path, { recursive: true })
  space.run('mount', '-t', 'tmpfs', 'sfd-test', disk)
  space.run('mount', '--bind', disk, state)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], within: space.within })
  await daemon.synced()
  space.run('umount', '--lazy', state)
  fs.writeFileSync(join(tree, 'a'), 'two')
  await daemon.becomes('stale', /state/)
  fs.mkdirSync(join(tree, 'more'))
  const answer = await daemon.sync()
  assert.equal(answer.code, 1)
  assert.deepEqual(fs.readdirSync(state), ['bricks'])
  assert.deepEqual(fs.readdirSync(join(state, 'bricks')), [])
  space.run('mount', '--bind', disk, state)
  await daemon.becomes('live')
  await daemon.synced()
  const [name] = fs.readdirSync(space.at(join(state, 'bricks')))
  await assertWhole(join(state, 'bricks', name as string), tree, space.within)
})

test('[31, 32] a disk that fails and turns read-only is said, what is committed stays readable, and a restart on a sound disk goes on', {
  skip: mountWhy,
}, async (t) => {
  const { folder, tree, state } = makeStage(t)
  fs.mkdirSync(state)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const space = await MountSpace.open(t)
  const image = join(folder, 'image')
  fs.writeFileSync(image, '')
  fs.truncateSync(image, 64 * mebibyte)
  if (spawnSync('mkfs.ext4', ['-q', image]).status !== 0) return t.skip('no mkfs.ext4')
  if (spawnSync('losetup', ['-f']).status !== 0) return t.skip('no loop device')
  space.run('mount', '-o', 'loop', image, state)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], within: space.within })
  await daemon.synced()
  const before = await daemon.brick()
  space.run('mount', '-o', 'remount,abort', state)
  fs.writeFileSync(join(tree, 'a'), 'two')
  assert.equal((await daemon.sync()).code, 1)
  const after = await daemon.brick()
  assert.equal(after.commit, before.commit)
  assert.match(`${after.state} ${after.message}`, /^(failed|stale) .*(read-only|EROFS|DISK_FAILED)/i)
  const brick = join(state, 'bricks', fs.readdirSync(space.at(join(state, 'bricks')))[0] as string)
  const read = await daemon.sfd('extract', brick, 'a', '--range', '0:3', '-o', '-')
  assert.equal(read.stdout, 'one', read.stderr)
  await daemon.running.kill('SIGTERM')
  space.run('umount', state)
  space.run('sh', '-c', `fsck.ext4 -fy ${image} >/dev/null; mount -o loop ${image} ${state}`)
  const next = await StagedDaemon.start(t, { state, sources: [tree], within: space.within })
  await next.synced()
  await assertWhole(brick, tree, space.within)
})

test('[32] a state folder that is read-only at the start is an error that says so, and no defect', {
  skip: mountWhy,
}, async (t) => {
  const { tree, state, space, daemon } = await onSmallDisk(t, [])
  await daemon.running.kill('SIGTERM')
  space.run('mount', '-o', 'remount,ro', state)
  const refused = await sfd(['up', tree, '--state', state, '--port', '0'], { through: space.within })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /DISK_FAILED: .*EROFS/)
})

test('[31] a barrier that fails is no commit: it is said, the file is opened anew, and what was not acknowledged is done again', async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const first = await StagedDaemon.start(t, { state, sources: [tree] })
  await first.synced()
  await first.running.kill('SIGTERM')
  const brick = brickFile(state)
  const inject = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=1..4', '-P', brick]
  const through = ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...inject]
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) return t.skip('strace is not allowed here')
  fs.writeFileSync(join(tree, 'a'), 'two')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], through })
  const answer = await daemon.sync()
  assert.match(answer.stderr, /DISK_FAILED|BRICK_READ_ONLY/)
  await until('a commit that is durable', async () => (await daemon.sync()).code === 0, 60_000)
  await assertWhole(brick, tree)
  const generations = (await daemon.told()).flatMap((each) => (each.kind === 'commit' ? [each.brick.generation] : []))
  assert.deepEqual(
    generations,
    generations.map((_, i) => i + 1),
  )
})

/** Flips every bit of one byte. */
function flip(path: string, offset: number): void {
  const fd = fs.openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  fs.readSync(fd, byte, 0, 1, offset)
  fs.writeSync(fd, Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, offset)
  fs.closeSync(fd)
}

function asides(state: string): string[] {
  return fs.readdirSync(join(state, 'bricks')).filter((name) => name.includes('.damaged-'))
}

test('[33] a flipped byte is found when it is read: the brick is moved aside, folded anew and told', async (t) => {
  const { tree, state } = makeStage(t)
  const bytes = randomBytes(300_000)
  fs.writeFileSync(join(tree, 'a'), bytes)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  const { uuid, commit } = await daemon.brick()
  const path = brickFile(state)
  flip(path, fs.readFileSync(path).indexOf(bytes.subarray(70_000, 70_032)))
  const found = await sfd(['verify', path])
  assert.equal(found.code, 1, 'nothing is damaged: the test proves nothing')
  const tiles = await daemon.ask(`/b/${uuid}/${commit}/tiles?l=0&i=0-4`)
  assert.match(tiles.headers.get('x-sfd-tiles') ?? '', /u/, 'what is damaged is not served')
  await until('the brick is made anew', async () => {
    const brick = await daemon.brick()
    return brick.uuid !== uuid && brick.state === 'live'
  })
  await assertWhole(brickFile(state), tree)
  assert.equal(asides(state).length, 1)
  assert.match(daemon.running.said(), /is folded anew: .*damaged-1/)
  const told = await daemon.told()
  assert.ok(told.some((each) => each.kind === 'removed' && each.uuid === uuid))
  fs.writeFileSync(join(tree, 'b'), 'more')
  await daemon.synced()
  await assertWhole(brickFile(state), tree)
})

test('[33] a brick that lost everything but its head is moved aside at the start, and made anew under its name', async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), randomBytes(100_000))
  for (const round of isLong ? [1, 2, 3] : [1]) {
    const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
    await until('a whole brick', async () => (await daemon.sync()).code === 0)
    const path = brickFile(state)
    await assertWhole(path, tree)
    assert.equal(asides(state).length, Math.min(round - 1, 2))
    await daemon.running.kill('SIGTERM')
    const fd = fs.openSync(path, 'r+')
    const { size } = fs.fstatSync(fd)
    fs.writeSync(fd, Buffer.alloc(size - 16_384), 0, undefined, 16_384)
    fs.closeSync(fd)
  }
})

test('[33] a flipped byte in the list of entries is found by the daemon itself', async (t) => {
  const { tree, state } = makeStage(t)
  for (let i = 0; i < 2_000; i++) fs.writeFileSync(join(tree, randomBytes(40).toString('hex')), '')
  const first = await StagedDaemon.start(t, { state, sources: [tree] })
  await first.synced()
  const { uuid } = await first.brick()
  await first.running.kill('SIGTERM')
  const path = brickFile(state)
  for (let offset = 20_000; (await sfd(['ls', path])).code === 0; offset += 5_000) flip(path, offset)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await until('a whole brick', async () => (await daemon.sync()).code === 0)
  await assertWhole(brickFile(state), tree)
  assert.equal(asides(state).length, 1)
  assert.notEqual((await daemon.brick()).uuid, uuid)
})

test('[36] a brick that somebody deletes while it is kept is made anew, and nothing is acknowledged that no file holds', async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  const { uuid } = await daemon.brick()
  fs.rmSync(brickFile(state))
  fs.writeFileSync(join(tree, 'a'), 'two')
  await until('a new brick', async () => (await daemon.sync()).code === 0 && (await daemon.brick()).uuid !== uuid)
  await assertWhole(brickFile(state), tree)
  const told = await daemon.told()
  assert.ok(told.some((each) => each.kind === 'removed' && each.uuid === uuid))
})

test('[36] a foreign file among the bricks, and one of another source under the name of this one, are said and left alone', async (t) => {
  const { folder, tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  fs.mkdirSync(join(state, 'bricks'), { recursive: true })
  const foreign = join(state, 'bricks/foreign.brick')
  fs.writeFileSync(foreign, 'no brick at all, but long enough to be looked at as one'.repeat(500))
  fs.mkdirSync(join(folder, 'other'))
  const name = `${tree.slice(1).replaceAll('/', '-')}.brick`
  const other = join(state, 'bricks', name)
  assert.equal((await sfd(['fold', join(folder, 'other'), '-o', other])).code, 0)
  const was = [foreign, other].map((path) => fs.readFileSync(path))
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  assert.match(daemon.running.said(), /foreign\.brick is left alone: /)
  const followed = (await daemon.bricks()).find(({ source }) => source === tree)
  assert.ok(followed !== undefined && `${followed.name}.brick` !== name)
  await assertWhole(join(state, 'bricks', `${followed.name}.brick`), tree)
  assert.deepEqual(
    [foreign, other].map((path) => fs.readFileSync(path)),
    was,
  )
})

test('[36, 38] modes that others were given are taken back at the next start, whatever the umask', async (t) => {
  const { tree, state } = makeStage(t)
  fs.chmodSync(tree, 0o700)
  fs.writeFileSync(join(tree, 'secret'), 'one', { mode: 0o600 })
  const through = ['sh', '-c', 'umask 0; exec "$@"', 'sh']
  const first = await StagedDaemon.start(t, { state, sources: [tree], through })
  await first.synced()
  const open = (): string[] => {
    const names = ['', ...fs.readdirSync(state, { recursive: true, encoding: 'utf8' })]
    return names.filter((name) => (fs.lstatSync(join(state, name)).mode & 0o077) !== 0)
  }
  assert.deepEqual(open(), [])
  await first.running.kill('SIGTERM')
  for (const name of [
    'bricks',
    'state.db',
    'token',
    join('bricks', fs.readdirSync(join(state, 'bricks'))[0] as string),
  ]) {
    fs.chmodSync(join(state, name), name === 'bricks' ? 0o755 : 0o644)
  }
  const second = await StagedDaemon.start(t, { state, sources: [tree] })
  await second.synced()
  assert.deepEqual(open(), [])
})

test('[37] what a newer version wrote is refused by name and not touched: a brick alone, the state as a whole', async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const first = await StagedDaemon.start(t, { state, sources: [tree] })
  await first.synced()
  await first.running.kill('SIGTERM')
  const brick = brickFile(state)
  const newer = fs.readFileSync(join(import.meta.dirname, '../../spec/fixtures', newerFixture))
  fs.writeFileSync(brick, newer)
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  assert.match(daemon.running.said(), /version 3, this build reads version 2/)
  assert.deepEqual(fs.readFileSync(brick), newer)
  await daemon.running.kill('SIGTERM')
  const database = join(state, 'state.db')
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(database)
  db.exec('pragma user_version = 1000000')
  db.close()
  const was = fs.readFileSync(database)
  const refused = await sfd(['up', tree, '--state', state, '--port', '0'])
  assert.deepEqual([refused.code, /STATE_NEWER/.test(refused.stderr)], [1, true], refused.stderr)
  assert.deepEqual(fs.readFileSync(database), was)
})

const newerFixture = 'version-newer.brick'
