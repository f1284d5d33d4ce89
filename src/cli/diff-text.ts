/** Differences as `sfd diff` shows them: a line each for people, an object each for programs. */
import { hexText, mappingLabel, mappingStart } from '../base/mapping-text.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { ByteDifference } from '../read/diff-bytes.ts'
import { type EntryDifference, pathOfDifference } from '../read/diff-entries.ts'
import type { BrickView } from '../store/brick-view.ts'
import { mappingJson } from './ls.ts'
import { counted, grouped, hexOrNull, iec, modeText, pathFields, rfc3339, shortTime, shownPath } from './text.ts'

const marks = { added: '+', removed: '-', modified: 'M', meta: 'm', moved: 'R' } as const
const sizeWidth = 21
const rangesShownMax = 20

export interface DiffReport {
  readonly before: BrickView
  readonly after: BrickView
  readonly differences: readonly EntryDifference[]
  readonly tileCount: number
  readonly tilesAll: number
}

/** A folder whose time alone changed: something in it did, and that is listed. */
export function isNoise(difference: EntryDifference): boolean {
  return (
    difference.change === 'meta' &&
    difference.after.kind === 'dir' &&
    difference.fields.every((name) => name === 'mtime')
  )
}

export function headingOf({ before, after }: DiffReport): string {
  const name = ({ record }: BrickView) => `generation ${record.generation} (${shortTime(record.time)} UTC)`
  return `from ${name(before)} to ${name(after)}\n`
}

export function differenceLines(difference: EntryDifference, ranges: readonly ByteDifference[] | undefined): string {
  const { change } = difference
  const path = shownPath(pathOfDifference(difference)) + mappingOf(difference)
  const was = change === 'moved' ? ` (was ${shownPath(difference.before.path)})` : ''
  const along =
    change === 'moved' && difference.withEntries > 0 ? ` with ${grouped(difference.withEntries)} entries` : ''
  const fields = 'fields' in difference && difference.fields.length > 0 ? `  [${fieldText(difference)}]` : ''
  const line = `${marks[change]}  ${sizeText(difference).padStart(sizeWidth)}  ${path}${was}${along}${fields}\n`
  return line + (ranges === undefined ? '' : rangeLines(ranges))
}

export function summaryOf(report: DiffReport, hidden: number): string {
  const { differences, tileCount, tilesAll } = report
  const tiles = `${grouped(tileCount)} of ${grouped(tilesAll)} tiles differ`
  if (differences.length === 0) return `nothing changed; ${tiles}\n`
  const counts = (Object.keys(marks) as (keyof typeof marks)[])
    .map((change) => ({ change, count: differences.filter((each) => each.change === change).length }))
    .filter(({ count }) => count > 0)
    .map(({ change, count }) => `${grouped(count)} ${change}`)
  const times =
    hidden === 0 ? '' : ` (${counted(hidden, { one: 'folder', many: 'folders' })} with another time, not listed)`
  return `${counts.join(', ')}${times}; ${tiles}\n`
}

export function differenceJson(
  difference: EntryDifference,
  ranges: readonly ByteDifference[] | undefined,
): Record<string, unknown> {
  const { change } = difference
  const side = (entry: EntryRecord) => ({
    ...pathFields(entry.path),
    kind: entry.kind,
    size: entry.size,
    contentId: hexOrNull(entry.contentId),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: rfc3339(entry.mtime),
    ...(entry.mapping && { mapping: mappingJson(entry.mapping) }),
  })
  return {
    change,
    ...pathFields(pathOfDifference(difference)),
    ...('fields' in difference && { fields: difference.fields }),
    ...(change === 'moved' && { withEntries: difference.withEntries }),
    before: change === 'added' ? null : side(difference.before),
    after: change === 'removed' ? null : side(difference.after),
    ...(ranges !== undefined && { ranges: ranges.map(({ start, length, kind }) => ({ start, length, kind })) }),
  }
}

function sizeText(difference: EntryDifference): string {
  if (difference.change === 'added') return sizeOf(difference.after)
  if (difference.change === 'removed') return sizeOf(difference.before)
  const { before, after } = difference
  const shown = `${sizeOf(before)} -> ${sizeOf(after)}`
  if (sizeOf(before) !== sizeOf(after)) return shown
  return before.size === after.size ? sizeOf(after) : `${grouped(before.size)} -> ${grouped(after.size)} B`
}

function sizeOf({ kind, size }: EntryRecord): string {
  return kind === 'file' ? iec(size) : kind
}

/** What the change of a field was, where a few characters say it. */
function fieldText(difference: Extract<EntryDifference, { fields: unknown }>): string {
  const { before, after, fields } = difference
  const texts = fields.map((name) => {
    if (name === 'mode') return `mode ${modeText(before)} -> ${modeText(after)}`
    if (name === 'mapping') return `mapping ${addressText(before)} -> ${addressText(after)}`
    if (name === 'owner') return `owner ${ownerOf(before)} -> ${ownerOf(after)}`
    return name
  })
  return texts.join(', ')
}

/** What it is called, as it is now: its path is an address. */
function mappingOf(difference: EntryDifference): string {
  const { mapping } = difference.change === 'removed' ? difference.before : difference.after
  return mapping === undefined ? '' : `  ${mappingLabel(mapping)}`
}

/** Most of what can change without the path: where it begins, and what may be done with it. */
function addressText({ mapping }: EntryRecord): string {
  return mapping === undefined ? 'none' : `${hexText(mappingStart(mapping))} ${mapping.permissions}`
}

function ownerOf({ uid, gid }: EntryRecord): string {
  return `${uid}:${gid}`
}

function rangeLines(ranges: readonly ByteDifference[]): string {
  const lines = ranges.slice(0, rangesShownMax).map(({ start, length, kind }) => {
    const bytes = counted(length, { one: 'byte', many: 'bytes' })
    return `     ${start}:${start + length}  ${bytes}${kind === 'unknown' ? ', not known in one of them' : ''}\n`
  })
  if (ranges.length > rangesShownMax)
    lines.push(`     ${grouped(ranges.length - rangesShownMax)} more ranges; --json lists them\n`)
  return lines.join('')
}
