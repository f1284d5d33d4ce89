/** What was forgotten is found where it is, and compared as what it is: not known. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import type { EntryRecord } from '../../src/brick/entry-record.ts'
import { forgetPath } from '../../src/fold/forget.ts'
import { viewBehind } from '../../src/read/at.ts'
import { diffBytes } from '../../src/read/diff-bytes.ts'
import { diffEntries } from '../../src/read/diff-entries.ts'
import { diffTiles } from '../../src/read/diff-tiles.ts'
import { Forgotten } from '../../src/read/forgotten.ts'
import { heatOf } from '../../src/read/heat.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { clock, fold, makeLab, openView, random } from '../fold/lab.ts'

const entryOf = (view: BrickView, path: string) => view.entry(utf8(path)) as EntryRecord

test('ranges that one of two commits has forgotten are told as not known, others as they are', async (t) => {
  const lab = makeLab(t)
  const write = (name: string, text: string) => writeFileSync(join(lab.source, name), text)
  write('large', 'L'.repeat(200_000))
  write('neighbour', 'it shared a tile with a secret')
  write('secret', 'hunter2 '.repeat(10))
  await fold(lab)
  write('large', `${'L'.repeat(100_000)}changed${'L'.repeat(99_993)}`)
  write('neighbour', 'it shared a TILE with a secret')
  await fold(lab)
  const { signal } = new AbortController()
  const parts = {
    path: utf8(lab.brick),
    random,
    clock,
    signal,
    pause: async () => undefined,
    onProgress: () => undefined,
  }
  await forgetPath({ ...parts, entryPath: utf8('secret') })
  const newest = openView(t, lab.brick)
  const before = viewBehind(newest, { kind: 'generation', generation: 1 })
  assert.deepEqual([new Forgotten(before).hasAny(), new Forgotten(newest).hasAny()], [true, false])
  const forgotten = new Forgotten(before)
  const paths = ['large', 'neighbour', 'secret']
  assert.deepEqual(
    paths.map((path) => forgotten.hasBytesOf(entryOf(before, path))),
    [false, true, true],
  )
  const ranges = (path: string) => [
    ...diffBytes({ view: before, entry: entryOf(before, path) }, { view: newest, entry: entryOf(newest, path) }),
  ]
  assert.deepEqual(ranges('large'), [{ start: 100_000, length: 7, kind: 'differs' }])
  assert.deepEqual(ranges('neighbour'), [{ start: 0, length: 30, kind: 'unknown' }])
  const changes = diffEntries(before, newest).differences.map(({ change }) => change)
  assert.equal(changes.filter((change) => change === 'modified').length, 2)
  assert.ok([...diffTiles(before, newest)].length > 0)
  assert.equal(heatOf({ newest, view: newest, runsMax: 100 }).steps, newest.record.history.count)
})

test('heat with more runs than there may be is told by larger squares, with the largest count of each', async (t) => {
  const lab = makeLab(t)
  const bytes = Buffer.alloc(64 * 65_536, 7)
  const file = join(lab.source, 'large')
  for (const marks of [[], [0, 2, 4, 9, 40], [9, 41], [9]]) {
    for (const tile of marks) bytes.writeUInt32LE(bytes.readUInt32LE(tile * 65_536) + 1, tile * 65_536)
    writeFileSync(file, bytes)
    await fold(lab)
  }
  const view = openView(t, lab.brick)
  const first = (entryOf(view, 'large').slot?.start as number) / 65_536
  assert.equal(first % 64, 0)
  const shown = (runsMax: number) => {
    const { runs, blockTiles, countMax } = heatOf({ newest: view, view, runsMax })
    return { runs: runs.map(({ start, length, count }) => [start - first, length, count]), blockTiles, countMax }
  }
  const exact = { blockTiles: 1, countMax: 3 }
  const ones = [0, 2, 4].map((tile) => [tile, 1, 1])
  assert.deepEqual(shown(5), { runs: [...ones, [9, 1, 3], [40, 2, 1]], ...exact })
  assert.deepEqual(shown(4), {
    runs: [
      [0, 8, 1],
      [8, 4, 3],
      [40, 4, 1],
    ],
    blockTiles: 4,
    countMax: 3,
  })
  assert.deepEqual(shown(2), {
    runs: [
      [0, 16, 3],
      [32, 16, 1],
    ],
    blockTiles: 16,
    countMax: 3,
  })
  assert.deepEqual(shown(1), { runs: [[0, 64, 3]], blockTiles: 64, countMax: 3 })
})
