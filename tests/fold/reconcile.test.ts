/** What a reconcile does when things happen around it: it is stopped, clocks are odd, disks fail, sources go. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bytesKey, utf8 } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/ports.ts'
import { TileKind } from '../../src/brick/tile-kind.ts'
import type { Lister } from '../../src/source/artifact.ts'
import { assertConsistent, assertSaysTheTree } from './check-session.ts'
import { patternOf } from './hostile-tree.ts'
import { clock, entryScope, fold, isRoot, makeLab, openView, Session, subtreeScope } from './lab.ts'
import { assertWitnessed, witness } from './witness.ts'

const leafBytes = 2 ** 24

test('a reconcile that is stopped before it has listed everything takes nothing for gone', async (t) => {
  const lab = makeLab(t)
  fs.mkdirSync(join(lab.source, 'folder'))
  for (let i = 0; i < 20; i++) fs.writeFileSync(join(lab.source, `folder/${i}`), '')
  const session = new Session(t, lab)
  await session.reconcileAll()
  await assert.rejects(session.reconcileAll({ signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  assert.equal(session.view.record.generation, 1)
  session.reopen()
  assertSaysTheTree(session)
})

test('a fold that is stopped half-way leaves nothing behind', async (t) => {
  const lab = makeLab(t)
  for (let i = 0; i < 4; i++) fs.writeFileSync(join(lab.source, `${i}`), new Uint8Array(leafBytes).fill(i))
  for (const workers of [0, 2]) {
    const stop = new AbortController()
    const onProgress = ({ doneBytes }: { doneBytes: number }) => {
      if (doneBytes > 0) stop.abort()
    }
    await assert.rejects(fold(lab, { workers, signal: stop.signal, onProgress }), { code: 'CANCELLED' })
    assert.deepEqual(fs.readdirSync(lab.folder), ['source'])
  }
})

test('a file is doubtful by the time of the look at it, however long reading takes', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'a')
  fs.writeFileSync(path, 'just now')
  const { ctimeNs } = fs.lstatSync(path, { bigint: true })
  const session = new Session(t, lab)
  let asked = 0
  const slow: Clock = { ...clock, nowNs: () => ctimeNs + (asked++ === 0 ? 1_000_000n : 3_600_000_000_000n) }
  const result = await session.reconcileAll({ clock: slow })
  assert.ok(result.kind === 'committed')
  assert.deepEqual(result.racy.map(bytesKey), ['a'])
})

test('a file from the future is not looked at again and again', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'a'), 'just now')
  const session = new Session(t, lab)
  const behind: Clock = { ...clock, nowNs: () => clock.nowNs() - 3_600_000_000_000n }
  const result = await session.reconcileAll({ clock: behind })
  assert.ok(result.kind === 'committed')
  assert.deepEqual(result.racy, [])
})

test('a second look that settles a doubtful file makes no commit of its own and is told by the next one', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'a'), 'just now')
  const session = new Session(t, lab)
  const { ctimeNs } = fs.lstatSync(join(lab.source, 'a'), { bigint: true })
  await session.reconcileAll({ clock: { ...clock, nowNs: () => ctimeNs } })
  assert.equal(session.view.entry(utf8('a'))?.flags.racy, true)
  const later: Clock = { ...clock, nowNs: () => clock.nowNs() + 3_600_000_000_000n }
  assert.equal((await session.reconcileAll({ clock: later, commit: 'changed' })).kind, 'unchanged')
  assert.equal(session.view.entry(utf8('a'))?.flags.racy, true)
  fs.writeFileSync(join(lab.source, 'b'), 'new')
  assert.equal((await session.reconcileAll({ clock: later, commit: 'changed' })).kind, 'committed')
  assert.equal(session.view.entry(utf8('a'))?.flags.racy, false)
})

/** From now on reads of that file that touch [from, to) fail. The operating system is all that is stood in for. */
function failReads(t: TestContext, path: string, failure: { code: string; from: number; to: number }): void {
  const { ino } = fs.statSync(path)
  const real = fs.readSync
  const failing = (fd: number, target: Uint8Array, at: number, length: number, position: number): number => {
    const isHit = position < failure.to && position + length > failure.from
    if (isHit && fs.fstatSync(fd).ino === ino) throw Object.assign(new Error(failure.code), { code: failure.code })
    return real(fd, target, at, length, position)
  }
  fs.readSync = failing as typeof fs.readSync
  t.after(() => {
    fs.readSync = real
  })
}

