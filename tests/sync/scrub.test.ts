/** Reading again: what no event and no time tells is found all the same (faults 10 and 11). */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { utf8 } from '../../src/base/bytes.ts'
import { Scrubber, type ScrubSlice, scrubEntriesMax } from '../../src/daemon/scrubber.ts'
import { assertConsistent, assertSaysTheTree } from '../fold/check-session.ts'
import { patternOf } from '../fold/hostile-tree.ts'
import { clock, entryScope, type Lab, makeLab, Session, subtreeScope } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { Follower } from './follower.ts'
import { MappedWriter } from './mapped-writer.ts'

/** A file stays doubtful for 20 ms after it changed. */
const doubtMs = 25
const never = new AbortController().signal

/** Stores into dirty pages of a file that the brick knows; false where this filesystem tells of it after all. */
async function storeSilently(writer: MappedWriter, path: string, offset: number): Promise<boolean> {
  const before = fs.lstatSync(path, { bigint: true })
  await writer.store(offset, 0xee)
  const after = fs.lstatSync(path, { bigint: true })
  return before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs
}

async function slices(session: Session, scrubber: Scrubber, bytesMax: number): Promise<ScrubSlice[]> {
  const target = { model: session.brick.model, lister: session.lister, root: session.source.root }
  const all: ScrubSlice[] = []
  do all.push(await scrubber.slice(target, { bytesMax, signal: never }))
  while (!all.at(-1)?.isPassDone)
  return all
}

function suspectsOf(all: readonly ScrubSlice[]): string[] {
  return all.flatMap(({ suspects }) => suspects.map(({ path, look }) => `${look ?? 'stat'} ${Buffer.from(path)}`))
}

for (const [name, size, offset] of [
  ['small', 5_000, 4_097],
  ['of several tiles', 300_000, 200_001],
] as const) {
  test(
    `[10] a store through mmap is missed by a look at metadata and found by a scrub: a file ${name}`,
    witness,
    async (t) => {
      const lab = makeLab(t)
      const path = join(lab.source, 'mapped')
      fs.writeFileSync(path, patternOf(1, size))
      fs.writeFileSync(join(lab.source, 'neighbour'), 'as it was')
      const writer = new MappedWriter(t, path)
      await writer.store(offset, 1)
      await sleep(doubtMs)
      const session = new Session(t, lab)
      await session.reconcileAll()
      if (!(await storeSilently(writer, path, offset))) return t.skip('this filesystem tells of stores through mmap')
      assert.equal((await session.reconcileAll()).kind, 'unchanged')
      const all = await slices(session, new Scrubber(clock), 2 ** 20)
      assert.deepEqual(suspectsOf(all), ['content mapped'])
      const result = await session.reconcile(all.flatMap(({ suspects }) => suspects))
      assert.equal(result.kind, 'committed')
      assertSaysTheTree(session)
      assertConsistent(session)
      session.close()
      await assertWitnessed(lab.brick)
    },
  )
}

test(
  '[10] a follower finds a store through mmap by itself, and says since when everything is verified',
  witness,
  async (t) => {
    const lab = makeLab(t)
    const path = join(lab.source, 'mapped')
    fs.writeFileSync(path, patternOf(1, 100_000))
    const writer = new MappedWriter(t, path)
    await writer.store(70_000, 1)
    await sleep(doubtMs)
    const follower = await Follower.start(t, lab, { policy: { scrubMs: 200, rescanMs: null } })
    const foldedMs = follower.sync.verifiedAtMs as number
    if (!(await storeSilently(writer, path, 70_000))) return t.skip('this filesystem tells of stores through mmap')
    await follower.until(() => follower.bytesOf('mapped')?.[70_000] === 0xee)
    assert.equal(follower.results.at(-1)?.reason, 'scrub')
    await follower.until(() => (follower.sync.verifiedAtMs as number) > foldedMs)
  },
)

test('[11] a write through a hard link outside gives no event and is found by the rescan', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'inside'), 'before')
  const outside = join(lab.folder, 'outside')
  fs.linkSync(join(lab.source, 'inside'), outside)
  await sleep(doubtMs)
  const follower = await Follower.start(t, lab, { policy: { rescanMs: 300, scrubMs: null } })
  fs.writeFileSync(outside, 'after')
  await follower.until(() => follower.bytesOf('inside')?.toString() === 'after')
  assert.equal(follower.results.at(-1)?.reason, 'rescan')
})

test('a content look at one name of a hard link reads the content that all share', witness, async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'a')
  fs.writeFileSync(path, patternOf(1, 5_000))
  fs.linkSync(path, join(lab.source, 'b'))
  const writer = new MappedWriter(t, path)
  await writer.store(1, 1)
  await sleep(doubtMs)
  const session = new Session(t, lab)
  await session.reconcileAll()
  if (!(await storeSilently(writer, path, 1))) return t.skip('this filesystem tells of stores through mmap')
  assert.equal((await session.reconcile([entryScope('b')])).kind, 'unchanged')
  assert.equal((await session.reconcile([{ ...entryScope('b'), look: 'content' }])).kind, 'committed')
  assertSaysTheTree(session)
  assertConsistent(session)
})

