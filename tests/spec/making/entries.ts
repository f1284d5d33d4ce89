/** Entries of planned trees, with fixed metadata. */
import { utf8 } from '../../../src/base/bytes.ts'
import type { EntryKind, Run } from '../../../src/base/entry.ts'
import type { EntryRecord } from '../../../src/brick/entry-record.ts'
import type { Piece, PlannedEntry } from './space.ts'

/** A name in text, or bytes that are no UTF-8. */
export type Name = string | Uint8Array

type Fields = Partial<Omit<EntryRecord, 'path' | 'kind'>>

export function root(fields: Fields = {}): PlannedEntry {
  return directory('', fields)
}

export function directory(path: Name, fields: Fields = {}): PlannedEntry {
  return { record: entry(path, 'dir', { mode: 0o755, nlink: 2, ...fields }) }
}

/** A file whose content is `bytes`, or zeros of `size` where no piece lies. */
export function file(
  path: Name,
  slot: Run,
  content: Uint8Array | { size: number; pieces: readonly Piece[] },
  fields: Fields = {},
): PlannedEntry {
  const { size, pieces } =
    content instanceof Uint8Array ? { size: content.length, pieces: [{ at: 0, bytes: content }] } : content
  return { record: entry(path, 'file', { size, slot, ...fields }), pieces }
}

export function emptyFile(path: Name, fields: Fields = {}): PlannedEntry {
  return { record: entry(path, 'file', fields) }
}

/** A further name of what `holder` says. */
export function hardLink(path: Name, holder: PlannedEntry): PlannedEntry {
  const { slot: _slot, ...record } = holder.record
  return { record: { ...record, path: bytesOf(path), linkTo: holder.record.path } }
}

export function symlink(path: Name, target: Name): PlannedEntry {
  return { record: entry(path, 'symlink', { mode: 0o777, target: bytesOf(target) }) }
}

export function special(path: Name, kind: 'fifo' | 'socket' | 'char' | 'block', rdev = 0n): PlannedEntry {
  return { record: entry(path, kind, { rdev }) }
}

/** `count` bytes of text that repeats after 1,000. */
export function words(count: number): Uint8Array {
  const thousand = Array.from({ length: 200 }, (_, i) => `${(i * i) % 97} ${i}\n`)
    .join('')
    .slice(0, 1_000)
  return utf8(thousand.repeat(Math.ceil(count / 1_000)).slice(0, count))
}

/** `count` bytes without a pattern, from a linear congruence. */
export function noise(count: number, seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

export function bytesOf(name: Name): Uint8Array {
  return typeof name === 'string' ? utf8(name) : name
}

const changeTime = { seconds: 1_700_000_000, nanoseconds: 500_000_000 }
const modifyTime = { seconds: 1_699_999_000, nanoseconds: 0 }
const deviceNumber = 0x801n

function entry(name: Name, kind: EntryKind, fields: Fields): EntryRecord {
  const path = bytesOf(name)
  return {
    path,
    kind,
    mode: 0o644,
    uid: 0,
    gid: 0,
    userName: 'root',
    groupName: 'root',
    size: 0,
    mtime: modifyTime,
    ctime: changeTime,
    ino: inodeOf(path),
    dev: deviceNumber,
    rdev: 0n,
    nlink: 1,
    xattrs: [],
    flags: { torn: false, racy: false, special: false },
    grown: 0,
    unknown: [],
    ...fields,
  }
}

/** A small number that differs from path to path in any one fixture. */
function inodeOf(path: Uint8Array): bigint {
  return path.reduce((inode, byte) => (inode * 31n + BigInt(byte)) % 1_000_003n, 1_000n)
}
