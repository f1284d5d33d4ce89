/**
 * The table of an entry's fields, as section 8.1 of the specification prints it: one row a tag, in order of tags.
 *
 * A row says which kinds of entry have the field, whether they must, and how it is written and read. `write` writes
 * nothing where the field is missing; `read` runs inside the field, after all fields with smaller tags.
 */
import { assert } from '../base/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { EntryKind, Xattr } from '../base/entry.ts'
import { type ByteReader, ByteWriter } from './byte-io.ts'
import type { EntryRecord } from './entry-record.ts'
import {
  readHash,
  readRest,
  readRuns,
  readText,
  readTime,
  writeBytesField,
  writeNumberField,
  writePairField,
  writeRunsField,
  writeTextField,
  writeTimeField,
  writeWideField,
} from './record-fields.ts'

/** A record while it is read. */
export type EntryDraft = { -readonly [Field in keyof EntryRecord]: EntryRecord[Field] }

export interface EntryField {
  readonly tag: number
  readonly of: (kind: EntryKind) => boolean
  readonly required: boolean
  readonly write: (writer: ByteWriter, entry: EntryRecord) => void
  readonly read: (reader: ByteReader, entry: EntryDraft) => void
}

/** Fields above it are kept without being understood. */
export const knownTagMax = 25

const kinds: readonly EntryKind[] = ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']
const flagBits = { torn: 1, racy: 2, unreadable: 4, special: 8, sparse: 16 } as const
const flagsKnown = 31
const modeMax = 0o7777
const spaceBytesMax = 2 ** 47
const hashBytes = 32

const all = () => true
const files = (kind: EntryKind) => kind === 'file'
const symlinks = (kind: EntryKind) => kind === 'symlink'
const devices = (kind: EntryKind) => kind === 'char' || kind === 'block'

const contentFields: readonly EntryField[] = [
  {
    tag: 1,
    of: all,
    required: true,
    write: (writer, entry) => writeNumberField(writer, 1, kinds.indexOf(entry.kind) + 1),
    read: (reader, entry) => {
      const number = reader.varint()
      entry.kind = kinds[number - 1] ?? reader.fail(`an entry has the kind ${number}`)
    },
  },
  {
    tag: 2,
    of: files,
    required: true,
    write: (writer, entry) => {
      if (entry.kind === 'file') writeNumberField(writer, 2, entry.size)
      else assert(entry.size === 0, `a ${entry.kind} had the size ${entry.size}`)
    },
    read: (reader, entry) => {
      entry.size = reader.varint()
    },
  },
  {
    tag: 3,
    of: files,
    required: false,
    write: (writer, { contentId }) => writeHashField(writer, 3, contentId),
    read: (reader, entry) => {
      entry.contentId = readHash(reader)
    },
  },
  {
    tag: 4,
    of: symlinks,
    required: true,
    write: (writer, { kind, target }) => {
      assert((kind === 'symlink') === (target !== undefined), `a ${kind} had ${target ? 'a' : 'no'} target`)
      if (target !== undefined) writeBytesField(writer, 4, target)
    },
    read: (reader, entry) => {
      entry.target = readRest(reader)
    },
  },
  {
    tag: 5,
    of: devices,
    required: true,
    write: (writer, { kind, rdev }) => {
      if (devices(kind)) writeWideField(writer, 5, rdev)
    },
    read: (reader, entry) => {
      entry.rdev = reader.u64big()
    },
  },
  {
    tag: 6,
    of: files,
    required: false,
    write: (writer, { linkTo }) => {
      if (linkTo !== undefined) writeBytesField(writer, 6, linkTo)
    },
    read: (reader, entry) => {
      entry.linkTo = readRest(reader)
    },
  },
]

