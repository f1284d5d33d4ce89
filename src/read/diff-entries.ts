/**
 * What happened to the entries between two commits of one file: added, removed, modified, only described differently, moved.
 *
 * Pages that both commits share are passed over unread (`diffMaps`). Moves are looked for among at most `movesEntriesMax`
 * entries that are gone or new; above that they are told as they are recorded, gone and new, and the result says so.
 */
import { assert } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import { decodeEntry, type EntryRecord, parentPath, pathOfKey } from '../brick/entry-record.ts'
import { diffMaps } from '../brick/page-diff.ts'
import type { BrickView } from '../store/brick-view.ts'
import { changedFields, type FieldName, isContentField } from './changed-fields.ts'
import { diffBytes, sharesHalf } from './diff-bytes.ts'
import { findMoves, nameKey, provingBytesMin } from './moves.ts'

export type EntryDifference =
  | { readonly change: 'added'; readonly after: EntryRecord }
  | { readonly change: 'removed'; readonly before: EntryRecord }
  | {
      readonly change: 'modified' | 'meta'
      readonly before: EntryRecord
      readonly after: EntryRecord
      readonly fields: readonly FieldName[]
    }
  | {
      readonly change: 'moved'
      readonly before: EntryRecord
      readonly after: EntryRecord
      /** What changed beside the path; empty where nothing did. */
      readonly fields: readonly FieldName[]
      /** Of a directory: what is beneath, moved along, unchanged, and not told on its own. */
      readonly withEntries: number
    }

export interface EntryDifferences {
  /** By path: the bytes of `after`, of a removed entry those of `before`. */
  readonly differences: readonly EntryDifference[]
  /** False where there was too much to look for moves. */
  readonly movesSought: boolean
  /** False where `limit` ended the search: more entries differ than were looked at. */
  readonly isWhole: boolean
}

export const movesEntriesMax = 500_000

export interface DiffLimits {
  /** Differing entries to look at. */
  readonly entriesMax?: number
}

/** Both of one file. Steps let others work in between: run them to the end, or use `diffEntries`. Errors: BrickDamage. */
export function* diffEntrySteps(
  before: BrickView,
  after: BrickView,
  { entriesMax = Number.POSITIVE_INFINITY }: DiffLimits = {},
): Generator<void, EntryDifferences> {
  assert(before.file === after.file, 'commits of two files were compared by their pages')
  const removed: EntryRecord[] = []
  const added: EntryRecord[] = []
  const differences: EntryDifference[] = []
  let seen = 0
  let isWhole = true
  const pages = before.record.fileEnd > after.record.fileEnd ? before.pages : after.pages
  for (const found of diffMaps(pages, 'entries', before.record.entries, after.record.entries)) {
    if (seen === entriesMax) {
      isWhole = false
      break
    }
    if (++seen % entriesPerStep === 0) yield
    const path = pathOfKey(found.key)
    const was = found.before && decodeEntry(path, found.before)
    const now = found.after && decodeEntry(path, found.after)
    if (was === undefined && now !== undefined) added.push(now)
    else if (now === undefined && was !== undefined) removed.push(was)
    else if (was !== undefined && now !== undefined) differences.push(...changeOf({ before, after }, was, now))
  }
  const movesSought = isWhole && removed.length + added.length <= movesEntriesMax
  const shareContent = (was: EntryRecord, now: EntryRecord) =>
    sharesHalf({ view: before, entry: was }, { view: after, entry: now }, provingBytesMin)
  const moves = movesSought ? findMoves({ removed, added, shareContent }) : new Map<EntryRecord, EntryRecord>()
  yield
  differences.push(...movedOf({ before, after }, moves))
  const gone = new Set(moves.values())
  for (const entry of removed) if (!gone.has(entry)) differences.push({ change: 'removed', before: entry })
  for (const entry of added) if (!moves.has(entry)) differences.push({ change: 'added', after: entry })
  return { differences: sorted(differences), movesSought, isWhole }
}

export function diffEntries(before: BrickView, after: BrickView, limits: DiffLimits = {}): EntryDifferences {
  const steps = diffEntrySteps(before, after, limits)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The path under which a difference is told. */
export function pathOfDifference(difference: EntryDifference): Uint8Array {
  return difference.change === 'removed' ? difference.before.path : difference.after.path
}

const entriesPerStep = 1_000

interface Views {
  readonly before: BrickView
  readonly after: BrickView
}

/** None where only what nobody sees is different: inode, place in the space, times of change. */
function changeOf(views: Views, before: EntryRecord, after: EntryRecord): EntryDifference[] {
  const fields = fieldsOf(views, before, after)
  if (fields.length === 0) return []
  const change = fields.some(isContentField) ? 'modified' : 'meta'
  return [{ change, before, after, fields }]
}

/** Content without an id (parts could not be read) is compared byte by byte. */
function fieldsOf(views: Views, before: EntryRecord, after: EntryRecord): readonly FieldName[] {
  const fields = changedFields(before, after)
  const areBare = before.contentId === undefined && after.contentId === undefined
  if (before.kind !== 'file' || after.kind !== 'file' || !areBare || fields.includes('size')) return fields
  for (const { kind } of diffBytes({ view: views.before, entry: before }, { view: views.after, entry: after })) {
    if (kind === 'differs') return ['content', ...fields]
  }
  return fields
}

function* movedOf(views: Views, moves: ReadonlyMap<EntryRecord, EntryRecord>): Generator<EntryDifference> {
  /** By the path of a moved directory as it is now: what it was, and the topmost directory that moved with it inside. */
  const folders = new Map<string, { readonly was: string; readonly top: string }>()
  const carried = new Map<string, number>()
  const told: { before: EntryRecord; after: EntryRecord; fields: readonly FieldName[] }[] = []
  const byPath = [...moves].sort(([a], [b]) => (bytesKey(a.path) < bytesKey(b.path) ? -1 : 1))
  for (const [after, before] of byPath) {
    const fields = fieldsOf(views, before, after).filter((field) => field !== 'link')
    const key = bytesKey(after.path)
    const folder = folders.get(bytesKey(parentPath(after.path)))
    const isAlong = folder?.was === bytesKey(parentPath(before.path)) && nameKey(before) === nameKey(after)
    const top = isAlong ? folder.top : key
    if (after.kind === 'dir') folders.set(key, { was: bytesKey(before.path), top })
    if (isAlong && fields.length === 0) carried.set(top, (carried.get(top) ?? 0) + 1)
    else told.push({ before, after, fields })
  }
  for (const { before, after, fields } of told) {
    yield { change: 'moved', before, after, fields, withEntries: carried.get(bytesKey(after.path)) ?? 0 }
  }
}

function sorted(differences: readonly EntryDifference[]): readonly EntryDifference[] {
  const keyed = differences.map((difference) => ({ key: bytesKey(pathOfDifference(difference)), difference }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return keyed.map(({ difference }) => difference)
}
