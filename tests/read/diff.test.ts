/** Differences of commits say what really differs: against a full reading of both, after random edits. */
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesKey } from '../../src/base/bytes.ts'
import type { Run } from '../../src/base/entry.ts'
import type { EntryRecord } from '../../src/brick/entry-record.ts'
import { changedFields } from '../../src/read/changed-fields.ts'
import { diffBytes, gapBytesMin } from '../../src/read/diff-bytes.ts'
import { diffEntries, type EntryDifference } from '../../src/read/diff-entries.ts'
import { diffTiles } from '../../src/read/diff-tiles.ts'
import { heatOf } from '../../src/read/heat.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { Editor } from '../fold/edits.ts'
import { fold, isLong, makeLab, openView, Session } from '../fold/lab.ts'

const stepCount = isLong ? 40 : 14
/** Larger contents are sparse files: compared by their tiles. */
const comparedBytesMax = 2 ** 19

function tilesOf(runs: Iterable<Run>): number[] {
  const tiles: number[] = []
  let end = -1
  for (const { start, length } of runs) {
    assert.ok(start > end && length > 0, `run ${start} + ${length} after ${end}`)
    end = start + length
    for (let tile = start; tile < end; tile++) tiles.push(tile)
  }
  return tiles
}

function differingTiles(before: BrickView, after: BrickView): number[] {
  const differing: number[] = []
  for (let tile = 0; tile < Math.max(before.tileCount, after.tileCount); tile++) {
    if (Buffer.compare(before.tile(tile), after.tile(tile)) !== 0) differing.push(tile)
  }
  return differing
}

const entriesOf = (view: BrickView) => new Map([...view.entries()].map((entry) => [bytesKey(entry.path), entry]))

/** Every path of both commits is accounted for once: told, carried along by a folder, or without a difference. */
function assertEntries(before: BrickView, after: BrickView): void {
  const { differences, isWhole, movesSought } = diffEntries(before, after)
  assert.ok(isWhole && movesSought)
  const [was, now] = [entriesOf(before), entriesOf(after)]
  const gone = new Set([...was.keys()].filter((path) => !now.has(path)))
  const come = new Set([...now.keys()].filter((path) => !was.has(path)))
  const folders: Extract<EntryDifference, { change: 'moved' }>[] = []
  for (const difference of differences) {
    if (difference.change === 'removed' || difference.change === 'moved')
      assert.ok(gone.delete(bytesKey(difference.before.path)))
    if (difference.change === 'added' || difference.change === 'moved')
      assert.ok(come.delete(bytesKey(difference.after.path)))
    if (difference.change === 'moved' && difference.withEntries > 0) folders.push(difference)
    if (difference.change !== 'modified' && difference.change !== 'meta') continue
    assert.deepEqual(difference.fields, changedFields(difference.before, difference.after))
    was.delete(bytesKey(difference.after.path))
    now.delete(bytesKey(difference.after.path))
  }
  for (const [path, entry] of now) {
    const other = was.get(path)
    if (other !== undefined) assert.deepEqual(changedFields(other, entry), [], `${path} differs and is not told`)
  }
  assert.equal(gone.size, come.size)
  let carried = 0
  // What lies in a folder that left a folder goes with the nearest one.
  folders.sort((a, b) => b.before.path.length - a.before.path.length)
  for (const { before: from, after: to } of folders) {
    for (const path of [...gone]) {
      if (!path.startsWith(`${bytesKey(from.path)}/`)) continue
      const here = bytesKey(to.path) + path.slice(from.path.length)
      const changed = changedFields(was.get(path) as EntryRecord, now.get(here) as EntryRecord)
      assert.deepEqual(
        changed.filter((field) => field !== 'link'),
        [],
        `${path} > ${here}`,
      )
      assert.ok(gone.delete(path) && come.delete(here))
      carried++
    }
  }
  assert.deepEqual([...gone, ...come], [])
  assert.equal(
    carried,
    folders.reduce((sum, { withEntries }) => sum + withEntries, 0),
  )
}

function contentOf(view: BrickView, entry: EntryRecord): Uint8Array | undefined {
  const holder = entry.linkTo === undefined ? entry : (view.entry(entry.linkTo) as EntryRecord)
  if (holder.size > comparedBytesMax || holder.contentId === undefined) return undefined
  return holder.slot === undefined ? new Uint8Array(0) : view.bytes({ start: holder.slot.start, length: holder.size })
}

/** The runs hold every position that differs, begin and end at one, and are not torn where little is equal between. */
function assertBytes(before: BrickView, after: BrickView): void {
  for (const difference of diffEntries(before, after).differences) {
    if (difference.change !== 'modified' && difference.change !== 'moved') continue
    if (difference.before.kind !== 'file' || difference.after.kind !== 'file') continue
    const [a, b] = [contentOf(before, difference.before), contentOf(after, difference.after)]
    if (a === undefined || b === undefined) continue
    const runs = [...diffBytes({ view: before, entry: difference.before }, { view: after, entry: difference.after })]
    let end = 0
    const isDifferent = (at: number) => a[at] !== b[at]
    const anyDifferent = (from: number, to: number) => {
      for (let at = from; at < to; at++) if (isDifferent(at)) return true
      return false
    }
    for (const [i, { start, length, kind }] of runs.entries()) {
      assert.equal(kind, 'differs')
      assert.ok(i === 0 || start - end >= gapBytesMin)
      assert.ok(!anyDifferent(end, start), 'a difference lies between runs')
      assert.ok(isDifferent(start) && isDifferent(start + length - 1), 'a run is longer than its differences')
      end = start + length
    }
    assert.ok(!anyDifferent(end, Math.max(a.length, b.length)), 'a difference lies behind the runs')
  }
}

