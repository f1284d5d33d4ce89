/**
 * Entries by path, as rows of bytes: 120 bytes an entry beside its path, where plain objects take 800 and more.
 *
 * A row holds the fields that nearly every entry has; what only some have (a link's target, extended attributes, runs)
 * is kept as an object beside it. A record is made anew each time it is asked for: equal to the one that was set, never
 * the same, and its path is a plain array of its own. The order is that of a Map.
 */
import type { EntryKind, EntryMeta } from '../base/entry.ts'
import type { EntryFlags, EntryRecord } from '../brick/entry-record.ts'

/** A path as one character a byte: a Map key that sorts as the bytes do. */
export type PathKey = string

export class EntryTable implements Iterable<[PathKey, EntryRecord]> {
  readonly #rows = new Map<PathKey, number>()
  readonly #chunks: DataView<ArrayBuffer>[] = []
  /** Rows that are not in use, below `#end`. */
  readonly #free: number[] = []
  #end = 0
  /** What a row has no place for. */
  readonly #more = new Map<number, Partial<EntryRecord>>()
  /** Names of users and groups, many entries each. */
  readonly #names: string[] = []
  readonly #nameIndexes = new Map<string, number>()

  get size(): number {
    return this.#rows.size
  }

  has(key: PathKey): boolean {
    return this.#rows.has(key)
  }

  get(key: PathKey): EntryRecord | undefined {
    const row = this.#rows.get(key)
    return row === undefined ? undefined : this.#read(row, key)
  }

