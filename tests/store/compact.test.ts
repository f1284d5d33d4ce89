/** Compaction: the same commits in less space, for whoever reads meanwhile and whoever writes afterwards. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { estimateLive, shouldCompact } from '../../src/store/live-bytes.ts'
import { tagCommit } from '../../src/store/tags.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { patternOf } from '../fold/hostile-tree.ts'
import { fold, isLong, type Lab, makeLab, random, Session } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { readDeep } from './deep-read.ts'
import type { CutKind } from './disk-recorder.ts'
import { folderState, nameAfterCut, recordFolder } from './folder-recorder.ts'
import { compact, statesOf, withFile } from './states.ts'

const cutCount = isLong ? 1_000 : 60
const flipCount = isLong ? 400 : 40
const memoryFolder = fs.existsSync('/dev/shm') ? '/dev/shm' : undefined

/** Commits of a tree with small, large, sparse and linked files that changes a little every time. */
async function grow(lab: Lab, session: Session, commits: number): Promise<void> {
  for (let i = 0; i < 40; i++) fs.writeFileSync(join(lab.source, `small${i}`), patternOf(i, 300 * i))
  fs.writeFileSync(join(lab.source, 'large'), patternOf(7, 3_000_000))
  fs.linkSync(join(lab.source, 'large'), join(lab.source, 'other name'))
  fs.truncateSync(join(lab.source, 'small0'), 40_000_000)
  await session.reconcileAll()
  for (let i = 1; i < commits; i++) await changeOnce(lab, session, i)
}

async function changeOnce(lab: Lab, session: Session, i: number): Promise<void> {
  fs.writeFileSync(join(lab.source, `small${i % 7}`), patternOf(i, 200 * i))
  const fd = fs.openSync(join(lab.source, 'large'), 'r+')
  fs.writeSync(fd, Buffer.from(`change ${i}`), 0, undefined, 65_536 * (i % 40))
  fs.closeSync(fd)
  await session.reconcileAll({ reason: `change ${i}` })
}

/** A small tree that loses half of what it had, and some commits. */
async function small(lab: Lab, session: Session, commits: number): Promise<void> {
  for (let i = 0; i < commits; i++) {
    fs.writeFileSync(join(lab.source, `${i % 3}`), patternOf(i, i * 9_000))
    await session.reconcileAll()
  }
}

function tag(session: Session, generation: number, name: string | null): void {
  tagCommit(session.brick.writer, { generation, tag: name, time: { seconds: 1_700_000_000, nanoseconds: 5 } })
}

function partialsIn(lab: Lab): string[] {
  return fs.readdirSync(lab.folder).filter((name) => name.endsWith('.partial'))
}

test('every retained commit is the same after a compaction, and the brick goes on', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await grow(lab, session, 20)
  session.close()
  const before = statesOf(lab.brick)
  const sizeBefore = fs.statSync(lab.brick).size
  const report = await compact(lab.brick)
  assert.deepEqual(statesOf(lab.brick), before)
  assert.equal(report.afterBytes, fs.statSync(lab.brick).size)
  // All of it is in use: what compresses a byte worse may need another page of padding.
  assert.ok(report.afterBytes <= sizeBefore + 4_096, `${sizeBefore} before, ${report.afterBytes} after`)
  if (!witness.skip) await assertWitnessed(lab.brick, { overviews: 'presence' })
  assert.equal((await fold(lab)).generation, 21, 'and goes on')
  assert.deepEqual(statesOf(lab.brick).slice(0, -1), before)
})

test('what no commit needs is gone, and frames that commits share are there once', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  fs.writeFileSync(join(lab.source, 'constant'), randomBytes(4 << 20))
  await session.reconcileAll()
  for (let i = 0; i < 60; i++) {
    fs.writeFileSync(join(lab.source, 'changing'), randomBytes(200_000))
    await session.reconcileAll()
  }
  session.close()
  const live = await liveBytesOf(lab.brick)
  const { afterBytes, beforeBytes } = await compact(lab.brick, { retention: { last: 3, hourly: 0, daily: 0 } })
  assert.ok(beforeBytes > 16 << 20)
  assert.ok(afterBytes < 5.3 * 2 ** 20, `${afterBytes} bytes for 4 MiB and three times 200 kB`)
  assert.ok(live > 13 << 20 && live < beforeBytes, `${live} of ${beforeBytes} bytes were live with 50 commits`)
  const left = await liveBytesOf(lab.brick)
  assert.ok(Math.abs(left - afterBytes) < 0.05 * afterBytes, `${left} estimated, ${afterBytes} there`)
  const record = { fileEnd: 100 << 20 } as Parameters<typeof shouldCompact>[0]['record']
  assert.deepEqual(
    [49, 51].map((percent) => shouldCompact({ record }, percent << 20)),
    [true, false],
  )
  assert.equal(shouldCompact({ record: { ...record, fileEnd: 60 << 20 } }, 1), false, 'not worth the work')
})

