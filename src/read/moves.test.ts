import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { findMoves, type MoveQuestion } from './moves.ts'

interface Sketch {
  readonly path: string
  readonly kind?: EntryRecord['kind']
  readonly ino?: number
  readonly size?: number
  /** Same letter, same content. */
  readonly content?: string
  readonly mtime?: number
  readonly target?: string
}

function entry({ path, kind = 'file', ino = 1, size = 1000, content, mtime = 0, target }: Sketch): EntryRecord {
  return {
    path: utf8(path),
    kind,
    mode: 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: kind === 'file' ? size : 0,
    mtime: { seconds: mtime, nanoseconds: 0 },
    ctime: { seconds: 0, nanoseconds: 0 },
    ino: BigInt(ino),
    dev: 1n,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
    flags: { torn: false, racy: false, special: false },
    grown: 0,
    unknown: [],
    ...(content !== undefined && { contentId: new Uint8Array(32).fill(content.charCodeAt(0)) }),
    ...(target !== undefined && { target: utf8(target) }),
  }
}

/** Pairs found, as `was > now`, by the new path. */
function moves(
  removed: readonly Sketch[],
  added: readonly Sketch[],
  shareContent: MoveQuestion['shareContent'] = () => false,
): string[] {
  const found = findMoves({ removed: removed.map(entry), added: added.map(entry), shareContent })
  const text = (path: Uint8Array) => Buffer.from(path).toString()
  return [...found].map(([now, was]) => `${text(was.path)} > ${text(now.path)}`).sort()
}

test('the same inode with the same content is a move', () => {
  assert.deepEqual(moves([{ path: 'a', ino: 7, content: 'x' }], [{ path: 'b', ino: 7, content: 'x' }]), ['a > b'])
})

test('an inode number that was given to another file proves nothing', () => {
  assert.deepEqual(moves([{ path: 'a', ino: 7, content: 'x' }], [{ path: 'b', ino: 7, content: 'y' }]), [])
  const empty = (path: string, mtime: number) => ({ path, ino: 7, size: 0, content: 'e', mtime })
  assert.deepEqual(moves([empty('a', 1)], [empty('b', 2)]), [])
  assert.deepEqual(moves([empty('a', 1)], [empty('b', 1)]), ['a > b'])
  const link = (path: string, target: string) => ({ path, ino: 7, kind: 'symlink' as const, target })
  assert.deepEqual(moves([link('a', 'x')], [link('b', 'y')]), [])
  assert.deepEqual(moves([{ path: 'a', ino: 7, content: 'x' }], [link('b', 'x')]), [])
})

test('the same inode with most of its content is a move, as of a log that was rotated', () => {
  const [was, now] = [
    { path: 'log', ino: 7, content: 'x' },
    { path: 'log.1', ino: 7, content: 'y' },
  ]
  assert.deepEqual(
    moves([was], [now], () => true),
    ['log > log.1'],
  )
})

test('the same content alone is a move where it is long enough, or the name is the same', () => {
  const pair = (size: number, name: string) =>
    moves([{ path: 'a/one', ino: 1, size, content: 'x' }], [{ path: `b/${name}`, ino: 2, size, content: 'x' }])
  assert.deepEqual(pair(64, 'two'), ['a/one > b/two'])
  assert.deepEqual(pair(63, 'two'), [])
  assert.deepEqual(pair(1, 'one'), ['a/one > b/one'])
  assert.deepEqual(pair(0, 'one'), [])
})

test('of several with the same content each has one partner, the one of the same name first', () => {
  const copies = (folder: string, ino: number) =>
    ['p', 'q'].map((name, i) => ({ path: `${folder}/${name}`, ino: ino + i, content: 'x' }))
  assert.deepEqual(moves(copies('a', 1), copies('b', 5).reverse()), ['a/p > b/p', 'a/q > b/q'])
  assert.deepEqual(moves([{ path: 'a/q', ino: 1, content: 'x' }], copies('b', 5)), ['a/q > b/q'])
})

test('a folder is a move with its time, or with half of what was in it', () => {
  const folder = (path: string, mtime: number) => ({ path, ino: 9, kind: 'dir' as const, mtime })
  assert.deepEqual(moves([folder('a', 1)], [folder('b', 1)]), ['a > b'])
  assert.deepEqual(moves([folder('a', 1)], [folder('b', 2)]), [])
  const inside = (path: string, names: string) =>
    [...names].map((name, i) => ({ path: `${path}/${name}`, ino: 20 + i, content: name }))
  const whole = moves([folder('a', 1), ...inside('a', 'klm')], [folder('b', 2), ...inside('b', 'kl')])
  assert.deepEqual(whole, ['a > b', 'a/k > b/k', 'a/l > b/l'])
  const few = moves([folder('a', 1), ...inside('a', 'klm')], [folder('b', 2), ...inside('b', 'k')])
  assert.deepEqual(few, ['a/k > b/k'])
})
