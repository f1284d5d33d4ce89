/** Whether an entry of the artifact is still what the brick says of it, as far as metadata can tell. */
import { equalBytes } from '../base/bytes.ts'
import type { EntryMeta, Mapping, Run, Timestamp } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { Listed } from '../source/list.ts'

export function isDifferent(before: EntryRecord, listed: Listed): boolean {
  return listed.content !== undefined || mayDiffer(before, listed) || !sameMeta(before, listed.meta)
}

/** Whether the content may be other than what the brick holds, as its lister says or, where it says nothing, its metadata. */
function mayDiffer(before: EntryRecord, { meta, changed }: Listed): boolean {
  if (changed === undefined || meta.kind !== 'file' || before.kind !== 'file') return needsReading(before, meta)
  if (changed.length > 0 || before.size !== meta.size || !sameRuns(before.extents, meta.extents)) return true
  if (isUnread(before)) return before.unreadable !== meta.unreadable
  return before.contentId === undefined || before.flags.torn || before.flags.racy
}

/** Nothing of it could be read. */
export function isUnread({ contentId, unreadable, unreadableRanges }: EntryRecord): boolean {
  return unreadable !== undefined && contentId === undefined && unreadableRanges === undefined
}

/** Whether the content may be other than what the brick holds. */
export function needsReading(before: EntryRecord | undefined, meta: EntryMeta): boolean {
  if (meta.kind !== 'file') return false
  if (before === undefined || before.kind !== 'file' || before.flags.torn || before.flags.racy) return true
  if (before.contentId === undefined || before.unreadable !== undefined) return true
  return (
    before.size !== meta.size ||
    before.ino !== meta.ino ||
    before.dev !== meta.dev ||
    !sameTime(before.mtime, meta.mtime) ||
    !sameTime(before.ctime, meta.ctime) ||
    !sameRuns(before.extents, meta.extents)
  )
}

function sameMeta(a: EntryMeta, b: EntryMeta): boolean {
  return (
    a.kind === b.kind &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.userName === b.userName &&
    a.groupName === b.groupName &&
    a.rdev === b.rdev &&
    a.nlink === b.nlink &&
    a.ino === b.ino &&
    a.dev === b.dev &&
    a.unreadable === b.unreadable &&
    sameTime(a.mtime, b.mtime) &&
    sameTime(a.ctime, b.ctime) &&
    sameMapping(a.mapping, b.mapping) &&
    equalBytes(a.target ?? noBytes, b.target ?? noBytes) &&
    a.xattrs.length === b.xattrs.length &&
    a.xattrs.every(
      (x, i) => equalBytes(x.name, b.xattrs[i]?.name ?? noBytes) && equalBytes(x.value, b.xattrs[i]?.value ?? noBytes),
    )
  )
}

/** All but the name: the compiler asks for one that is forgotten here. */
const mappingFields: Record<Exclude<keyof Mapping, 'name'>, true> = {
  address: true,
  lead: true,
  permissions: true,
  fileOffset: true,
  dev: true,
  ino: true,
  unread: true,
}
const comparedFields = Object.keys(mappingFields) as (keyof typeof mappingFields)[]

function sameMapping(a: Mapping | undefined, b: Mapping | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return comparedFields.every((field) => a[field] === b[field]) && equalBytes(a.name, b.name)
}

const noBytes = new Uint8Array(0)

function sameTime(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds
}

function sameRuns(a: readonly Run[] | undefined, b: readonly Run[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((run, i) => run.start === b[i]?.start && run.length === b[i]?.length)
}