async function liveBytesOf(brick: string): Promise<number> {
  const file = BrickFile.open(Buffer.from(brick))
  try {
    return await estimateLive(file, file.readHeadOnce(), async () => undefined)
  } finally {
    file.close()
  }
}

test('a compaction of a compacted brick changes its epoch and nothing else', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await grow(lab, session, 8)
  tag(session, 3, 'three')
  session.close()
  await compact(lab.brick)
  const [states, size, epoch] = [statesOf(lab.brick), fs.statSync(lab.brick).size, epochOf(lab.brick)]
  assert.equal(states[2]?.tag, 'three')
  await compact(lab.brick)
  assert.deepEqual(statesOf(lab.brick), states)
  assert.equal(fs.statSync(lab.brick).size, size)
  assert.notDeepEqual(epochOf(lab.brick), epoch)
})

function epochOf(brick: string): Uint8Array {
  return withFile(brick, (file) => file.readHeadOnce().record.epoch)
}

test('whoever reads the old file goes on reading it', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await small(lab, session, 5)
  session.close()
  const file = BrickFile.open(Buffer.from(lab.brick))
  t.after(() => file.close())
  const head = file.readHeadOnce()
  await compact(lab.brick, { retention: { last: 1, hourly: 0, daily: 0 } })
  await fold(lab)
  readDeep(file, head)
  assert.equal(file.readHeadOnce().record.generation, 5)
  const states = statesOf(lab.brick)
  assert.deepEqual(
    states.map(({ generation }) => generation),
    [5, 6],
    'and a commit without its parent is a good parent',
  )
  if (!witness.skip) await assertWitnessed(lab.brick)
})

test('what is committed during a compaction is there after it', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  fs.writeFileSync(join(lab.source, 'noise'), randomBytes(6 << 20))
  await small(lab, session, 4)
  const { writer } = session.brick
  let pauses = 0
  const before = statesOf(lab.brick)
  const report = await compact(lab.brick, {
    writer,
    pause: async () => {
      if (++pauses % 3 !== 0) return
      fs.writeFileSync(join(lab.source, 'late'), `${pauses}`)
      await session.reconcileAll({ reason: `pause ${pauses}` })
      if (pauses === 3) tag(session, 2, 'during')
    },
    exclusively: async (work) => {
      fs.writeFileSync(join(lab.source, 'last'), 'x')
      await session.reconcileAll({ reason: 'last' })
      return work()
    },
  })
  assert.ok(!writer.isOpen)
  const states = statesOf(lab.brick)
  assert.ok(states.length > before.length + 2 && report.commits === states.length)
  assert.equal(states.at(-1)?.reason, 'last')
  assert.equal(states[1]?.tag, 'during')
  session.reopen()
  await small(lab, session, 1)
})

test('a brick that is opened anew during a compaction is left as it is', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await small(lab, session, 4)
  const before = fs.readFileSync(lab.brick)
  const { writer } = session.brick
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    session.reopen()
    return work()
  }
  const failing = compact(lab.brick, { writer, exclusively })
  await assert.rejects(failing, { code: 'CANCELLED' })
  assert.deepEqual(fs.readFileSync(lab.brick), before)
  assert.deepEqual(partialsIn(lab), [])
  const stop = new AbortController()
  const stopped = compact(lab.brick, {
    writer: session.brick.writer,
    signal: stop.signal,
    pause: async () => stop.abort(),
  })
  await assert.rejects(stopped, { code: 'CANCELLED' })
  assert.ok(session.brick.writer.isOpen, 'and goes on')
  await assert.rejects(compact(lab.brick), { code: 'BRICK_BUSY' })
  await small(lab, session, 1)
})

