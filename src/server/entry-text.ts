/** Entries as the wire shows them: paths, modes, owners, times as text. Display only; nothing is parsed back. */
import { isUtf8 } from 'node:buffer'
import { toHex } from '../base/bytes.ts'
import type { EntryMeta, Timestamp } from '../base/entry.ts'
import type { EntryOutline, PathText } from '../wire/api.ts'
import { flagNames, type PathIndex } from './path-index.ts'

const noSlot = { start: 0, length: 0 }
const permissionLetters = 'rwxrwxrwx'
const kindLetters = { file: '-', dir: 'd', symlink: 'l', fifo: 'p', socket: 's', char: 'c', block: 'b' } as const
/** Seconds of 0000-01-01 and 10000-01-01, between which a year has four digits. */
const [secondsMin, secondsEnd] = [-62_167_219_200, 253_402_300_800]

export function pathText(path: Uint8Array): PathText {
  if (!isUtf8(path)) return { pathHex: toHex(path) }
  return { path: Buffer.from(path.buffer, path.byteOffset, path.length).toString() }
}

/** A hard link has the slot of the entry that holds its content; what owns no bytes has one of length 0. */
export function entryOutline(index: PathIndex, entry: number): EntryOutline {
  const { flags, sizes, links } = index.columns
  const bits = flags[entry] as number
  const holder = links.get(entry)
  return {
    ...pathText(index.path(entry)),
    kind: index.kind(entry),
    size: sizes[entry] as number,
    slot: slotOf(index, holder === undefined ? entry : index.find(holder)),
    flags: bits === 0 ? [] : flagNames.filter((_, i) => (bits & (1 << i)) !== 0),
  }
}

/** As `ls -l` shows it: -rwxr-xr-x. */
export function modeText({ kind, mode }: Pick<EntryMeta, 'kind' | 'mode'>): string {
  const letters = [...permissionLetters].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'))
  for (const [place, bit, lower] of [
    [2, 0o4000, 's'],
    [5, 0o2000, 's'],
    [8, 0o1000, 't'],
  ] as const) {
    if (mode & bit) letters[place] = letters[place] === 'x' ? lower : lower.toUpperCase()
  }
  return kindLetters[kind] + letters.join('')
}

/** user:group, numbers where names are not known. */
export function ownerText({ uid, gid, userName, groupName }: EntryMeta): string {
  return `${userName || uid}:${groupName || gid}`
}

/** RFC 3339, UTC, nanoseconds; `@seconds.nanoseconds` where the year has no four digits. */
export function timeText({ seconds, nanoseconds }: Timestamp): string {
  const fraction = String(nanoseconds).padStart(9, '0')
  if (seconds < secondsMin || seconds >= secondsEnd) return `@${seconds}.${fraction}`
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

function slotOf({ columns }: PathIndex, entry: number | undefined): EntryOutline['slot'] {
  const length = entry === undefined ? 0 : (columns.slotLengths[entry] as number)
  return length === 0 ? noSlot : { start: columns.slotStarts[entry as number] as number, length }
}