const metaFields: readonly EntryField[] = [
  {
    tag: 7,
    of: all,
    required: true,
    write: (writer, { mode }) => {
      assert(mode <= modeMax, `a mode was ${mode}`)
      writeNumberField(writer, 7, mode)
    },
    read: (reader, entry) => {
      entry.mode = reader.varint()
      if (entry.mode > modeMax) reader.fail(`a mode is ${entry.mode}`)
    },
  },
  {
    tag: 8,
    of: all,
    required: true,
    write: (writer, { uid }) => writeNumberField(writer, 8, uid),
    read: (reader, entry) => {
      entry.uid = reader.varint()
    },
  },
  {
    tag: 9,
    of: all,
    required: true,
    write: (writer, { gid }) => writeNumberField(writer, 9, gid),
    read: (reader, entry) => {
      entry.gid = reader.varint()
    },
  },
  {
    tag: 10,
    of: all,
    required: false,
    write: (writer, { userName }) => {
      if (userName !== '') writeTextField(writer, 10, userName)
    },
    read: (reader, entry) => {
      entry.userName = readText(reader)
    },
  },
  {
    tag: 11,
    of: all,
    required: false,
    write: (writer, { groupName }) => {
      if (groupName !== '') writeTextField(writer, 11, groupName)
    },
    read: (reader, entry) => {
      entry.groupName = readText(reader)
    },
  },
  {
    tag: 12,
    of: all,
    required: true,
    write: (writer, { mtime }) => writeTimeField(writer, 12, mtime),
    read: (reader, entry) => {
      entry.mtime = readTime(reader)
    },
  },
  {
    tag: 13,
    of: files,
    required: false,
    write: (writer, { extents, size }) => {
      if (extents !== undefined) writeRunsField(writer, 13, { runs: extents, end: size })
    },
    read: (reader, entry) => {
      entry.extents = readRuns(reader, entry.size)
    },
  },
  {
    tag: 14,
    of: all,
    required: false,
    write: (writer, { xattrs }) => {
      if (xattrs.length > 0) writeBytesField(writer, 14, xattrBytes(xattrs))
    },
    read: (reader, entry) => {
      entry.xattrs = readXattrs(reader)
    },
  },
  {
    tag: 15,
    of: all,
    required: false,
    write: (writer, { xattrsTruncated }) => {
      if (xattrsTruncated) writeBytesField(writer, 15, new Uint8Array(0))
    },
    read: (_reader, entry) => {
      entry.xattrsTruncated = true
    },
  },
]

const placeFields: readonly EntryField[] = [
  {
    tag: 16,
    of: all,
    required: true,
    write: (writer, { ctime }) => writeTimeField(writer, 16, ctime),
    read: (reader, entry) => {
      entry.ctime = readTime(reader)
    },
  },
  {
    tag: 17,
    of: all,
    required: true,
    write: (writer, { ino }) => writeWideField(writer, 17, ino),
    read: (reader, entry) => {
      entry.ino = reader.u64big()
    },
  },
  {
    tag: 18,
    of: all,
    required: true,
    write: (writer, { dev }) => writeWideField(writer, 18, dev),
    read: (reader, entry) => {
      entry.dev = reader.u64big()
    },
  },
  {
    tag: 19,
    of: all,
    required: true,
    write: (writer, { nlink }) => writeNumberField(writer, 19, nlink),
    read: (reader, entry) => {
      entry.nlink = reader.varint()
    },
  },
  {
    tag: 20,
    of: files,
    required: false,
    write: (writer, { slot, size, linkTo }) => {
      if (slot === undefined) return
      assert(size > 0 && slot.length >= size && linkTo === undefined, 'a slot did not fit its entry')
      writePairField(writer, 20, [slot.start, slot.length])
    },
    read: (reader, entry) => {
      const [start, length] = [reader.varint(), reader.varint()]
      if (start + length > spaceBytesMax) reader.fail('a slot ends beyond 2^47')
      entry.slot = { start, length }
    },
  },
  {
    tag: 21,
    of: all,
    required: false,
    write: (writer, entry) => {
      const bits = flagsOf(entry)
      if (bits > 0) writeNumberField(writer, 21, bits)
    },
    read: readFlags,
  },
  {
    tag: 22,
    of: all,
    required: false,
    write: (writer, { unreadable = '' }) => {
      if (unreadable !== '') writeTextField(writer, 22, unreadable)
    },
    read: (reader, entry) => {
      entry.unreadable = readText(reader)
    },
  },
  {
    tag: 23,
    of: files,
    required: false,
    write: (writer, { unreadableRanges, size }) => {
      if (unreadableRanges !== undefined) writeRunsField(writer, 23, { runs: unreadableRanges, end: size })
    },
    read: (reader, entry) => {
      entry.unreadableRanges = readRuns(reader, entry.size)
      if (entry.unreadable === '') delete entry.unreadable
    },
  },
  {
    tag: 24,
    of: files,
    required: false,
    write: (writer, { sha256 }) => writeHashField(writer, 24, sha256),
    read: (reader, entry) => {
      entry.sha256 = readHash(reader)
    },
  },
  {
    tag: 25,
    of: files,
    required: false,
    write: (writer, { grown }) => {
      if (grown > 0) writeNumberField(writer, 25, grown)
    },
    read: (reader, entry) => {
      entry.grown = reader.varint()
      if (entry.grown === 0) reader.fail('field 25 is 0 instead of missing')
    },
  },
]

