import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { TileKind } from '../brick/node.ts'
import { noPointer } from '../brick/pointer.ts'
import { runsBetween } from './job-pack.ts'
import { TileAction } from './leaf-job.ts'
import { planJob } from './leaf-jobs.ts'
import { BrickModel } from './model.ts'

type Content = Pick<EntryRecord, 'size'> &
  Partial<Pick<EntryRecord, 'contentId' | 'unreadable' | 'unreadableRanges' | 'extents'>>

/** What is owned in tile 0 when it is rebuilt around a file at its beginning that is not read again. */
function ownedOf(content: Content): Run[] {
  const time = { seconds: 1, nanoseconds: 0 }
  const ids = { uid: 0, gid: 0, userName: '', groupName: '', dev: 1n, rdev: 0n, ino: 1n, nlink: 1 }
  const rest = { flags: { torn: false, racy: false, special: false }, grown: 0, unknown: [], xattrs: [] }
  const slot = { start: 0, length: 16_384 }
  const model = BrickModel.load([
    { path: utf8('a'), kind: 'file', mode: 0, mtime: time, ctime: time, slot, ...ids, ...rest, ...content },
  ])
  const actions = new Uint8Array(256)
  actions[0] = TileAction.rebuild
  const plan = {
    model,
    generation: 2,
    readings: new Map(),
    large: [],
    root: utf8('/'),
    reader: 'files' as const,
    tiles: { tile: () => assert.fail('nothing has moved') },
    accept: 'same version' as const,
  }
  const { job } = planJob(plan, { index: 0, actions, item: { previous: { kind: TileKind.absent }, page: noPointer } })
  return [...runsBetween(job.owned, 0, 65_536)].map(({ at, length }) => ({ start: at, length }))
}

const contentId = new Uint8Array(32)

test('a tile that is rebuilt keeps the contents that nobody reads again', () => {
  assert.deepEqual(ownedOf({ size: 10_000, contentId }), [{ start: 0, length: 10_000 }])
})

test('a hole is not owned', () => {
  const extents = [
    { start: 0, length: 100 },
    { start: 8192, length: 50 },
  ]
  assert.deepEqual(ownedOf({ size: 10_000, contentId, extents }), extents)
})

test('what nobody could read is not owned', () => {
  assert.deepEqual(ownedOf({ size: 10_000, unreadable: 'EACCES' }), [])
})

test('of a content with damaged blocks the rest is kept', () => {
  const damaged = { size: 10_000, unreadable: 'EIO', unreadableRanges: [{ start: 4096, length: 4096 }] }
  assert.deepEqual(ownedOf(damaged), [
    { start: 0, length: 4096 },
    { start: 8192, length: 1808 },
  ])
})
