/** What is different between two records of one entry, as names of fields. Where it lies in the space is not asked. */
import { equalBytes } from '../base/bytes.ts'
import type { Run, Timestamp } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { encodeMapping } from '../brick/mapping-field.ts'

/** The first group is of the content (spec 8.1, tags 1-5), the second of everything else that `ls -l` and getfattr show, and what a process's maps say. */
export type ContentField = 'kind' | 'size' | 'content' | 'target' | 'device' | 'readable'
export type MetaField = 'mode' | 'owner' | 'mtime' | 'xattrs' | 'link' | 'holes' | 'mapping'
export type FieldName = ContentField | MetaField

const contentFields: ReadonlySet<FieldName> = new Set(['kind', 'size', 'content', 'target', 'device', 'readable'])

export function isContentField(field: FieldName): boolean {
  return contentFields.has(field)
}

/** In the order of the types above. Where neither has a content id, `content` is for those who compare bytes. */
export function changedFields(before: EntryRecord, after: EntryRecord): readonly FieldName[] {
  const fields: [FieldName, boolean][] = [
    ['kind', before.kind === after.kind],
    ['size', before.size === after.size],
    ['content', isSame(before.contentId, after.contentId)],
    ['target', isSame(before.target, after.target)],
    ['device', before.rdev === after.rdev],
    ['readable', isSameReading(before, after)],
    ['mode', before.mode === after.mode],
    ['owner', isSameOwner(before, after)],
    ['mtime', isSameTime(before.mtime, after.mtime)],
    ['xattrs', isSameXattrs(before, after)],
    ['link', isSame(before.linkTo, after.linkTo)],
    ['holes', isSameRuns(before.extents, after.extents)],
    ['mapping', isSame(mappingBytes(before), mappingBytes(after))],
  ]
  return fields.filter(([, isEqual]) => !isEqual).map(([name]) => name)
}

export function isSameTime(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b)
}

function mappingBytes({ mapping, size }: EntryRecord): Uint8Array | undefined {
  return mapping && encodeMapping(mapping, size)
}

function isSameReading(a: EntryRecord, b: EntryRecord): boolean {
  return a.unreadable === b.unreadable && isSameRuns(a.unreadableRanges, b.unreadableRanges)
}

function isSameOwner(a: EntryRecord, b: EntryRecord): boolean {
  return a.uid === b.uid && a.gid === b.gid && a.userName === b.userName && a.groupName === b.groupName
}

function isSameXattrs(a: EntryRecord, b: EntryRecord): boolean {
  if (a.xattrs.length !== b.xattrs.length || a.xattrsTruncated !== b.xattrsTruncated) return false
  return a.xattrs.every(({ name, value }, i) => {
    const other = b.xattrs[i]
    return other !== undefined && equalBytes(name, other.name) && equalBytes(value, other.value)
  })
}

function isSameRuns(a: readonly Run[] | undefined, b: readonly Run[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((run, i) => run.start === b[i]?.start && run.length === b[i]?.length)
}
