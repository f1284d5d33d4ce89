/**
 * Which part of a content has to be read, where its lister says what may differ and the brick has the rest.
 *
 * The brick is right about every byte outside of `changed` that it was right about before: the lister vouches for it. What
 * the brick was not right about (torn, unreadable) is read again; what became data is read, whatever the lister says.
 * Nothing is read or written here.
 */
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { ContentPiece, Listed } from '../source/describe.ts'
import { needsReading } from './entry-compare.ts'
import { bytesIn, dataRuns, difference, intersection, sortedRuns, union, wholeOf } from './runs.ts'

const tileSizeBytes = 65_536

export interface ReadPart {
  /** Data that is read, or comes with the listing. */
  readonly fresh: readonly Run[]
  /** Tiles in which any of this lies are made anew: `fresh`, and what is a hole now. */
  readonly touched: readonly Run[]
  /** Of `fresh`: it came with the listing. */
  readonly pieces: readonly ContentPiece[]
  /** The slot where the brick has the rest; undefined where there is no rest. */
  readonly from: Run | undefined
  /** Whole tiles that lose their bytes and keep their hashes. */
  readonly prune: Run
  /** Data that nobody has: no part of `fresh`. */
  readonly lost: readonly Run[]
  /** The lister itself says what differs: times prove nothing about it. */
  readonly isVouched: boolean
}

/** What the brick has of a content, and what it remembers of it beside the record. */
export interface Former {
  readonly record: EntryRecord
  /** Runs that are not what the source had: read while they changed. */
  readonly unsure: readonly Run[] | undefined
  /** Bytes at the beginning that were not to be had any more, as far as is remembered. */
  readonly prunedBytes: number
}

export interface PartWish {
  readonly listed: Listed
  /** Undefined: the brick has nothing of it. */
  readonly former: Former | undefined
  readonly slot: Run
  /** Nothing of what the brick has is believed. */
  readonly isReadAgain: boolean
}

/** `known`: nothing is to be read. Only of listings that say more than metadata; see `saysParts`. */
export function planPart(wish: PartWish): ReadPart | 'known' {
  const { former, listed } = wish
  const { meta, prunedBytes = 0, changed, pieces = [] } = listed
  const doubt = former && doubtOf(former)
  const view: PartView = {
    data: dataRuns(meta),
    gone: wholeOf(Math.min(prunedBytes, meta.size)),
    told: { pieces, isVouched: changed !== undefined },
  }
  if (former === undefined || doubt === undefined) return partOfUnknown(view)
  return partOfKnown({ ...wish, former, doubt }, view)
}

/** Whether the listing says which bytes differ, or brings some, or says that some are gone. */
export function saysParts({ changed, pieces, prunedBytes = 0 }: Listed): boolean {
  return changed !== undefined || pieces !== undefined || prunedBytes > 0
}

interface PartView {
  readonly data: readonly Run[]
  /** What the lister cannot give any more. */
  readonly gone: readonly Run[]
  readonly told: Pick<ReadPart, 'pieces' | 'isVouched'>
}

function partOfUnknown({ data, gone, told }: PartView): ReadPart {
  const fresh = difference(data, gone)
  return { ...told, fresh, touched: data, from: undefined, prune: noRun, lost: intersection(data, gone) }
}

function partOfKnown(
  { listed, former, slot, isReadAgain, doubt }: PartWish & { readonly former: Former; readonly doubt: readonly Run[] },
  { data, gone, told }: PartView,
): ReadPart | 'known' {
  const { meta, prunedBytes = 0 } = listed
  const { record } = former
  const before = dataRuns(record)
  const front = wholeOf(frontBytes({ before: record, slot, prunedBytes, size: meta.size }))
  // Of what is gone the brick has the only copy: what its lister says of that cannot be looked up.
  const claimed = isReadAgain ? difference(wholeOf(meta.size), front) : difference(claimedBy(listed, record), gone)
  const wanted = union(intersection(data, union(claimed, doubt)), difference(data, before))
  const fresh = difference(wanted, gone)
  const lost = intersection(wanted, gone)
  const vanished = difference(difference(before, data), front)
  const isMoved = record.slot?.start !== slot.start || record.slot.length !== slot.length
  const isSame = wanted.length === 0 && vanished.length === 0 && record.size === meta.size
  if (isSame && !isMoved && record.contentId !== undefined && prunedBytes <= former.prunedBytes) return 'known'
  const dirty = union(union(fresh, vanished), difference(lost, front))
  // The id of a small content is that of its bytes: all of them have to be at hand.
  const touched = meta.size <= tileSizeBytes ? union(dirty, data) : dirty
  return { ...told, fresh, touched, from: record.slot, prune: pruneOf(front, isMoved ? 0 : former.prunedBytes), lost }
}

const noRun: Run = { start: 0, length: 0 }

function claimedBy({ meta, changed }: Listed, record: EntryRecord): readonly Run[] {
  if (changed !== undefined) return sortedRuns(changed)
  return needsReading(record, meta) ? wholeOf(meta.size) : []
}

/** Runs of what the brick has that it is not right about; undefined where it is right about nothing. */
function doubtOf({ record, unsure }: Former): readonly Run[] | undefined {
  const { kind, slot, contentId, unreadableRanges, flags } = record
  if (kind !== 'file' || slot === undefined) return undefined
  if (unsure !== undefined) return union(unsure, unreadableRanges ?? [])
  if (flags.torn) return undefined
  return unreadableRanges ?? (contentId === undefined ? undefined : [])
}

/** Whole tiles at the beginning that the brick has, and has in tiles of their own. */
function frontBytes(content: { before: EntryRecord; slot: Run; prunedBytes: number; size: number }): number {
  const { before, slot, prunedBytes, size } = content
  const isLarge =
    size > tileSizeBytes &&
    slot.length > tileSizeBytes &&
    before.slot !== undefined &&
    before.slot.length >= tileSizeBytes
  return isLarge ? wholeTiles(Math.min(prunedBytes, size, before.size)) : 0
}

/** The tiles of the front that are not pruned yet. */
function pruneOf(front: readonly Run[], prunedBytes: number): Run {
  const end = bytesIn(front)
  const start = Math.min(end, wholeTiles(prunedBytes))
  return { start, length: end - start }
}

function wholeTiles(bytes: number): number {
  return Math.floor(bytes / tileSizeBytes) * tileSizeBytes
}
