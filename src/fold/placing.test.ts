import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesKey, utf8 } from '../base/bytes.ts'
import type { EntryMeta, Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { Listed } from '../source/list.ts'
import type { Difference } from './listing.ts'
import { BrickModel } from './model.ts'
import { type Placing, placeContents } from './placing.ts'

interface FileIs {
  readonly path: string
  readonly ino: number
  readonly size: number
  readonly nlink?: number
  readonly unreadable?: string
}

const time = { seconds: 1, nanoseconds: 0 }

function listed({ path, ino, size, nlink = 1, unreadable }: FileIs): Listed {
  const ids = { uid: 0, gid: 0, userName: '', groupName: '', dev: 1n, rdev: 0n }
  const meta: EntryMeta = {
    path: utf8(path),
    kind: 'file',
    mode: 0o644,
    ...ids,
    size,
    mtime: time,
    ctime: time,
    ino: BigInt(ino),
    nlink,
    xattrs: [],
  }
  return { meta: unreadable === undefined ? meta : { ...meta, unreadable } }
}

/** A model that holds these files, read once. */
function modelOf(files: readonly FileIs[]): BrickModel {
  const model = BrickModel.load([])
  placeContents(
    model,
    files.map((file) => ({ key: file.path, before: undefined, after: listed(file) })),
  )
  for (const [key, entry] of [...model.entries]) if (entry.linkTo === undefined) readAs(model, key, 7)
  return model
}

/** As reading would end: every content has an id. */
function readAs(model: BrickModel, key: string, id: number): void {
  const entry = model.entries.get(key) as EntryRecord
  model.set({ ...entry, contentId: new Uint8Array(32).fill(id) })
  model.shareContent(key)
}

/** Replaces what the model says of the named paths by these files. */
function change(model: BrickModel, names: readonly string[], files: readonly FileIs[]): Placing {
  const differences: Difference[] = names.map((key) => {
    const file = files.find(({ path }) => path === key)
    return { key, before: model.entries.get(key), after: file && listed(file) }
  })
  return placeContents(model, differences)
}

function slotOf(model: BrickModel, key: string): Run | undefined {
  return model.entries.get(key)?.slot
}

function readPaths({ readings }: Placing): string[] {
  return readings.map(({ holder }) => holder)
}

test('a file that is replaced by rename stays where it was', () => {
  const model = modelOf([{ path: 'a', ino: 1, size: 5000 }])
  const slot = slotOf(model, 'a')
  const placing = change(model, ['a'], [{ path: 'a', ino: 2, size: 6000 }])
  assert.deepEqual(slotOf(model, 'a'), slot)
  assert.deepEqual(readPaths(placing), ['a'])
  assert.deepEqual(placing.freed, [])
})

test('a file that is renamed keeps its place, and is read again', () => {
  const model = modelOf([{ path: 'a', ino: 1, size: 5000 }])
  const slot = slotOf(model, 'a')
  const placing = change(model, ['a', 'b'], [{ path: 'b', ino: 1, size: 5000 }])
  assert.deepEqual(slotOf(model, 'b'), slot)
  assert.equal(model.entries.has('a'), false)
  assert.deepEqual(placing.freed, [])
})

test('a path has the better right to a slot than an inode that left it', () => {
  const model = modelOf([{ path: 'a', ino: 1, size: 5000 }])
  const slot = slotOf(model, 'a')
  change(
    model,
    ['a', 'b'],
    [
      { path: 'a', ino: 2, size: 10 },
      { path: 'b', ino: 1, size: 5000 },
    ],
  )
  assert.deepEqual(slotOf(model, 'a'), slot)
  assert.notDeepEqual(slotOf(model, 'b'), slot)
})

test('two files that swap their names keep the places of the names', () => {
  const model = modelOf([
    { path: 'a', ino: 1, size: 100 },
    { path: 'b', ino: 2, size: 100 },
  ])
  const [a, b] = [slotOf(model, 'a'), slotOf(model, 'b')]
  const placing = change(
    model,
    ['a', 'b'],
    [
      { path: 'a', ino: 2, size: 100 },
      { path: 'b', ino: 1, size: 100 },
    ],
  )
  assert.deepEqual([slotOf(model, 'a'), slotOf(model, 'b')], [a, b])
  assert.deepEqual(readPaths(placing), ['a', 'b'])
})

test('a file that outgrows its slot gets another one with room to grow, and gives the old one up', () => {
  const model = modelOf([{ path: 'a', ino: 1, size: 100 }])
  const slot = slotOf(model, 'a')
  const placing = change(model, ['a'], [{ path: 'a', ino: 1, size: 1000 }])
  assert.deepEqual(
    placing.freed.map((record) => record.slot),
    [slot],
  )
  assert.equal(model.entries.get('a')?.grown, 1)
  assert.ok((slotOf(model, 'a')?.length ?? 0) >= 1250)
})

test('a path that begins like a note of our own is a path as any other', () => {
  const model = modelOf([
    { path: 'x', ino: 1, size: 100 },
    { path: 'former:x', ino: 2, size: 100 },
  ])
  const slots = [slotOf(model, 'x'), slotOf(model, 'former:x')]
  const placing = change(
    model,
    ['x', 'former:x'],
    [
      { path: 'x', ino: 1, size: 90_000 },
      { path: 'former:x', ino: 2, size: 90 },
    ],
  )
  assert.deepEqual(slotOf(model, 'former:x'), slots[1])
  assert.deepEqual(
    placing.freed.map((record) => record.slot),
    [slots[0]],
  )
  const gone = change(model, ['x', 'former:x'], [{ path: 'x', ino: 1, size: 900_000 }])
  assert.equal(gone.freed.length, 2)
})

test('an empty file owns nothing, and one that becomes empty gives its slot up', () => {
  const model = modelOf([{ path: 'a', ino: 1, size: 100 }])
  const placing = change(model, ['a'], [{ path: 'a', ino: 1, size: 0 }])
  assert.equal(slotOf(model, 'a'), undefined)
  assert.equal(placing.freed.length, 1)
  assert.deepEqual(readPaths(placing), [])
  assert.ok(model.entries.get('a')?.contentId)
})

test('an unreadable file has a slot of its size and is not read', () => {
  const model = modelOf([])
  const placing = change(model, ['a'], [{ path: 'a', ino: 1, size: 70_000, unreadable: 'EACCES' }])
  assert.deepEqual(readPaths(placing), [])
  assert.deepEqual(
    placing.unreadable.map(({ holder }) => holder),
    ['a'],
  )
  assert.ok(slotOf(model, 'a'))
})

test('the names of one inode share one content, held by the one with the smallest key', () => {
  const model = modelOf([
    { path: 'b', ino: 1, size: 100, nlink: 2 },
    { path: 'a', ino: 1, size: 100, nlink: 2 },
  ])
  assert.equal(slotOf(model, 'b'), undefined)
  assert.deepEqual(model.entries.get('b')?.linkTo, utf8('a'))
  assert.deepEqual(model.entries.get('b')?.contentId, model.entries.get('a')?.contentId)
  assert.equal(model.counts.bytes, 100)
})

test('a new name with a smaller key takes the content over, place and all', () => {
  const model = modelOf([
    { path: 'm', ino: 1, size: 100, nlink: 2 },
    { path: 'n', ino: 1, size: 100, nlink: 2 },
  ])
  const slot = slotOf(model, 'm')
  const names = ['a', 'm', 'n']
  const placing = change(
    model,
    names,
    names.map((path) => ({ path, ino: 1, size: 100, nlink: 3 })),
  )
  assert.deepEqual(slotOf(model, 'a'), slot)
  assert.deepEqual(
    names.map((name) => model.entries.get(name)?.linkTo && bytesKey(model.entries.get(name)?.linkTo as Uint8Array)),
    [undefined, 'a', 'a'],
  )
  assert.deepEqual(placing.freed, [])
})

test('when the name that holds a content goes, the next one takes it over', () => {
  const model = modelOf([
    { path: 'a', ino: 1, size: 100, nlink: 2 },
    { path: 'b', ino: 1, size: 100, nlink: 2 },
  ])
  const slot = slotOf(model, 'a')
  const placing = change(model, ['a', 'b'], [{ path: 'b', ino: 1, size: 100 }])
  assert.deepEqual(slotOf(model, 'b'), slot)
  assert.equal(model.entries.get('b')?.linkTo, undefined)
  assert.deepEqual(placing.freed, [])
})

test('when another file takes the place of the name that holds a content, both have one', () => {
  const model = modelOf([
    { path: 'a', ino: 1, size: 100, nlink: 2 },
    { path: 'b', ino: 1, size: 100, nlink: 2 },
  ])
  const slot = slotOf(model, 'a')
  const placing = change(
    model,
    ['a', 'b'],
    [
      { path: 'a', ino: 9, size: 50 },
      { path: 'b', ino: 1, size: 100 },
    ],
  )
  assert.deepEqual(slotOf(model, 'a'), slot)
  assert.notDeepEqual(slotOf(model, 'b'), slot)
  assert.deepEqual(readPaths(placing).sort(), ['a', 'b'])
})

test('a content that nobody has to read again keeps its id', () => {
  const model = modelOf([{ path: 'a', ino: 1, size: 100 }])
  const placing = change(model, ['a'], [{ path: 'a', ino: 1, size: 100 }])
  assert.deepEqual(readPaths(placing), [])
  assert.deepEqual(model.entries.get('a')?.contentId, new Uint8Array(32).fill(7))
})

test('names of one inode that were looked at around a change are recorded alike, as the later look says', () => {
  const model = BrickModel.load([])
  const before = listed({ path: 'a', ino: 5, size: 10, nlink: 2 })
  const late = listed({ path: 'b', ino: 5, size: 999, nlink: 2 })
  const after = { ...late, meta: { ...late.meta, ctime: { seconds: 2, nanoseconds: 0 } } }
  const { readings } = placeContents(model, [
    { key: 'a', before: undefined, after: before },
    { key: 'b', before: undefined, after },
  ])
  assert.deepEqual(
    readings.map(({ holder, sizeBytes }) => [holder, sizeBytes]),
    [['a', 999]],
  )
  assert.equal(model.entries.get('b')?.size, 999)
  assert.equal(bytesKey(model.entries.get('b')?.linkTo as Uint8Array), 'a')
})

test('a name that was looked at before its inode got another one is one of both', () => {
  const model = BrickModel.load([])
  const single = listed({ path: 'z', ino: 5, size: 10 })
  const linked = listed({ path: 'a', ino: 5, size: 10, nlink: 2 })
  placeContents(model, [
    { key: 'z', before: undefined, after: single },
    { key: 'a', before: undefined, after: linked },
  ])
  assert.deepEqual(model.entries.get('z')?.linkTo, utf8('a'))
  assert.equal(model.entries.get('z')?.nlink, 2)
})