/** Row of tag t at index t - 1. */
export const entryFields: readonly EntryField[] = [...contentFields, ...metaFields, ...placeFields]

function writeHashField(writer: ByteWriter, tag: number, hash: Uint8Array | undefined): void {
  if (hash === undefined) return
  assert(hash.length === hashBytes, `a hash had ${hash.length} bytes`)
  writeBytesField(writer, tag, hash)
}

function flagsOf({ flags, unreadable, unreadableRanges, extents, unknownFlags = 0 }: EntryRecord): number {
  assert(unknownFlags % (flagsKnown + 1) === 0, `unknown flags ${unknownFlags} held known ones`)
  return (
    unknownFlags +
    (flags.torn ? flagBits.torn : 0) +
    (flags.racy ? flagBits.racy : 0) +
    (flags.special ? flagBits.special : 0) +
    (unreadable !== undefined || unreadableRanges !== undefined ? flagBits.unreadable : 0) +
    (extents !== undefined ? flagBits.sparse : 0)
  )
}

/** Unreadable without a reason is the empty reason, until field 22 or 23 says more. */
function readFlags(reader: ByteReader, entry: EntryDraft): void {
  const number = reader.varint()
  if (number === 0) reader.fail('field 21 is 0 instead of missing')
  const known = number % (flagsKnown + 1)
  const has = (bit: number) => (known & bit) !== 0
  entry.flags = { torn: has(flagBits.torn), racy: has(flagBits.racy), special: has(flagBits.special) }
  if (has(flagBits.unreadable)) entry.unreadable = ''
  if (number > known) entry.unknownFlags = number - known
}

function xattrBytes(xattrs: readonly Xattr[]): Uint8Array {
  const sorted = xattrs.toSorted((a, b) => compareBytes(a.name, b.name))
  const field = new ByteWriter()
  field.varint(sorted.length)
  for (const [i, { name, value }] of sorted.entries()) {
    const before = sorted[i - 1]
    assert(before === undefined || !equalBytes(before.name, name), 'two extended attributes had one name')
    field.varint(name.length)
    field.bytes(name)
    field.varint(value.length)
    field.bytes(value)
  }
  return field.take()
}

function readXattrs(reader: ByteReader): Xattr[] {
  const count = reader.varint()
  if (count === 0 || count > reader.rest / 2) reader.fail(`a list of ${count} extended attributes cannot be`)
  const xattrs: Xattr[] = []
  for (let i = 0; i < count; i++) {
    const name = reader.bytes(reader.varint()).slice()
    const before = xattrs.at(-1)
    if (before && compareBytes(before.name, name) >= 0) reader.fail('extended attributes do not ascend')
    xattrs.push({ name, value: reader.bytes(reader.varint()).slice() })
  }
  return xattrs
}
