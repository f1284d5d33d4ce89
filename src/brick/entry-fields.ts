/**
 * The table of an entry's fields, as section 8.1 of the specification prints it: one row a tag, in order of tags.
 *
 * A row says which kinds of entry have the field, whether they must, and how it is written and read. `write` writes
 * nothing where the field is missing; `read` runs inside the field, after all fields with smaller tags.
 * Long because it is one table: a row a tag.
 */
import { AssertionError, assert } from '../base/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { EntryKind, Xattr } from '../base/entry.ts'
import { type ByteReader, ByteWriter } from './byte-io.ts'
import type { EntryRecord } from './entry-record.ts'
import { encodeMapping, readMapping } from './mapping-field.ts'
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
  readonly need: 'required' | 'optional'
  readonly write: (writer: ByteWriter, entry: EntryRecord) => void
  readonly read: (reader: ByteReader, entry: EntryDraft) => void
}

/** Fields above it are kept without being understood. */
export const knownTagMax = 26

const kinds: readonly EntryKind[] = ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']
const flagBits = { torn: 1, racy: 2, unreadable: 4, special: 8, sparse: 16 } as const
const flagsEnd = 32
const modeMax = 0o7777
const spaceBytesMax = 2 ** 47
const hashBytes = 32

const all = () => true
const files = (kind: EntryKind) => kind === 'file'
const symlinks = (kind: EntryKind) => kind === 'symlink'
const devices = (kind: EntryKind) => kind === 'char' || kind === 'block'

/** Row of tag t at index t - 1. */
export const entryFields: readonly EntryField[] = [
  { tag: 1, of: all, need: 'required', write: writeKind, read: readKind },
  { tag: 2, of: files, need: 'required', write: writeSize, read: readSize },
  hashField(3, 'contentId'),
  { tag: 4, of: symlinks, need: 'required', write: writeTarget, read: readTarget },
  { tag: 5, of: devices, need: 'required', write: writeDevice, read: readDevice },
  { tag: 6, of: files, need: 'optional', write: writeLink, read: readLink },
  { tag: 7, of: all, need: 'required', write: writeMode, read: readMode },
  numberField(8, 'uid'),
  numberField(9, 'gid'),
  textField(10, 'userName'),
  textField(11, 'groupName'),
  timeField(12, 'mtime'),
  runsField(13, 'extents'),
  { tag: 14, of: all, need: 'optional', write: writeXattrs, read: readXattrs },
  { tag: 15, of: all, need: 'optional', write: writeTruncation, read: readTruncation },
  timeField(16, 'ctime'),
  wideField(17, 'ino'),
  wideField(18, 'dev'),
  numberField(19, 'nlink'),
  { tag: 20, of: files, need: 'optional', write: writeSlot, read: readSlot },
  { tag: 21, of: all, need: 'optional', write: writeFlags, read: readFlags },
  { tag: 22, of: all, need: 'optional', write: writeReason, read: readReason },
  runsField(23, 'unreadableRanges'),
  hashField(24, 'sha256'),
  { tag: 25, of: files, need: 'optional', write: writeGrown, read: readGrown },
  { tag: 26, of: files, need: 'optional', write: writeMapping, read: readMappingField },
]

/** A mistake of the caller. No assert: its message would be made for every entry. */
function refuse(kind: EntryKind, what: string): never {
  throw new AssertionError(`a ${kind} had ${what}`)
}

function numberField(tag: number, key: 'uid' | 'gid' | 'nlink'): EntryField {
  return {
    tag,
    of: all,
    need: 'required',
    write: (writer, entry) => writeNumberField(writer, tag, entry[key]),
    read: (reader, entry) => {
      entry[key] = reader.varint()
    },
  }
}

function wideField(tag: number, key: 'ino' | 'dev'): EntryField {
  return {
    tag,
    of: all,
    need: 'required',
    write: (writer, entry) => writeWideField(writer, tag, entry[key]),
    read: (reader, entry) => {
      entry[key] = reader.u64big()
    },
  }
}

function timeField(tag: number, key: 'mtime' | 'ctime'): EntryField {
  return {
    tag,
    of: all,
    need: 'required',
    write: (writer, entry) => writeTimeField(writer, tag, entry[key]),
    read: (reader, entry) => {
      entry[key] = readTime(reader)
    },
  }
}