test('a power cut at any moment of a compaction leaves the old file or the new one', async (t) => {
  const lab = makeLab(t, memoryFolder)
  const session = new Session(t, lab)
  await small(lab, session, 6)
  session.close()
  const expected = statesOf(lab.brick)
  const before = folderState(lab.folder)
  const steps = await recordFolder(lab.folder, () => compact(lab.brick))
  assert.deepEqual(
    steps.slice(-2).map(({ kind }) => kind),
    ['rename', 'folder barrier'],
  )
  const cut = join(lab.folder, 'cut.brick')
  for (const seed of seedsOf(cutCount)) {
    const chance = chanceOf(seed)
    const count = chance.happens(30) ? steps.length - chance.below(4) : chance.below(steps.length + 1)
    const kind = chance.pick<CutKind>(['sectors', 'blocks'])
    fs.writeFileSync(cut, nameAfterCut(before, steps, { name: 'x.brick', count, kind, chance }))
    BrickWriter.open(Buffer.from(cut), random).writer.close()
    assert.deepEqual(statesOf(cut), expected, `seed ${seed}: step ${count} of ${steps.length}`)
  }
})

test('what a killed compaction left is cleared away at the next opening, and a running one is not', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await small(lab, session, 3)
  session.close()
  fs.writeFileSync(`${lab.brick}.0123456789ab.partial`, 'what was copied so far')
  await fold(lab)
  assert.deepEqual(partialsIn(lab), [])
  await compact(lab.brick, { pause: async () => BrickWriter.create(Buffer.from(lab.brick), random).close() })
})

test('damage in what is needed stops a compaction, and is never carried into a new file', async (t) => {
  const lab = makeLab(t, memoryFolder)
  const session = new Session(t, lab)
  await small(lab, session, 5)
  session.close()
  const good = fs.readFileSync(lab.brick)
  const expected = statesOf(lab.brick)
  let refused = 0
  for (const seed of seedsOf(flipCount)) {
    const chance = chanceOf(seed)
    const bytes = Uint8Array.from(good)
    const at = 16_384 + chance.below(good.length - 16_384)
    bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8))
    fs.writeFileSync(lab.brick, bytes)
    try {
      await compact(lab.brick)
      const states = statesOf(lab.brick)
      // A flip in the newest commit makes the recovery take the one before.
      assert.deepEqual(states, expected.slice(0, states.length), `seed ${seed}: byte ${at}`)
      assert.ok(states.length >= expected.length - 1)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'BRICK_DAMAGED', `seed ${seed}: ${String(error)}`)
      refused++
    }
    assert.deepEqual(partialsIn(lab), [])
  }
  assert.ok(refused > flipCount / 3, `${refused} of ${flipCount} were refused`)
})

test('the new file is for whom the old one was, and a link to the brick stays a link', async (t) => {
  const lab = makeLab(t)
  const before = process.umask(0)
  t.after(() => process.umask(before))
  await fold(lab)
  await compact(lab.brick)
  assert.equal(fs.statSync(lab.brick).mode & 0o7777, 0o600)
  fs.chmodSync(lab.brick, 0o640)
  const link = join(lab.folder, 'link.brick')
  fs.symlinkSync('x.brick', link)
  await compact(link)
  assert.ok(fs.lstatSync(link).isSymbolicLink())
  assert.equal(fs.statSync(lab.brick).mode & 0o7777, 0o640)
})

test('bricks of newer formats are refused and not touched', async (t) => {
  const lab = makeLab(t)
  const fixtures = join(import.meta.dirname, '../../spec/fixtures')
  const codes = {
    'version-newer': 'BRICK_VERSION_NEWER',
    'incompat-bit': 'BRICK_VERSION_NEWER',
    'masks-newer': 'BRICK_READ_ONLY',
  }
  for (const [name, code] of Object.entries(codes)) {
    fs.copyFileSync(join(fixtures, `${name}.brick`), lab.brick)
    const bytes = fs.readFileSync(lab.brick)
    await assert.rejects(compact(lab.brick), { code }, name)
    assert.deepEqual(fs.readFileSync(lab.brick), bytes, name)
  }
})

test('shared frames, long records and every kind of tile come through', async (t) => {
  const lab = makeLab(t)
  const fixtures = join(import.meta.dirname, '../../spec/fixtures')
  for (const name of [
    'shared-tiles',
    'each-codec',
    'pruned',
    'unreadable',
    'fill-and-hole',
    'two-commits',
    'many-entries',
  ]) {
    fs.copyFileSync(join(fixtures, `${name}.brick`), lab.brick)
    const states = statesOf(lab.brick)
    const { beforeBytes, afterBytes } = await compact(lab.brick)
    assert.deepEqual(statesOf(lab.brick), states, name)
    assert.ok(afterBytes <= beforeBytes + 4_096, name)
    if (!witness.skip) await assertWitnessed(lab.brick, { overviews: 'presence' })
  }
})
