/** The content of an entry of a brick, for an analysis thread. Keeps the last brick open: entries come one after another. */
import { closeSync, openSync } from 'node:fs'
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { noPointer } from '../brick/pointer.ts'
import { checkedSlot, piecesOf, TileReader } from '../read/content.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import type { BrickTicket, ContentPlace } from './content-job.ts'
import { ContentGone, type RawContent } from './raw-content.ts'

export class BrickContents {
  #open: { readonly id: number; readonly fd: number; readonly view: BrickView; readonly tiles: TileReader } | undefined

  /** Errors: ContentGone where the brick is damaged there. */
  open({ ticket, entry, missing }: Extract<ContentPlace, { kind: 'brick' }>): RawContent {
    const { view, tiles } = this.#of(ticket)
    const { size } = entry
    const slot = size === 0 ? { start: 0, length: 0 } : guarded(() => checkedSlot(entry, view))
    return {
      size,
      missing,
      readInto(target, offset) {
        const run = { start: offset, length: target.length }
        for (const piece of piecesOf(slot, run)) {
          const tile = isMissing(missing, piece) ? zeroTile : guarded(() => tiles.tile(piece.tile))
          target.set(tile.subarray(piece.from, piece.from + piece.length), piece.offset - offset)
        }
      },
      isSame: () => true,
      close() {},
    }
  }

  release(ticketId: number): void {
    if (this.#open?.id === ticketId) this.close()
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd)
    this.#open = undefined
  }

  #of({ id, fd, path, record }: BrickTicket) {
    if (this.#open?.id === id) return this.#open
    this.close()
    // A descriptor of our own, of the same file whatever it is called now: the caller may close the other one.
    const own = openSync(`/proc/self/fd/${fd}`, 'r')
    const view = new BrickView(new BrickFile(path, own), { record, commit: noPointer })
    this.#open = { id, fd: own, view, tiles: new TileReader(view) }
    return this.#open
  }
}

const zeroTile = new Uint8Array(65_536)

/** A pruned tile refuses to be read; all of its part of the content is missing. */
function isMissing(
  missing: readonly { readonly start: number; readonly length: number }[],
  { offset, length }: { readonly offset: number; readonly length: number },
): boolean {
  return missing.some(({ start, length: run }) => start <= offset && offset + length <= start + run)
}

function guarded<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BrickDamage) throw new ContentGone({ unreadable: `the brick is damaged: ${error.message}` })
    throw error
  }
}

/** Slots of contents that analyzers can look at. */
export function hasContent(entry: EntryRecord): boolean {
  return entry.kind === 'file' && entry.linkTo === undefined && entry.size > 0
}
