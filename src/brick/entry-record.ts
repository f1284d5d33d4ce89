/**
 * The record of one entry in ENTRIES (spec 8.1): what a source told, and what the brick knows of the content.
 *
 * Encoding is canonical: the same record is the same bytes on any host. Fields that this version does not know are kept.
 * Decoding refuses what the table of section 8.1 does not allow; whether parents, link targets and slots exist is the
 * business of those who see the whole map.
 */
import { displayPath } from '../base/bytes.ts'
import type { EntryMeta, Run } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import { ByteWriter } from './byte-io.ts'
import { BrickDamage } from './damage.ts'
import { type EntryDraft, type EntryField, entryFields, knownTagMax } from './entry-fields.ts'
import { checkPath } from './entry-path.ts'
import {
  lengthThroughTag,
  readFields,
  readRest,
  recordBytesMax,
  type UnknownField,
  writeUnknownFields,
} from './record-fields.ts'

export { keyOfPath, parentPath, pathOfKey, pathProblem } from './entry-path.ts'
export type { UnknownField } from './record-fields.ts'

/** Unreadable and sparse are not here: they follow from the fields that say why and where. */
export interface EntryFlags {
  /** The content changed while it was read. */
  readonly torn: boolean
  /** Changed so shortly before it was read that its times cannot prove the content. */
  readonly racy: boolean
  /** The size that lstat tells is not the length of the content, as in /proc. */
  readonly special: boolean
}

export interface EntryRecord extends EntryMeta {
  /** Of a file whose content could be read; 32 bytes. */
  readonly contentId?: Uint8Array
  /** Of the whole content, 32 bytes. */
  readonly sha256?: Uint8Array
  /** Hard link: path of the entry that holds the content. */
  readonly linkTo?: Uint8Array
  /** Place of the content in the byte space. */
  readonly slot?: Run
  readonly flags: EntryFlags
  /** Runs of the content that could not be read, ascending, inside [0, size). */
  readonly unreadableRanges?: readonly Run[]
  /** How often the entry outgrew its slot. */
  readonly grown: number
  /** Bits of the flags that this version does not know, kept. */
  readonly unknownFlags?: number
  /** Ascending tags, all above the known ones. */
  readonly unknown: readonly UnknownField[]
}

/** FoundryError `BRICK_LIMIT` where the record would be longer than 1 MiB (runs or unknown fields without end). */
export function encodeEntry(entry: EntryRecord): Uint8Array {
  const writer = recordWriter
  writer.clear()
  for (const field of entryFields) field.write(writer, entry)
  writeUnknownFields(writer, { fields: entry.unknown, knownTagMax })
  if (writer.length > recordBytesMax) {
    const what = `${displayPath(entry.path)}: its record of ${writer.length} bytes is above ${recordBytesMax}`
    throw new FoundryError('BRICK_LIMIT', `${what}. Exclude it, or make its list of runs shorter.`)
  }
  return writer.take()
}

/** `path` as pathOfKey gives it. BrickDamage `entry` or `path`. The record shares no memory with `bytes`. */
export function decodeEntry(path: Uint8Array, bytes: Uint8Array): EntryRecord {
  const entry = blankEntry(path)
  const unknown: UnknownField[] = []
  let seen = 0
  if (bytes.length > recordBytesMax) throw new BrickDamage('entry', `a record has ${bytes.length} bytes`)
  readFields(bytes, 'entry', (tag, reader) => {
    if (tag > knownTagMax) {
      unknown.push({ tag, bytes: readRest(reader) })
      return
    }
    const field = entryFields[tag - 1] as EntryField
    if (tag > 1 && !field.of(entry.kind)) reader.fail(`a ${entry.kind} has field ${tag}`)
    seen += 2 ** tag
    field.read(reader, entry)
  })
  checkWhole(entry, seen)
  if (entry.unreadable === '' && entry.unreadableRanges !== undefined) delete entry.unreadable
  entry.unknown = unknown
  return entry
}

/** The fields that the tree hash covers (tags 1-5): a view of the beginning. BrickDamage `entry`. */
export function treeFields(encoded: Uint8Array): Uint8Array {
  return encoded.subarray(0, lengthThroughTag(encoded, { tagMax: 5, rule: 'entry' }))
}

/** The fields that the meta hash covers (tags 1-15): a view of the beginning. BrickDamage `entry`. */
export function metaFields(encoded: Uint8Array): Uint8Array {
  return encoded.subarray(0, lengthThroughTag(encoded, { tagMax: 15, rule: 'entry' }))
}

/** One for all records: making and growing a writer would cost as much as writing. */
const recordWriter = new ByteWriter(4_096)

const zeroTime = { seconds: 0, nanoseconds: 0 }
const noFlags: EntryFlags = { torn: false, racy: false, special: false }

function blankEntry(path: Uint8Array): EntryDraft {
  return {
    path,
    kind: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    size: 0,
    mtime: zeroTime,
    ctime: zeroTime,
    ino: 0n,
    dev: 0n,
    rdev: 0n,
    nlink: 0,
    xattrs: [],
    flags: noFlags,
    grown: 0,
    unknown: [],
  }
}

/** What no field can tell alone. `seen` has bit t set where field t was there. */
function checkWhole(entry: EntryDraft, seen: number): void {
  const fail = (detail: string): never => {
    throw new BrickDamage('entry', detail)
  }
  for (const { tag, need, of } of entryFields) {
    if (need === 'required' && (seen & (2 ** tag)) === 0 && of(entry.kind)) fail(`a ${entry.kind} has no field ${tag}`)
  }
  const hasFlags = (seen & (2 ** 21)) !== 0
  if (entry.extents !== undefined && !hasFlags) fail('field 13 is there without the flag for it')
  const { unreadable, unreadableRanges } = entry
  if (unreadableRanges !== undefined && unreadable === undefined) fail('field 23 is there without the flag for it')
  if (unreadableRanges === undefined && unreadable === '') fail('it is flagged unreadable without field 22 or 23')
  if (entry.linkTo !== undefined) {
    if (entry.linkTo.length === 0) fail('a hard link names the root directory')
    checkPath(entry.linkTo)
  }
  if (entry.slot === undefined) return
  if (entry.linkTo !== undefined) fail('a hard link has a slot')
  if (entry.size === 0 || entry.slot.length < entry.size) fail('a slot is not as long as its content')
}
