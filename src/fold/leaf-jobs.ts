/** Turns a plan into jobs, one leaf at a time: what to read, where it goes, what is owned. */
import { must } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { EntryMeta, Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { packFiles, packPieces, packRuns } from './job-pack.ts'
import type { LeafItem } from './leaf-items.ts'
import { type JobFile, type LeafJob, type OwnedRun, type Piece, TileAction } from './leaf-job.ts'
import type { BrickModel, PathKey } from './model.ts'
import { fanOut as leafTiles } from './node-edit.ts'
import type { Reading } from './placing.ts'

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
  for (let tile = 0; tile < leafTiles; tile++) {
    const action = leaf.actions[tile]
    if (action === TileAction.build || action === TileAction.rebuild) draft.addTile(tile)
  }
  return {
    job: {
      leafIndex: leaf.index,
      generation: plan.generation,
      previous: leaf.item.previous,
      previousPage: leaf.item.page,
      actions: leaf.actions,
      root: plan.root,
      accept: plan.accept,
      ...draft.finish(),
    },
    holders: draft.holders,
  }
}

class JobDraft {
  readonly holders: PathKey[] = []
  readonly #plan: JobPlan
  readonly #leafStart: number
  readonly #files: JobFile[] = []
  readonly #pieces: Piece[] = []
  readonly #owned: OwnedRun[] = []
  readonly #partlyOwned = new Uint8Array(leafTiles)
  readonly #fileOf = new Map<PathKey, number>()

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

  finish(): Pick<LeafJob, 'files' | 'pieces' | 'owned' | 'partlyOwned'> {
    this.#pieces.sort((a, b) => a.at - b.at)
    return {
      files: packFiles(this.#files),
      pieces: packPieces(this.#pieces),
      owned: packRuns(this.#owned),
      partlyOwned: this.#partlyOwned,
    }
  }

  #addSmall(entry: EntryRecord): void {
    const slot = slotOf(entry)
    const reading = this.#plan.readings.get(bytesKey(entry.path))
    const at = slot.start - this.#leafStart
    const isThere = entry.contentId !== undefined || entry.unreadableRanges !== undefined
    if (reading === undefined && !isThere) return
    for (const run of ownedRuns(entry)) {
      this.#owned.push({ at: at + run.start, length: run.length })
      if (reading !== undefined)
        this.#addPiece(this.#file(reading, entry), { fileOffset: run.start, at: at + run.start, length: run.length })
    }
    if (reading !== undefined) this.#file(reading, entry)
  }

  #addLargeTile(tile: number, reading: Reading): void {
    const tileStart = this.#leafStart + tile * tileSizeBytes - reading.slot.start
    const tileEnd = Math.min(tileStart + tileSizeBytes, reading.sizeBytes)
    const entry = must(this.#plan.model.entries.get(reading.holder), `entry ${reading.holder}`)
    let covered = 0
    for (const run of dataRuns(entry)) {
      const from = Math.max(run.start, tileStart)
      const to = Math.min(run.start + run.length, tileEnd)
      if (from >= to) continue
      covered += to - from
      const at = reading.slot.start + from - this.#leafStart
      this.#owned.push({ at, length: to - from })
      this.#addPiece(this.#file(reading, entry), { fileOffset: from, at, length: to - from })
    }
    if (covered < tileSizeBytes) {
      this.#partlyOwned[tile] = 1
      return
    }
    while (this.#owned.length > 0 && must(this.#owned.at(-1), 'owned run').at >= tile * tileSizeBytes) this.#owned.pop()
  }

  /** Joined with the piece before where it continues it: a large file is read in long reads. */
  #addPiece(file: number, piece: Omit<Piece, 'file'>): void {
    const last = this.#pieces.at(-1)
    if (
      last !== undefined &&
      last.file === file &&
      last.at + last.length === piece.at &&
      last.fileOffset + last.length === piece.fileOffset
    ) {
      this.#pieces[this.#pieces.length - 1] = { ...last, length: last.length + piece.length }
      return
    }
    this.#pieces.push({ file, ...piece })
  }

  #file(reading: Reading, entry: EntryRecord): number {
    const known = this.#fileOf.get(reading.holder)
    if (known !== undefined) return known
    const { content } = reading
    const index = this.#files.length
    const isWhole =
      reading.slot.start >= this.#leafStart && reading.slot.start + entry.size <= this.#leafStart + leafBytes
    this.#files.push({
      wanted: wantedOf(entry),
      digest: isWhole ? 'whole' : 'none',
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

/** The large reading whose slot holds `position`; `large` is ascending. */
function readingAt(large: readonly Reading[], position: number): Reading | undefined {
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

/** The runs of a file that hold data. */
export function dataRuns(meta: EntryMeta): readonly Run[] {
  return meta.extents ?? (meta.size > 0 ? [{ start: 0, length: meta.size }] : [])
}

/** Data that could be read. */
function ownedRuns(entry: EntryRecord): Run[] {
  let runs = [...dataRuns(entry)]
  for (const hole of entry.unreadableRanges ?? []) runs = runs.flatMap((run) => without(run, hole))
  return runs
}

function without(run: Run, hole: Run): Run[] {
  const runEnd = run.start + run.length
  const holeEnd = hole.start + hole.length
  if (holeEnd <= run.start || hole.start >= runEnd) return [run]
  const left = { start: run.start, length: Math.max(0, hole.start - run.start) }
  const right = { start: holeEnd, length: Math.max(0, runEnd - holeEnd) }
  return [left, right].filter(({ length }) => length > 0)
}