test('a content look at what is as it was commits and writes nothing', async (t) => {
  const { session } = await foldedTree(t)
  const end = session.brick.writer.end[0]
  const result = await session.reconcile([{ ...subtreeScope(''), look: 'content' }])
  assert.deepEqual([result.kind, result.writtenBytes], ['unchanged', 0])
  assert.equal(session.brick.writer.end[0], end)
  assertConsistent(session)
})

test('a pass goes over every content once, in slices, whatever their size', async (t) => {
  const { session } = await foldedTree(t)
  const contents = [...session.brick.model.entries]
    .map(([, entry]) => entry)
    .filter(({ slot, linkTo }) => slot && linkTo === undefined)
  const dataBytes = contents.reduce(
    (sum, entry) => sum + (entry.extents ?? [{ length: entry.size }]).reduce((a, { length }) => a + length, 0),
    0,
  )
  const scrubber = new Scrubber(clock)
  for (const bytesMax of [1, 100_000, 2 ** 30]) {
    const all = await slices(session, scrubber, bytesMax)
    assert.deepEqual(suspectsOf(all), [])
    assert.equal(
      all.reduce((sum, { entries }) => sum + entries, 0),
      contents.length,
    )
    const bytes = all.reduce((sum, slice) => sum + slice.bytes, 0)
    assert.ok(bytes >= dataBytes && bytes < dataBytes + contents.length * 65_536, `${bytes} read of ${dataBytes}`)
    assert.ok(all.every((slice) => slice.bytes < bytesMax + 2 ** 21 && slice.entries <= scrubEntriesMax))
    assert.equal(new Set(all.map(({ passBeganMs }) => passBeganMs)).size, 1)
    assert.equal(scrubber.progress, undefined)
  }
})

test('what changed under a pass is left to an ordinary look, and what came back after it is compared anew', async (t) => {
  const { session, lab } = await foldedTree(t)
  fs.writeFileSync(join(lab.source, 'large'), 'short now')
  fs.rmSync(join(lab.source, 'small-3'))
  const scrubber = new Scrubber(clock)
  const all = await slices(session, scrubber, 2 ** 30)
  assert.deepEqual(suspectsOf(all).sort(), ['stat large', 'stat small-3'])
  await session.reconcile(all.flatMap(({ suspects }) => suspects))
  assertSaysTheTree(session)
  await sleep(doubtMs)
  assert.deepEqual(
    suspectsOf(await slices(session, scrubber, 2 ** 30)).filter((text) => text.startsWith('content')),
    [],
  )
})

test('a large file that changes between two slices is not judged by bytes of two versions', async (t) => {
  const { session, lab } = await foldedTree(t)
  const scrubber = new Scrubber(clock)
  const target = { model: session.brick.model, lister: session.lister, root: session.source.root }
  const slice = (): Promise<ScrubSlice> => scrubber.slice(target, { bytesMax: 1, signal: never })
  const first = await slice()
  assert.deepEqual([first.entries, first.suspects.length], [0, 0], 'the large file comes first and is not done')
  fs.appendFileSync(join(lab.source, 'large'), 'more')
  assert.deepEqual(suspectsOf([await slice()]), ['stat large'])
})

test('a file that cannot be read again is counted, and what the brick holds of it is kept', async (t) => {
  const { session, lab } = await foldedTree(t)
  const { ino } = fs.statSync(join(lab.source, 'large'))
  const real = fs.readSync
  t.after(() => {
    fs.readSync = real
  })
  const failing = (fd: number, target: Uint8Array, at: number, length: number, position: number): number => {
    if (fs.fstatSync(fd).ino === ino) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    return real(fd, target, at, length, position)
  }
  fs.readSync = failing as typeof fs.readSync
  const all = await slices(session, new Scrubber(clock), 2 ** 30)
  assert.deepEqual([suspectsOf(all), all.reduce((sum, { unreadable }) => sum + unreadable, 0)], [[], 1])
})

test('a pass that is stopped stops at once and goes on later', async (t) => {
  const { session } = await foldedTree(t)
  const target = { model: session.brick.model, lister: session.lister, root: session.source.root }
  const scrubber = new Scrubber(clock)
  const stopped = await scrubber.slice(target, { bytesMax: 2 ** 30, signal: AbortSignal.abort() })
  assert.deepEqual([stopped.entries, stopped.isPassDone], [0, false])
  const rest = (await slices(session, scrubber, 2 ** 30)).at(-1)
  assert.ok(rest?.isPassDone && rest.passBeganMs === stopped.passBeganMs)
})

/** A tree of large, small, sparse, empty and linked files, folded when nothing of it was doubtful. */
async function foldedTree(t: TestContext): Promise<{ session: Session; lab: Lab }> {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'large'), patternOf(1, 5_000_000))
  for (let i = 0; i < 700; i++) fs.writeFileSync(join(lab.source, `small-${i}`), patternOf(i, 10 + i))
  fs.writeFileSync(join(lab.source, 'empty'), '')
  fs.linkSync(join(lab.source, 'small-1'), join(lab.source, 'z-link'))
  const fd = fs.openSync(join(lab.source, 'sparse'), 'w')
  fs.ftruncateSync(fd, 2 ** 34)
  fs.writeSync(fd, utf8('in the middle'), 0, 13, 2 ** 33)
  fs.closeSync(fd)
  await sleep(doubtMs)
  const session = new Session(t, lab)
  await session.reconcileAll()
  return { session, lab }
}