for (const seed of seedsOf(isLong ? 12 : 4)) {
  test(`what is told to differ is what differs, between any two commits, seed ${seed}`, async (t) => {
    const lab = makeLab(t)
    const chance = chanceOf(seed)
    mkdirSync(join(lab.source, 'first'))
    for (let i = 0; i < 8; i++) writeFileSync(join(lab.source, `first/${i}`), chance.bytes(chance.below(90_000)))
    const session = new Session(t, lab)
    await session.reconcileAll()
    const views = [session.view]
    const editor = new Editor(lab.source, chance)
    for (let step = 0; step < stepCount; step++) {
      for (let i = 0; i < 1 + chance.below(3); i++) editor.edit()
      const { kind } = await session.reconcileAll()
      if (kind === 'committed') views.push(session.view)
    }
    assert.ok(views.length > stepCount / 2)
    for (let pair = 0; pair < stepCount; pair++) {
      const [before, after] = [chance.pick(views), chance.pick(views)]
      assert.deepEqual(tilesOf(diffTiles(before, after)), differingTiles(before, after))
      assertEntries(before, after)
      assertBytes(before, after)
    }
    const counts = new Map<number, number>()
    const end = session.view.tileCount
    for (const [i, after] of views.entries()) {
      const before = views[i - 1]
      if (before === undefined) continue
      for (const tile of differingTiles(before, after)) if (tile < end) counts.set(tile, (counts.get(tile) ?? 0) + 1)
    }
    const heat = heatOf({ newest: session.view, view: session.view, runsMax: 1_000 })
    const told = new Map<number, number>()
    for (const { start, length, count } of heat.runs)
      for (let tile = start; tile < start + length; tile++) told.set(tile, count)
    assert.deepEqual([heat.steps, heat.blockTiles], [views.length - 1, 1])
    // A tile that a commit wrote and that came out the same is counted by that commit's own list.
    for (const [tile, count] of counts) assert.ok((told.get(tile) ?? 0) >= count, `tile ${tile}`)
  })
}

test('commits of different heights are compared where the smaller one lies in the larger', async (t) => {
  const lab = makeLab(t)
  const grow = (length: number, marks: readonly number[]): void => {
    const fd = openSync(join(lab.source, 'sparse'), 'w')
    ftruncateSync(fd, length)
    for (const at of marks) writeSync(fd, Buffer.alloc(4096, 0x41), 0, 4096, at)
    closeSync(fd)
  }
  const session = new Session(t, lab)
  writeFileSync(join(lab.source, 'a'), 'a'.repeat(100_000))
  grow(2 ** 20, [0])
  await session.reconcileAll()
  const small = session.view
  grow(2 ** 25, [0, 2 ** 24 + 2 ** 22])
  await session.reconcileAll()
  const large = session.view
  assert.ok(large.record.height > small.record.height)
  const expected = differingTiles(small, large)
  assert.ok(expected.length > 0)
  assert.deepEqual(tilesOf(diffTiles(small, large)), expected)
  assert.deepEqual(tilesOf(diffTiles(large, small)), expected)
})

/** Reads are what a difference costs. */
class CountingFile extends BrickFile {
  reads = 0
  override readAt(offset: number, length: number): Uint8Array {
    this.reads++
    return super.readAt(offset, length)
  }
}

test('the difference of one tile in many reads one node and its hashes of each commit on each level', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'large')
  writeFileSync(
    path,
    Buffer.alloc(40 * 2 ** 20, 0x11).map((_, i) => i & 0xff),
  )
  await fold(lab)
  const before = openView(t, lab.brick)
  const fd = openSync(path, 'r+')
  writeSync(fd, 'changed', 20_000_000)
  closeSync(fd)
  await fold(lab)
  const opened = openView(t, lab.brick).file
  const file = new CountingFile(opened.path, opened.fd)
  const after = new BrickView(file, file.readHeadOnce())
  const old = new BrickView(file, { record: before.record, commit: { offset: 0, storedLength: 0 } })
  assert.equal(after.record.height, 2)
  file.reads = 0
  assert.deepEqual(tilesOf(diffTiles(old, after)), [Math.floor(20_000_000 / 65_536)])
  assert.equal(file.reads, 8)
  const { differences } = diffEntries(old, after)
  assert.deepEqual(
    differences.map((difference) => difference.change),
    ['modified'],
  )
  const [large] = differences as unknown as [Extract<EntryDifference, { fields: unknown }>]
  const runs = [...diffBytes({ view: old, entry: large.before }, { view: after, entry: large.after })]
  assert.deepEqual(runs, [{ start: 20_000_000, length: 7, kind: 'differs' }])
})

test('a folder that was renamed is one difference, and what changed in it is told beside', async (t) => {
  const lab = makeLab(t)
  mkdirSync(join(lab.source, 'old/deep'), { recursive: true })
  for (let i = 0; i < 20; i++) writeFileSync(join(lab.source, `old/deep/${i}`), `file ${i}`)
  const session = new Session(t, lab)
  await session.reconcileAll()
  const before = session.view
  renameSync(join(lab.source, 'old'), join(lab.source, 'new'))
  writeFileSync(join(lab.source, 'new/deep/7'), 'something else altogether, and longer than it was before')
  await session.reconcileAll()
  const told = diffEntries(before, session.view).differences.map((difference) => {
    const path = difference.change === 'removed' ? difference.before.path : difference.after.path
    return [difference.change, Buffer.from(path).toString(), 'withEntries' in difference ? difference.withEntries : 0]
  })
  assert.deepEqual(told, [
    ['meta', '', 0],
    ['moved', 'new', 20],
    ['added', 'new/deep/7', 0],
    ['removed', 'old/deep/7', 0],
  ])
})
