/**
 * One live file against the content id that a brick has of it, a slice at a time: however large it is, nothing else has
 * to wait for it. Bounded memory; holes are not read; between slices no descriptor is held, so nothing is kept busy.
 *
 * Only bytes that were read of one version of the file are judged: a file whose metadata changes is `changed`, and what
 * cannot be read says nothing of what the brick holds.
 */
import { createHash, type Hash } from 'node:crypto'
import { equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { tileBytes, tileCount } from '../brick/merkle.ts'
import { isDifferent } from '../fold/entry-compare.ts'
import { closeFd } from '../linux/directory.ts'
import { dataRuns } from '../read/content.ts'
import { ContentHash } from '../read/content-hash.ts'
import type { Listed } from '../source/list.ts'
import { openContent, readExactly, sameVersion, statOpen } from '../source/read.ts'
import { merkle } from '../store/brick-view.ts'

export type ProbeAnswer =
  /** More is to be read. */
  | 'more'
  | 'same'
  /** Same metadata, other bytes. */
  | 'different'
  /** The metadata is not what it was: an ordinary look finds out more. */
  | 'changed'
  /** It could not be read; what the brick holds may be all that is left. */
  | 'unreadable'

export interface ProbeStep {
  readonly answer: ProbeAnswer
  readonly bytesRead: number
}

export class ContentProbe {
  readonly #root: Uint8Array
  readonly #record: EntryRecord
  readonly #listed: Listed
  readonly #runs: readonly Run[]
  /** Of a file longer than a tile. */
  readonly #tiles = new ContentHash()
  readonly #whole: Hash | undefined
  #hashedTiles = 0
  #run = 0

  private constructor(root: Uint8Array, record: EntryRecord, listed: Listed) {
    this.#root = root
    this.#record = record
    this.#listed = listed
    const isSmall = record.size <= tileBytes
    this.#runs = isSmall ? [{ start: 0, length: record.size }] : dataRuns(listed.meta)
    this.#whole = isSmall ? createHash('sha256') : undefined
  }

  /** `changed`: the file is not as the record says, and need not be read to know that. */
  static begin(root: Uint8Array, record: EntryRecord, listed: Listed | undefined): ContentProbe | 'changed' {
    if (listed === undefined || isDifferent(record, listed)) return 'changed'
    return new ContentProbe(root, record, listed)
  }

  /** Whether it was begun for what the brick says now. */
  isOf(record: EntryRecord): boolean {
    const begun = this.#record
    return (
      equalBytes(begun.path, record.path) &&
      sameVersion(begun, record) &&
      equalBytes(begun.contentId ?? noBytes, record.contentId ?? noBytes)
    )
  }

  /** Reads about `bytesMax` bytes, whole tiles, at least one. Errors: those of read(2) but EIO. */
  step(bytesMax: number): ProbeStep {
    const { meta } = this.#listed
    const opened = openContent(this.#root, meta)
    if (opened.kind === 'unreadable') return { answer: 'unreadable', bytesRead: 0 }
    if (opened.kind === 'changed') return { answer: 'changed', bytesRead: 0 }
    try {
      const { end, bytesRead } = this.#readTiles(opened.fd, bytesMax)
      if (!sameVersion(statOpen(opened.fd), meta)) return { answer: 'changed', bytesRead }
      if (end === 'unreadable') return { answer: 'unreadable', bytesRead }
      return { answer: end === 'whole' ? this.#verdict() : 'more', bytesRead }
    } finally {
      closeFd(opened.fd)
    }
  }

  #readTiles(fd: number, bytesMax: number): { end: 'whole' | 'more' | 'unreadable'; bytesRead: number } {
    const { size } = this.#listed.meta
    let bytesRead = 0
    for (let index = this.#nextTile(); index !== undefined; index = this.#nextTile()) {
      if (bytesRead >= bytesMax) return { end: 'more', bytesRead }
      const tile = tileMemory.subarray(0, Math.min(tileBytes, size - index * tileBytes))
      const read = readExactly(fd, tile, index * tileBytes)
      bytesRead += read.bytesRead
      // A file that became shorter is found out by its version.
      if (read.unreadable.length > 0 || read.bytesRead < tile.length) return { end: 'unreadable', bytesRead }
      this.#take(index, tile)
    }
    return { end: 'whole', bytesRead }
  }

  /** The next tile with data in it. */
  #nextTile(): number | undefined {
    for (; this.#run < this.#runs.length; this.#run++) {
      const { start, length } = this.#runs[this.#run] as Run
      const tile = Math.max(this.#hashedTiles, Math.floor(start / tileBytes))
      if (tile < tileCount(start + length)) return tile
    }
    return undefined
  }

  #take(index: number, tile: Uint8Array): void {
    if (this.#whole !== undefined) this.#whole.update(tile)
    else {
      this.#tiles.zeros(index - this.#hashedTiles)
      this.#tiles.tile(merkle.leaf(tile))
    }
    this.#hashedTiles = index + 1
  }

  #verdict(): 'same' | 'different' {
    const { size } = this.#listed.meta
    if (this.#whole === undefined) this.#tiles.zeros(tileCount(size) - this.#hashedTiles)
    const id = this.#whole?.digest() ?? this.#tiles.id(size)
    const known = this.#record.contentId
    return known !== undefined && equalBytes(id, known) ? 'same' : 'different'
  }
}

const noBytes = new Uint8Array(0)
/** Probes run one after another in one thread. */
const tileMemory = new Uint8Array(tileBytes)
