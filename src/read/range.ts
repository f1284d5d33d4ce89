/** Bytes of a brick's space or of one entry, in order, in bounded memory. */
import { displayPath } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { BrickView } from '../store/brick-view.ts'
import { checkedSlot, isUnread, piecesOf, TileReader } from './content.ts'
import { Forgotten } from './forgotten.ts'
import { entryAt } from './select.ts'

/** Half-open interval of bytes [from, to). */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export interface RangeTarget {
  /** Of the content; missing where the range is one of the brick's space. */
  readonly entry?: EntryRecord
  /** Where the bytes lie in the brick's space; none where the entry is empty. */
  readonly slot: Run | undefined
  readonly length: number
}

/**
 * What a range is of: the entry at `path` (of a hard link, the content it shares), else the brick's whole space.
 * Errors: ENTRY_MISSING; ENTRY_KIND where it has no bytes; BrickDamage.
 */
export function rangeTarget(view: BrickView, path: Uint8Array | undefined): RangeTarget {
  const { length } = view.record
  if (path === undefined) return { slot: { start: 0, length }, length }
  const named = entryAt(view, path)
  const entry = named.linkTo === undefined ? named : entryAt(view, named.linkTo)
  if (entry.kind !== 'file') {
    throw new FoundryError('ENTRY_KIND', `${displayPath(path)} is a ${entry.kind}: it has no bytes. Name a file.`)
  }
  return { entry, slot: entry.size === 0 ? undefined : checkedSlot(entry, view), length: entry.size }
}

/** The bytes of the range in pieces of at most a tile. Errors: RANGE_INVALID, BYTES_FORGOTTEN; BrickDamage. */
export function* rangeBytes(view: BrickView, target: RangeTarget, range: ByteRange): Generator<Uint8Array> {
  const { from, to } = range
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to && to <= target.length)) {
    throw new FoundryError('RANGE_INVALID', `The range ${from}:${to} does not lie in 0:${target.length}.`)
  }
  if (target.slot === undefined) return
  if (new Forgotten(view).has({ start: target.slot.start + from, length: to - from })) {
    const what = `Bytes of the range ${from}:${to} were forgotten in generation ${view.record.generation}`
    throw new FoundryError(
      'BYTES_FORGOTTEN',
      `${what}; they are nowhere in the brick. Ask for other bytes or another commit.`,
    )
  }
  const tiles = new TileReader(view)
  for (const piece of piecesOf(target.slot, { start: from, length: to - from })) {
    yield tiles.tile(piece.tile).subarray(piece.from, piece.from + piece.length)
  }
}

/** Why the bytes of the range may not be those of the source; undefined where they are. */
export function rangeDoubt({ entry }: RangeTarget, range: ByteRange): string | undefined {
  if (entry === undefined) return undefined
  if (isUnread(entry))
    return `the content could not be read (${entry.unreadable ?? 'no reason is recorded'}); it is shown as zeros`
  const lost = entry.unreadableRanges?.some(({ start, length }) => start < range.to && start + length > range.from)
  if (lost) return 'parts of it could not be read; they are shown as zeros'
  return entry.flags.torn ? 'it changed while it was read (torn)' : undefined
}