test('a file that its server refuses to read is marked, and the rest is folded', witness, async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'good'), 'good')
  fs.writeFileSync(join(lab.source, 'large'), patternOf(1, 200_000))
  fs.writeFileSync(join(lab.source, 'stale'), patternOf(2, 100_000))
  failReads(t, join(lab.source, 'stale'), { code: 'ESTALE', from: 0, to: 100_000 })
  const { unreadable } = await fold(lab)
  assert.equal(unreadable, 1)
  assert.equal(openView(t, lab.brick).entry(utf8('stale'))?.unreadable, 'ESTALE')
  await assertWitnessed(lab.brick)
})

test('a file that changes whenever it is read is taken as it comes in the end, and marked torn', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'busy')
  fs.writeFileSync(path, patternOf(1, 100_000))
  const { ino } = fs.statSync(path)
  const real = fs.readSync
  let reads = 0
  const changing = (fd: number, target: Uint8Array, at: number, length: number, position: number): number => {
    const read = real(fd, target, at, length, position)
    if (fs.fstatSync(fd).ino === ino) fs.writeFileSync(path, patternOf(++reads, 100_000 + reads))
    return read
  }
  fs.readSync = changing as typeof fs.readSync
  t.after(() => {
    fs.readSync = real
  })
  const { torn } = await fold(lab)
  assert.equal(torn, 1)
  assert.ok(reads >= 10, `it was read ${reads} times`)
  fs.readSync = real
  assert.equal((await fold(lab)).torn, 0)
})

test(
  'a file that is there whenever it is listed and gone whenever it is opened ends as unreadable',
  witness,
  async (t) => {
    const lab = makeLab(t)
    fs.writeFileSync(join(lab.source, 'ghost'), 'boo')
    fs.writeFileSync(join(lab.source, 'real'), 'real')
    const session = new Session(t, lab)
    const listed = [...session.lister.walk(new Uint8Array(0))]
    fs.rmSync(join(lab.source, 'ghost'))
    const stale: Lister = {
      stat: (path) => listed.find(({ meta }) => bytesKey(meta.path) === bytesKey(path)),
      walk: () => listed,
    }
    await session.reconcileAll({ lister: stale })
    assert.equal(session.view.entry(utf8('ghost'))?.unreadable, 'ESTALE')
    await assertWitnessed(lab.brick)
    await session.reconcile([entryScope('ghost')])
    assertSaysTheTree(session)
  },
)

test(
  'damaged blocks of a small file are known by place, and a neighbour in the tile does not wipe the rest',
  witness,
  async (t) => {
    const lab = makeLab(t)
    const content = patternOf(3, 20_000)
    fs.writeFileSync(join(lab.source, 'damaged'), content)
    fs.writeFileSync(join(lab.source, 'neighbour'), 'one')
    failReads(t, join(lab.source, 'damaged'), { code: 'EIO', from: 5000, to: 5001 })
    const session = new Session(t, lab)
    await session.reconcileAll()
    fs.writeFileSync(join(lab.source, 'neighbour'), 'two')
    await session.reconcile([entryScope('neighbour')])
    const { view } = session
    const entry = view.entry(utf8('damaged'))
    assert.deepEqual(entry?.unreadableRanges, [{ start: 4096, length: 4096 }])
    const expected = Uint8Array.from(content)
    expected.fill(0, 4096, 8192)
    assert.deepEqual(view.bytes({ start: entry?.slot?.start ?? -1, length: 20_000 }), expected)
    await assertWitnessed(lab.brick)
  },
)

test('of a file that the kernel stopped telling, what it told is kept with the reason', witness, async (t) => {
  const lab = makeLab(t)
  for (const name of ['small', 'large']) fs.writeFileSync(join(lab.source, name), '')
  const told = new Map([
    ['small', patternOf(1, 1000)],
    ['large', patternOf(2, 100_000)],
  ])
  const session = new Session(t, lab)
  const listed = [...session.lister.walk(new Uint8Array(0))].map(({ meta }) => {
    const content = told.get(bytesKey(meta.path))
    return content === undefined
      ? { meta }
      : { meta: { ...meta, size: content.length, unreadable: 'ETOOBIG' }, content }
  })
  await session.reconcileAll({ lister: { ...session.lister, walk: () => listed } })
  for (const [name, content] of told) {
    const entry = session.view.entry(utf8(name))
    assert.deepEqual({ why: entry?.unreadable, special: entry?.flags.special }, { why: 'ETOOBIG', special: true })
    assert.deepEqual(session.view.bytes({ start: entry?.slot?.start ?? -1, length: content.length }), content)
  }
  await assertWitnessed(lab.brick)
})

