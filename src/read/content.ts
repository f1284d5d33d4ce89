/**
 * Where an entry's bytes lie in a brick, and reading them tile by tile.
 *
 * Slots come out of a file that anyone may have written: none is followed before `slotProblem` has passed it.
 */
import type { Run } from '../base/entry.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { tileBytes } from '../brick/merkle.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { isValidSlot } from '../layout/slots.ts'
import type { BrickView } from '../store/brick-view.ts'

/** What is wrong with the slot of a file in a space of `length` bytes; undefined where nothing is. */
export function slotProblem(slot: Run, file: { readonly size: number; readonly length: number }): string | undefined {
  const shown = `slot ${slot.start} + ${slot.length}`
  if (!isValidSlot(slot)) return `${shown} has no allowed shape`
  if (slot.start + slot.length > file.length) return `${shown} ends beyond the brick's length ${file.length}`
  if (slot.length < file.size) return `${shown} is shorter than its content of ${file.size} bytes`
  if (file.size > tileBytes && (slot.start % tileBytes !== 0 || slot.length % tileBytes !== 0)) {
    return `${shown} of a file above a tile is not whole tiles`
  }
  return undefined
}

/** Runs of the content that hold data: everything else is a hole. */
export function dataRuns(entry: Pick<EntryRecord, 'size' | 'extents'>): readonly Run[] {
  return entry.extents ?? (entry.size > 0 ? [{ start: 0, length: entry.size }] : [])
}

/** Bytes of content that hold data. */
export function dataBytes(entry: Pick<EntryRecord, 'size' | 'extents'>): number {
  return dataRuns(entry).reduce((sum, run) => sum + run.length, 0)
}

/** Data runs without the ranges that could not be read. */
export function readableRuns(entry: Pick<EntryRecord, 'size' | 'extents' | 'unreadableRanges'>): readonly Run[] {
  const lost = entry.unreadableRanges ?? []
  if (lost.length === 0) return dataRuns(entry)
  const runs: Run[] = []
  let next = 0
  for (const run of dataRuns(entry)) {
    const end = run.start + run.length
    let at = run.start
    while (next < lost.length && endOf(lost[next] as Run) <= at) next++
    for (let i = next; i < lost.length && (lost[i] as Run).start < end; i++) {
      const hole = lost[i] as Run
      if (hole.start > at) runs.push({ start: at, length: hole.start - at })
      at = Math.max(at, endOf(hole))
    }
    if (at < end) runs.push({ start: at, length: end - at })
  }
  return runs
}

/** No byte of the content is known: it was listed, but reading it failed. */
export function isUnread(entry: EntryRecord): boolean {
  if (entry.kind !== 'file' || entry.contentId !== undefined || entry.unreadableRanges !== undefined) return false
  return entry.size > 0 || entry.unreadable !== undefined
}

/** Tiles of one commit, the last one kept: small entries share it, and neighbours are asked for one after another. */
export class TileReader {
  readonly #view: BrickView
  #tile = -1
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(view: BrickView) {
    this.#view = view
  }

  /** 65,536 bytes, not to be changed. Errors: BrickDamage. */
  tile(tile: number): Uint8Array {
    if (tile !== this.#tile) {
      this.#tile = -1
      if (this.#view.locateTile(tile).kind === TileKind.pruned) {
        throw new BrickDamage('content', `the bytes of tile ${tile} were pruned: only their hash is here`)
      }
      this.#bytes = this.#view.tile(tile)
      this.#tile = tile
    }
    return this.#bytes
  }
}

/** A piece of content inside one tile of the brick. */
export interface ContentPiece {
  /** Of the brick. */
  readonly tile: number
  /** In the tile. */
  readonly from: number
  readonly length: number
  /** In the content. */
  readonly offset: number
}

/** The run of the content [run.start, ..) as pieces of tiles, ascending. The slot was checked. */
export function* piecesOf(slot: Run, run: Run): Generator<ContentPiece> {
  const end = run.start + run.length
  for (let offset = run.start; offset < end; ) {
    const position = slot.start + offset
    const tile = Math.floor(position / tileBytes)
    const from = position - tile * tileBytes
    const length = Math.min(tileBytes - from, end - offset)
    yield { tile, from, length, offset }
    offset += length
  }
}

/** The slot of a file with content. Errors: BrickDamage `slots` where there is none, or it is not one by the rule. */
export function checkedSlot(entry: EntryRecord, view: BrickView): Run {
  const { slot, size } = entry
  if (slot === undefined) throw new BrickDamage('slots', `a file of ${size} bytes has no slot`)
  const problem = slotProblem(slot, { size, length: view.record.length })
  if (problem !== undefined) throw new BrickDamage('slots', problem)
  return slot
}

function endOf(run: Run): number {
  return run.start + run.length
}
