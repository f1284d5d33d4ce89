/** What must hold of an open brick after every reconcile: it says what the tree is, and its memory says the same. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { bytesKey, compareBytes, displayPath } from '../../src/base/bytes.ts'
import type { EntryMeta, Run } from '../../src/base/entry.ts'
import { type EntryRecord, keyOfPath } from '../../src/brick/entry-record.ts'
import { keepsSlot } from '../../src/layout/slots.ts'
import { absolutePath } from '../../src/source/open.ts'
import { readDeep } from '../store/deep-read.ts'
import type { Session } from './lab.ts'

/** Contents above this are holes for the most part, and compared by their hashes in `readDeep`. */
const comparedBytesMax = 2 ** 20

/** The committed entries are those of the tree as it is now, contents included. */
export function assertSaysTheTree(session: Session): void {
  const listed = [...session.lister.walk(new Uint8Array(0))]
  const expected = new Map(listed.map(({ meta }) => [bytesKey(meta.path), meta]))
  const committed = new Map([...session.view.entries()].map((entry) => [bytesKey(entry.path), entry]))
  assert.deepEqual([...committed.keys()].sort(), [...expected.keys()].sort())
  const holders = holdersOf(listed.map(({ meta }) => meta))
  for (const [key, meta] of expected) {
    const entry = committed.get(key) as EntryRecord
    const shown = displayPath(meta.path)
    assert.deepEqual(metaOf(entry), metaOf(meta), shown)
    const holder = holders.get(key) ?? key
    assert.equal(entry.linkTo === undefined ? key : bytesKey(entry.linkTo), holder, `${shown}: who holds the content`)
    if (meta.kind === 'file') assertContent(session, committed.get(holder) as EntryRecord)
  }
}

/** The model is what the commit says, or has settled it; space and length fit each other; nothing in the file is inconsistent. */
export function assertConsistent(session: Session): void {
  const { model, writer, settled } = session.brick
  const { view } = session
  const committed = [...view.entries()].map((entry) => [bytesKey(entry.path), comparable(entry)])
  const inMemory = [...model.entries].map(([key, entry]) => [key, comparable(settled.get(key) ?? entry)])
  assert.deepEqual(new Map(inMemory as [string, unknown][]), new Map(committed as [string, unknown][]))
  assert.equal(view.record.length, model.space.end, 'N is the end of the last slot')
  assert.ok(writer.head)
  readDeep(view.file, writer.head)
}

/** Path of every file that holds content -> its slot. */
export function slotsOf({ brick }: Session): Map<string, EntryRecord> {
  return new Map([...brick.model.entries].filter(([, { slot }]) => slot !== undefined))
}

/** A content of one name keeps its place on the map unless it outgrew it, or shrank far below it. */
export function assertNothingMoved(before: ReadonlyMap<string, EntryRecord>, session: Session): void {
  for (const [key, now] of slotsOf(session)) {
    const was = before.get(key)
    if (was === undefined || was.nlink > 1 || now.nlink > 1) continue
    const { length } = was.slot as Run
    if (keepsSlot({ slotLength: length, sizeBytes: now.size })) assert.deepEqual(now.slot, was.slot, `${key} moved`)
  }
}

/** Without ctime: a hard link that comes and goes between two looks changes that of its file, and nobody tells. */
function metaOf(meta: EntryMeta): Omit<EntryMeta, 'ctime'> {
  const { path, kind, mode, uid, gid, userName, groupName, size, mtime, ino, dev, rdev, nlink, xattrs } = meta
  const { target = new Uint8Array(0), extents = [{ start: 0, length: size }] } = meta
  return {
    path,
    kind,
    mode,
    uid,
    gid,
    userName,
    groupName,
    size,
    mtime,
    ino,
    dev,
    rdev,
    nlink,
    xattrs,
    target,
    extents,
  }
}

/** The name of each inode with the smallest key. */
function holdersOf(metas: readonly EntryMeta[]): Map<string, string> {
  const names = new Map<string, EntryMeta[]>()
  for (const meta of metas) {
    if (meta.kind !== 'file' || meta.nlink < 2) continue
    const inode = `${meta.dev}:${meta.ino}`
    names.set(inode, [...(names.get(inode) ?? []), meta])
  }
  const holders = new Map<string, string>()
  for (const group of names.values()) {
    group.sort((a, b) => compareBytes(keyOfPath(a.path), keyOfPath(b.path)))
    for (const { path } of group) holders.set(bytesKey(path), bytesKey((group[0] as EntryMeta).path))
  }
  return holders
}

function assertContent({ source, view }: Session, entry: EntryRecord): void {
  if (entry.size > comparedBytesMax) return
  const path = absolutePath({ root: source.root, path: entry.path })
  const stored =
    entry.slot === undefined ? new Uint8Array(0) : view.bytes({ start: entry.slot.start, length: entry.size })
  assert.ok(Buffer.from(stored).equals(readFileSync(Buffer.from(path))), `${displayPath(entry.path)}: other bytes`)
  assert.ok(entry.contentId, `${displayPath(entry.path)} has no content id`)
}

/**
 * A record out of the file has every field; one in memory may lack what is empty. A second look that only proves what a
 * doubtful record says is written with the next commit, not in one of its own.
 */
function comparable(entry: EntryRecord): unknown {
  const { flags, ...rest } = entry
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(fields), torn: flags.torn, special: flags.special }
}