test('a source of one file that is gone, or no file any more, leaves the brick as it is', async (t) => {
  const lab = makeLab(t)
  const source = join(lab.source, 'one')
  fs.writeFileSync(source, 'content')
  const session = new Session(t, { source, brick: lab.brick })
  await session.reconcileAll()
  fs.rmSync(source)
  await assert.rejects(session.reconcile([entryScope('one')]), { code: 'SOURCE_MISSING' })
  session.reopen()
  await assert.rejects(session.reconcile([subtreeScope('')]), { code: 'SOURCE_MISSING' })
  session.reopen()
  fs.mkdirSync(source)
  await assert.rejects(session.reconcileAll(), { code: 'SOURCE_KIND' })
  session.reopen()
  assert.deepEqual(
    [...session.view.entries()].map(({ path }) => bytesKey(path)),
    ['one'],
  )
})

test('a brick that loses a level keeps the hole that it begins with', async (t) => {
  const lab = makeLab(t)
  const [hole, data] = [join(lab.source, 'a-hole'), join(lab.source, 'b-data')]
  fs.writeFileSync(hole, '')
  fs.truncateSync(hole, leafBytes)
  fs.writeFileSync(data, patternOf(1, 70_000))
  const session = new Session(t, lab)
  await session.reconcileAll()
  assert.equal(session.view.record.height, 2)
  fs.rmSync(data)
  await session.reconcileAll()
  // Places of what is gone stay free for a while; a restart forgets that.
  session.reopen()
  fs.writeFileSync(join(lab.source, 'c-empty'), '')
  await session.reconcileAll()
  const { view } = session
  assert.deepEqual({ height: view.record.height, length: view.record.length }, { height: 1, length: leafBytes })
  assert.equal(view.locateTile(0).kind, TileKind.hole)
  assertConsistent(session)
})

test('data that became a hole is told as changed, whole leaves too', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'large')
  const size = 3 * leafBytes
  fs.writeFileSync(path, new Uint8Array(size).fill(5))
  const session = new Session(t, lab)
  await session.reconcileAll()
  fs.truncateSync(path, 0)
  fs.truncateSync(path, size)
  const result = await session.reconcile([entryScope('large')])
  assert.ok(result.kind === 'committed')
  assert.deepEqual(result.dirty, [{ start: 0, length: 768 }])
  assert.equal(session.view.extras.dirtyTiles, 768)
  assertConsistent(session)
})

test('a brick inside its own source is no part of it', async (t) => {
  const lab = makeLab(t)
  const brick = join(lab.source, 'x.brick')
  fs.writeFileSync(join(lab.source, 'a'), 'a')
  for (let generation = 1; generation <= 3; generation++) {
    await fold({ source: lab.source, brick })
    const paths = [...openView(t, brick).entries()].map(({ path }) => bytesKey(path))
    assert.deepEqual(paths, ['', 'a'])
  }
})

test('a brick of another source is refused and stays as it is', async (t) => {
  const lab = makeLab(t)
  const other = join(lab.folder, 'other')
  fs.mkdirSync(other)
  await fold(lab)
  const before = fs.readFileSync(lab.brick)
  await assert.rejects(fold({ source: other, brick: lab.brick }), { code: 'BRICK_OTHER_SOURCE' })
  assert.deepEqual(fs.readFileSync(lab.brick), before)
  await fold(lab)
})

test('a file that may not be read is marked with the reason', {
  skip: isRoot && 'root may read everything',
}, async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'secret'), patternOf(1, 100_000))
  fs.chmodSync(join(lab.source, 'secret'), 0)
  const { unreadable } = await fold(lab)
  assert.equal(unreadable, 1)
  assert.equal(openView(t, lab.brick).entry(utf8('secret'))?.unreadable, 'EACCES')
  if (!witness.skip) await assertWitnessed(lab.brick)
})