  set(key: PathKey, entry: EntryRecord): void {
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = this.#free.pop() ?? this.#end++
      this.#rows.set(key, row)
    }
    this.#write(row, entry)
  }

  delete(key: PathKey): void {
    const row = this.#rows.get(key)
    if (row === undefined) return
    this.#rows.delete(key)
    this.#more.delete(row)
    this.#free.push(row)
  }

  keys(): IterableIterator<PathKey> {
    return this.#rows.keys()
  }

  *[Symbol.iterator](): Generator<[PathKey, EntryRecord]> {
    for (const [key, row] of this.#rows) yield [key, this.#read(row, key)]
  }

  #write(row: number, entry: EntryRecord): void {
    const { view, at } = this.#place(row)
    const fits = fitsRow(entry)
    const more = fits ? moreOf(entry) : entry
    if (more === undefined) this.#more.delete(row)
    else this.#more.set(row, more)
    const { contentId, slot, flags } = entry
    const has =
      (flags.torn ? bits.torn : 0) |
      (flags.racy ? bits.racy : 0) |
      (flags.special ? bits.special : 0) |
      (contentId !== undefined ? bits.contentId : 0) |
      (slot !== undefined ? bits.slot : 0) |
      (more !== undefined ? bits.more : 0) |
      (fits ? 0 : bits.whole)
    view.setUint8(at, kinds.indexOf(entry.kind))
    view.setUint8(at + 1, has)
    if (!fits) return
    view.setUint16(at + 2, entry.mode, true)
    view.setUint32(at + 4, entry.uid, true)
    view.setUint32(at + 8, entry.gid, true)
    view.setUint32(at + 12, entry.nlink, true)
    view.setUint32(at + 16, this.#nameIndex(entry.userName), true)
    view.setUint32(at + 20, this.#nameIndex(entry.groupName), true)
    view.setUint32(at + 24, entry.mtime.nanoseconds, true)
    view.setUint32(at + 28, entry.ctime.nanoseconds, true)
    view.setFloat64(at + 32, entry.mtime.seconds, true)
    view.setFloat64(at + 40, entry.ctime.seconds, true)
    view.setFloat64(at + 48, entry.size, true)
    view.setBigUint64(at + 56, entry.ino, true)
    view.setBigUint64(at + 64, entry.dev, true)
    view.setFloat64(at + 72, slot?.start ?? 0, true)
    view.setFloat64(at + 80, slot?.length ?? 0, true)
    if (contentId !== undefined) new Uint8Array(view.buffer, at + hashAt, hashBytes).set(contentId)
  }

  #read(row: number, key: PathKey): EntryRecord {
    const { view, at } = this.#place(row)
    const has = view.getUint8(at + 1)
    if ((has & bits.whole) !== 0) return this.#more.get(row) as EntryRecord
    const record: Draft = {
      path: bytesOfKey(key),
      kind: kinds[view.getUint8(at)] as EntryKind,
      mode: view.getUint16(at + 2, true),
      uid: view.getUint32(at + 4, true),
      gid: view.getUint32(at + 8, true),
      userName: this.#names[view.getUint32(at + 16, true)] as string,
      groupName: this.#names[view.getUint32(at + 20, true)] as string,
      size: view.getFloat64(at + 48, true),
      mtime: { seconds: view.getFloat64(at + 32, true), nanoseconds: view.getUint32(at + 24, true) },
      ctime: { seconds: view.getFloat64(at + 40, true), nanoseconds: view.getUint32(at + 28, true) },
      ino: view.getBigUint64(at + 56, true),
      dev: view.getBigUint64(at + 64, true),
      rdev: 0n,
      nlink: view.getUint32(at + 12, true),
      xattrs: noXattrs,
      flags: flagsOf[has & flagBits] as EntryFlags,
      grown: 0,
      unknown: noFields,
    }
    if ((has & bits.contentId) !== 0) record.contentId = new Uint8Array(view.buffer, at + hashAt, hashBytes).slice()
    if ((has & bits.slot) !== 0) {
      record.slot = { start: view.getFloat64(at + 72, true), length: view.getFloat64(at + 80, true) }
    }
    if ((has & bits.more) !== 0) Object.assign(record, this.#more.get(row))
    return record
  }

  #place(row: number): { view: DataView<ArrayBuffer>; at: number } {
    const index = Math.floor(row / rowsPerChunk)
    this.#chunks[index] ??= new DataView(new ArrayBuffer(rowsPerChunk * rowBytes))
    return { view: this.#chunks[index], at: (row % rowsPerChunk) * rowBytes }
  }

  #nameIndex(name: string): number {
    const known = this.#nameIndexes.get(name)
    if (known !== undefined) return known
    this.#nameIndexes.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }
}

type Draft = { -readonly [Field in keyof EntryRecord]: EntryRecord[Field] }

const rowBytes = 120
const rowsPerChunk = 4_096
const hashAt = 88
const hashBytes = 32
const bits = { torn: 1, racy: 2, special: 4, contentId: 8, slot: 16, more: 32, whole: 64 } as const
const flagBits = bits.torn | bits.racy | bits.special
const kinds: readonly EntryKind[] = ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']
const noXattrs: EntryRecord['xattrs'] = []
const noFields: EntryRecord['unknown'] = []
const flagsOf: readonly EntryFlags[] = Array.from({ length: flagBits + 1 }, (_, has) => ({
  torn: (has & bits.torn) !== 0,
  racy: (has & bits.racy) !== 0,
  special: (has & bits.special) !== 0,
}))

/** A brick that another program wrote may hold numbers that no kernel gives: such an entry stays an object. */
function fitsRow({ mode, uid, gid, nlink, mtime, ctime, contentId }: EntryRecord): boolean {
  if (mode > 0xffff || !isU32(uid) || !isU32(gid) || !isU32(nlink)) return false
  if (!isU32(mtime.nanoseconds) || !isU32(ctime.nanoseconds)) return false
  return contentId === undefined || contentId.length === hashBytes
}

function isU32(value: number): boolean {
  return value >>> 0 === value
}

/** Undefined where a row holds everything. */
function moreOf(entry: EntryRecord): Partial<EntryRecord> | undefined {
  const { rdev, xattrs, grown, unknown } = entry
  const isUsual = rdev === 0n && xattrs.length === 0 && grown === 0 && unknown.length === 0
  if (isUsual && rareFields.every((field) => entry[field] === undefined)) return undefined
  const more: Record<string, unknown> = { rdev, xattrs, grown, unknown }
  for (const field of rareFields) if (entry[field] !== undefined) more[field] = entry[field]
  return more
}

type RowField = 'path' | 'kind' | 'mode' | 'uid' | 'gid' | 'userName' | 'groupName' | 'size' | 'mtime' | 'ctime' | 'ino'
type RowOrMoreField =
  | RowField
  | 'dev'
  | 'nlink'
  | 'contentId'
  | 'slot'
  | 'flags'
  | 'rdev'
  | 'xattrs'
  | 'grown'
  | 'unknown'

/** All others: the compiler asks for one that is forgotten here. */
const isRare: Record<Exclude<keyof EntryRecord, RowOrMoreField>, true> = {
  target: true,
  xattrsTruncated: true,
  extents: true,
  unreadable: true,
  sha256: true,
  linkTo: true,
  unreadableRanges: true,
  unknownFlags: true,
  mapping: true,
}
const rareFields = Object.keys(isRare) as (keyof typeof isRare)[]

/** What a source says of an entry, and nothing else. */
export function bareRecord(meta: EntryMeta): EntryRecord {
  return { ...meta, flags: flagsOf[0] as EntryFlags, grown: 0, unknown: noFields }
}

/** Inverse of bytesKey. */
export function bytesOfKey(key: PathKey): Uint8Array {
  const bytes = new Uint8Array(key.length)
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i)
  return bytes
}
