/** Entries as the wire shows them: paths, modes, owners, times as text. Display only; nothing is parsed back. */
import { pathText } from '../base/bytes.ts'
import type { EntryMeta, Timestamp } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import type { EntryOutline } from '../wire/api.ts'
import { flagNames, type PathIndex } from './path-index.ts'

export { pathText } from '../base/bytes.ts'
export { modeText } from '../base/entry-text.ts'

const noSlot = { start: 0, length: 0 }

/** A hard link has the slot of the entry that holds its content; what owns no bytes has one of length 0. */
export function entryOutline(index: PathIndex, entry: number): EntryOutline {
  const { flags, sizes, links, mappings } = index.columns
  const bits = flags[entry] as number
  const holder = links.get(entry)
  return {
    ...pathText(index.path(entry)),
    kind: index.kind(entry),
    size: sizes[entry] as number,
    slot: slotOf(index, holder === undefined ? entry : index.find(holder)),
    flags: bits === 0 ? [] : flagNames.filter((_, i) => (bits & (1 << i)) !== 0),
    ...mappings.get(entry),
  }
}

/** user:group, numbers where names are not known. */
export function ownerText({ uid, gid, userName, groupName }: EntryMeta): string {
  return `${userName || uid}:${groupName || gid}`
}

/** RFC 3339, UTC, nanoseconds; `@seconds.nanoseconds` where the year has no four digits. */
export function timeText(time: Timestamp): string {
  return rfc3339(time) ?? `@${time.seconds}.${String(time.nanoseconds).padStart(9, '0')}`
}

function slotOf({ columns }: PathIndex, entry: number | undefined): EntryOutline['slot'] {
  const length = entry === undefined ? 0 : (columns.slotLengths[entry] as number)
  return length === 0 ? noSlot : { start: columns.slotStarts[entry as number] as number, length }
}