/** The empty text stands for an unknown name, which has no field. */
function textField(tag: number, key: 'userName' | 'groupName'): EntryField {
  return {
    tag,
    of: all,
    need: 'optional',
    write: (writer, entry) => {
      if (entry[key] !== '') writeTextField(writer, tag, entry[key])
    },
    read: (reader, entry) => {
      entry[key] = readText(reader)
    },
  }
}

function hashField(tag: number, key: 'contentId' | 'sha256'): EntryField {
  return {
    tag,
    of: files,
    need: 'optional',
    write: (writer, entry) => {
      const { kind } = entry
      const hash = entry[key]
      if (hash === undefined) return
      if (kind !== 'file' || hash.length !== hashBytes) refuse(kind, `a hash of ${hash.length} bytes`)
      writeBytesField(writer, tag, hash)
    },
    read: (reader, entry) => {
      entry[key] = readHash(reader)
    },
  }
}

/** Runs of the content of a file. */
function runsField(tag: number, key: 'extents' | 'unreadableRanges'): EntryField {
  return {
    tag,
    of: files,
    need: 'optional',
    write: (writer, entry) => {
      const { kind, size } = entry
      const runs = entry[key]
      if (runs === undefined) return
      if (kind !== 'file') refuse(kind, key)
      writeRunsField(writer, tag, { runs, end: size })
    },
    read: (reader, entry) => {
      entry[key] = readRuns(reader, entry.size)
    },
  }
}

function writeKind(writer: ByteWriter, { kind }: EntryRecord): void {
  writeNumberField(writer, 1, kinds.indexOf(kind) + 1)
}

function readKind(reader: ByteReader, entry: EntryDraft): void {
  const number = reader.varint()
  entry.kind = kinds[number - 1] ?? reader.fail(`an entry has the kind ${number}`)
}

function writeSize(writer: ByteWriter, { kind, size }: EntryRecord): void {
  if (kind === 'file') writeNumberField(writer, 2, size)
  else if (size !== 0) refuse(kind, 'a size')
}

function readSize(reader: ByteReader, entry: EntryDraft): void {
  entry.size = reader.varint()
}

function writeTarget(writer: ByteWriter, { kind, target }: EntryRecord): void {
  if ((kind === 'symlink') !== (target !== undefined)) refuse(kind, target ? 'a target' : 'no target')
  if (target !== undefined) writeBytesField(writer, 4, target)
}

function readTarget(reader: ByteReader, entry: EntryDraft): void {
  entry.target = readRest(reader)
}

function writeDevice(writer: ByteWriter, { kind, rdev }: EntryRecord): void {
  if (devices(kind)) writeWideField(writer, 5, rdev)
  else if (rdev !== 0n) refuse(kind, 'a device number')
}

function readDevice(reader: ByteReader, entry: EntryDraft): void {
  entry.rdev = reader.u64big()
}

function writeLink(writer: ByteWriter, { kind, linkTo }: EntryRecord): void {
  if (linkTo === undefined) return
  if (kind !== 'file' || linkTo.length === 0) refuse(kind, 'a link to another entry')
  writeBytesField(writer, 6, linkTo)
}

function readLink(reader: ByteReader, entry: EntryDraft): void {
  entry.linkTo = readRest(reader)
}

function writeMode(writer: ByteWriter, { kind, mode }: EntryRecord): void {
  if (mode > modeMax) refuse(kind, `the mode ${mode}`)
  writeNumberField(writer, 7, mode)
}

function readMode(reader: ByteReader, entry: EntryDraft): void {
  entry.mode = reader.varint()
  if (entry.mode > modeMax) reader.fail(`a mode is ${entry.mode}`)
}

/** Sorted by name, whatever the order in which the kernel listed them. */
function writeXattrs(writer: ByteWriter, { xattrs }: EntryRecord): void {
  if (xattrs.length === 0) return
  const sorted = xattrs.toSorted((a, b) => compareBytes(a.name, b.name))
  const field = new ByteWriter()
  field.varint(sorted.length)
  let before: Xattr | undefined
  for (const xattr of sorted) {
    assert(before === undefined || !equalBytes(before.name, xattr.name), 'two extended attributes had one name')
    before = xattr
    field.varint(xattr.name.length)
    field.bytes(xattr.name)
    field.varint(xattr.value.length)
    field.bytes(xattr.value)
  }
  writeBytesField(writer, 14, field.take())
}

