/** Turns a plan into jobs, one leaf at a time: what to read, where it goes, what is owned. */
import { must } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { EntryMeta, Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { TileKind } from '../brick/tile-kind.ts'
import type { ReaderKind } from '../source/artifact.ts'
import type { ContentPiece } from '../source/describe.ts'
import { packCopies, packFiles, packPieces, packRuns } from './job-pack.ts'
import type { LeafItem } from './leaf-items.ts'
import {
  type GivenBytes,
  type JobFile,
  type LeafJob,
  type OwnedRun,
  type Piece,
  TileAction,
  type TileCopy,
} from './leaf-job.ts'
import type { BrickModel, PathKey } from './model.ts'
import { fanOut as leafTiles } from './node-edit.ts'
import { copiesOf, givenBytes, tileBefore } from './part-sources.ts'
import { type Reading, readableData, staysInPlace } from './placing.ts'
import { dataRuns, difference, endOf, intersection, within } from './runs.ts'
import type { TreeReader } from './tree-reader.ts'

const tileSizeBytes = 65_536
const leafBytes = leafTiles * tileSizeBytes

export interface JobPlan {
  readonly model: BrickModel
  readonly generation: number
  readonly readings: ReadonlyMap<PathKey, Reading>
  /** Readings larger than a tile, ascending by slot. */
  readonly large: readonly Reading[]
  /** Absolute path of the directory that entry paths start from. */
  readonly root: Uint8Array
  readonly reader: ReaderKind
  /** Of the directory before this round: where contents that move are copied from. */
  readonly tiles: Pick<TreeReader, 'tile'>
  /** `any`: take the bytes as they come, the entry is torn. */
  readonly accept: LeafJob['accept']
}

/** A job and whose files it reads, in the order of job.files. */
export interface PlannedJob {
  readonly job: LeafJob
  readonly holders: readonly PathKey[]
}

export function planJob(plan: JobPlan, leaf: { index: number; actions: Uint8Array; item: LeafItem }): PlannedJob {
  const draft = new JobDraft(plan, leaf.index)
  const actions = leaf.actions.slice()
  for (let tile = 0; tile < leafTiles; tile++) {
    if (actions[tile] === TileAction.build && draft.movesPruned(tile)) actions[tile] = TileAction.prune
    const action = actions[tile]
    if (action === TileAction.build || action === TileAction.rebuild) draft.addTile(tile)
    else if (action === TileAction.prune) draft.pruneTile(tile)
  }
  return {
    job: {
      leafIndex: leaf.index,
      generation: plan.generation,
      previous: leaf.item.previous,
      previousPage: leaf.item.page,
      actions,
      root: plan.root,
      reader: plan.reader,
      accept: plan.accept,
      ...draft.finish(),
    },
    holders: draft.holders,
  }
}

interface LargeContent {
  readonly reading: Reading
  readonly entry: EntryRecord
  /** What of it can be read. */
  readonly data: readonly Run[]
}

class JobDraft {
  readonly holders: PathKey[] = []
  readonly #plan: JobPlan
  readonly #leafStart: number
  readonly #files: JobFile[] = []
  readonly #pieces: Piece[] = []
  readonly #given: GivenBytes[] = []
  readonly #copies: TileCopy[] = []
  readonly #hashed: Piece[] = []
  readonly #prunedHashes = new Map<number, Uint8Array>()
  readonly #owned: OwnedRun[] = []
  readonly #partlyOwned = new Uint8Array(leafTiles)
  readonly #fileOf = new Map<PathKey, number>()
  #atHand: LargeContent | undefined

  constructor(plan: JobPlan, leafIndex: number) {
    this.#plan = plan
    this.#leafStart = leafIndex * leafBytes
  }

  addTile(tile: number): void {
    const start = this.#leafStart + tile * tileSizeBytes
    const large = readingAt(this.#plan.large, start)
    if (large !== undefined) return this.#addLargeTile(tile, large)
    this.#partlyOwned[tile] = 1
    const owners = this.#plan.model.inTile(start / tileSizeBytes)
    for (const entry of [...owners].sort((a, b) => slotOf(a).start - slotOf(b).start)) this.#addSmall(entry)
  }

  /** Whether it is a tile whose content has another slot now, which had no bytes there and gets none. */
  movesPruned(tile: number): boolean {
    const start = this.#leafStart + tile * tileSizeBytes
    const reading = readingAt(this.#plan.large, start)
    const before = reading && tileBefore(reading, start)
    if (reading === undefined || before === undefined) return false
    if (this.#plan.tiles.tile(before).kind !== TileKind.pruned) return false
    const offset = start - reading.slot.start
    return within(reading.part?.fresh ?? [], offset, offset + tileSizeBytes).next().done === true
  }

  /** A tile that loses its bytes. Where its content has another slot now, its hash comes along. */
  pruneTile(tile: number): void {
    const start = this.#leafStart + tile * tileSizeBytes
    const reading = readingAt(this.#plan.large, start)
    const before = reading && tileBefore(reading, start)
    if (before !== undefined) this.#prunedHashes.set(tile, this.#plan.tiles.tile(before).hash)
  }

  finish(): Pick<
    LeafJob,
    'files' | 'pieces' | 'given' | 'copies' | 'hashed' | 'prunedHashes' | 'owned' | 'partlyOwned'
  > {
    this.#pieces.sort((a, b) => a.at - b.at)
    return {
      files: packFiles(this.#files),
      pieces: packPieces(this.#pieces),
      given: this.#given,
      copies: packCopies(this.#copies),
      hashed: packPieces(this.#hashed),
      prunedHashes: this.#prunedHashes,
      owned: packRuns(this.#owned),
      partlyOwned: this.#partlyOwned,
    }
  }

  #addSmall(entry: EntryRecord): void {
    const slot = slotOf(entry)
    const reading = this.#plan.readings.get(bytesKey(entry.path))
    const isThere = entry.contentId !== undefined || entry.unreadableRanges !== undefined
    if (reading === undefined && !isThere) return
    const at = slot.start - this.#leafStart
    for (const run of reading === undefined ? ownedRuns(entry) : readableData(reading, entry)) {
      this.#owned.push({ at: at + run.start, length: run.length })
      if (reading !== undefined) this.#addData(reading, entry, run)
    }
    if (reading !== undefined) this.#file(reading, entry)
  }

  #addLargeTile(tile: number, reading: Reading): void {
    const tileStart = this.#leafStart + tile * tileSizeBytes - reading.slot.start
    const tileEnd = Math.min(tileStart + tileSizeBytes, reading.sizeBytes)
    const { entry, data } = this.#contentOf(reading)
    const ownedBefore = this.#owned.length
    let covered = 0
    for (const run of within(data, tileStart, tileEnd)) {
      covered += run.length
      this.#owned.push({ at: reading.slot.start + run.start - this.#leafStart, length: run.length })
      this.#addData(reading, entry, run)
    }
    if (covered < tileSizeBytes) this.#partlyOwned[tile] = 1
    else this.#owned.length = ownedBefore
  }

  /** A run of data inside one tile: what of it is read, came with the listing, or is in the brick already. */
  #addData(reading: Reading, entry: EntryRecord, run: Run): void {
    const { part, slot } = reading
    const file = this.#file(reading, entry)
    const at = slot.start - this.#leafStart
    if (part === undefined) {
      this.#addPiece(this.#pieces, { file, fileOffset: run.start, at: at + run.start, length: run.length })
      return
    }
    const fresh = [...within(part.fresh, run.start, endOf(run))]
    const came = intersection(runsOf(part.pieces), fresh)
    for (const given of came) this.#given.push(...givenBytes(given, { pieces: part.pieces, at }))
    for (const { start, length } of difference(fresh, came)) {
      this.#addPiece(this.#pieces, { file, fileOffset: start, at: at + start, length })
    }
    const { from } = part
    if (from !== undefined && !staysInPlace(reading)) {
      const { tiles } = this.#plan
      for (const kept of difference([run], fresh)) this.#copies.push(...copiesOf(kept, { from, at, tiles }))
    }
    if (isHashedWhole(entry)) {
      this.#addPiece(this.#hashed, { file, fileOffset: run.start, at: at + run.start, length: run.length })
    }
  }

  /** Joined with the piece before where it continues it: a large file is read in long reads. */
  #addPiece(pieces: Piece[], piece: Piece): void {
    const last = pieces.at(-1)
    if (
      last !== undefined &&
      last.file === piece.file &&
      last.at + last.length === piece.at &&
      last.fileOffset + last.length === piece.fileOffset
    ) {
      pieces[pieces.length - 1] = { ...last, length: last.length + piece.length }
      return
    }
    pieces.push(piece)
  }

  /** The model makes a record anew each time it is asked; a large content is asked about tile by tile. */
  #contentOf(reading: Reading): LargeContent {
    if (this.#atHand?.reading !== reading) {
      const entry = must(this.#plan.model.entries.get(reading.holder), `entry ${reading.holder}`)
      this.#atHand = { reading, entry, data: readableData(reading, entry) }
    }
    return this.#atHand
  }

  #file(reading: Reading, entry: EntryRecord): number {
    const known = this.#fileOf.get(reading.holder)
    if (known !== undefined) return known
    const { content, part } = reading
    const index = this.#files.length
    const isInside =
      reading.slot.start >= this.#leafStart && reading.slot.start + entry.size <= this.#leafStart + leafBytes
    const isWhole = isInside && (part === undefined || isHashedWhole(entry))
    this.#files.push({
      wanted: wantedOf(entry),
      digest: isWhole ? 'whole' : 'none',
      extent: part === undefined ? 'whole' : 'part',
      ...(content !== undefined && { content }),
    })
    this.holders.push(reading.holder)
    this.#fileOf.set(reading.holder, index)
    return index
  }
}

function wantedOf({ kind, path, dev, ino, size, mtime, ctime }: EntryMeta): JobFile['wanted'] {
  return { kind, path, dev, ino, size, mtime, ctime }
}

function slotOf(entry: EntryRecord): Run {
  return must(entry.slot, 'slot of an entry in a tile')
}

function runsOf(pieces: readonly ContentPiece[]): Run[] {
  return pieces.map(({ start, bytes }) => ({ start, length: bytes.length }))
}

/** Of a content that is read in part: its id is the hash of its bytes. */
function isHashedWhole({ size }: EntryRecord): boolean {
  return size <= tileSizeBytes
}

/** The large reading whose slot holds `position`; `large` is ascending. */
export function readingAt(large: readonly Reading[], position: number): Reading | undefined {
  let low = 0
  let high = large.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (must(large[middle], 'reading').slot.start <= position) low = middle + 1
    else high = middle
  }
  const reading = large[low - 1]
  return reading !== undefined && position < reading.slot.start + reading.slot.length ? reading : undefined
}

/** Data that could be read. */
function ownedRuns(entry: EntryRecord): readonly Run[] {
  const { unreadableRanges } = entry
  return unreadableRanges === undefined ? dataRuns(entry) : difference(dataRuns(entry), unreadableRanges)
}