function readXattrs(reader: ByteReader, entry: EntryDraft): void {
  const count = reader.varint()
  if (count === 0 || count > reader.rest / 2) reader.fail(`a list of ${count} extended attributes cannot be`)
  const xattrs: Xattr[] = []
  for (let i = 0; i < count; i++) {
    const name = reader.bytes(reader.varint()).slice()
    const before = xattrs.at(-1)
    if (before && compareBytes(before.name, name) >= 0) reader.fail('extended attributes do not ascend')
    xattrs.push({ name, value: reader.bytes(reader.varint()).slice() })
  }
  entry.xattrs = xattrs
}

function writeTruncation(writer: ByteWriter, { xattrsTruncated }: EntryRecord): void {
  if (xattrsTruncated) writeBytesField(writer, 15, new Uint8Array(0))
}

function readTruncation(_reader: ByteReader, entry: EntryDraft): void {
  entry.xattrsTruncated = true
}

function writeSlot(writer: ByteWriter, { kind, slot, size, linkTo }: EntryRecord): void {
  if (slot === undefined) return
  if (size === 0 || slot.length < size || linkTo !== undefined) refuse(kind, 'a slot that does not fit it')
  if (slot.start + slot.length > spaceBytesMax) refuse(kind, 'a slot beyond 2^47')
  writePairField(writer, 20, [slot.start, slot.length])
}

function readSlot(reader: ByteReader, entry: EntryDraft): void {
  const start = reader.varint()
  const length = reader.varint()
  if (start + length > spaceBytesMax) reader.fail('a slot ends beyond 2^47')
  entry.slot = { start, length }
}

function writeFlags(writer: ByteWriter, entry: EntryRecord): void {
  const { flags, unreadable, unreadableRanges, extents, unknownFlags = 0 } = entry
  if (unknownFlags % flagsEnd !== 0) refuse(entry.kind, 'known flags among the unknown')
  const bits =
    unknownFlags +
    (flags.torn ? flagBits.torn : 0) +
    (flags.racy ? flagBits.racy : 0) +
    (unreadable !== undefined || unreadableRanges !== undefined ? flagBits.unreadable : 0) +
    (flags.special ? flagBits.special : 0) +
    (extents !== undefined ? flagBits.sparse : 0)
  if (bits > 0) writeNumberField(writer, 21, bits)
}

/** Field 13 came before. Until fields 22 and 23 say more, unreadable is the empty reason. */
function readFlags(reader: ByteReader, entry: EntryDraft): void {
  const bits = reader.varint()
  if (bits === 0) reader.fail('field 21 is 0 instead of missing')
  const known = bits % flagsEnd
  const has = (bit: number) => (known & bit) !== 0
  entry.flags = { torn: has(flagBits.torn), racy: has(flagBits.racy), special: has(flagBits.special) }
  if (has(flagBits.sparse) !== (entry.extents !== undefined)) reader.fail('field 13 and the flag for it do not agree')
  if (has(flagBits.unreadable)) entry.unreadable = ''
  if (bits > known) entry.unknownFlags = bits - known
}

function writeReason(writer: ByteWriter, { kind, unreadable }: EntryRecord): void {
  if (unreadable === undefined) return
  if (unreadable === '') refuse(kind, 'an empty reason why it is unreadable')
  writeTextField(writer, 22, unreadable)
}

function readReason(reader: ByteReader, entry: EntryDraft): void {
  if (entry.unreadable === undefined) reader.fail('field 22 is there without the flag for it')
  entry.unreadable = readText(reader)
}

function writeGrown(writer: ByteWriter, { grown }: EntryRecord): void {
  if (grown > 0) writeNumberField(writer, 25, grown)
}

function readGrown(reader: ByteReader, entry: EntryDraft): void {
  entry.grown = reader.varint()
  if (entry.grown === 0) reader.fail('field 25 is 0 instead of missing')
}

function writeMapping(writer: ByteWriter, { kind, size, mapping }: EntryRecord): void {
  if (mapping === undefined) return
  if (kind !== 'file') refuse(kind, 'a mapping')
  writeBytesField(writer, 26, encodeMapping(mapping, size))
}

function readMappingField(reader: ByteReader, entry: EntryDraft): void {
  entry.mapping = readMapping(reader, entry.size)
}
