/**
 * Writes one file of a brick beneath a destination: its data and nothing but its data, so that holes stay holes, and
 * proves the content id on the way.
 *
 * A tile that is damaged leaves a hole and a note; the rest of the file is written. Memory: one tile.
 */
import { closeSync, ftruncateSync, writeSync } from 'node:fs'
import { equalBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { tileBytes, tileCount } from '../brick/merkle.ts'
import type { Beneath } from '../linux/beneath.ts'
import { type BrickView, merkle } from '../store/brick-view.ts'
import { nodeTools } from '../store/node-tools.ts'
import { errnoNameOf, type Ownership, setFileAttributes } from './attributes.ts'
import { checkedSlot, piecesOf, readableRuns, TileReader } from './content.ts'
import { ContentHash } from './content-hash.ts'
import { type ExtractReport, note } from './extract-report.ts'

export interface FileWriter {
  readonly view: BrickView
  readonly dest: Beneath
  readonly ownership: Ownership
  readonly tiles: TileReader
  readonly report: ExtractReport
}

/** A writer with a report of its own. */
export function fileWriter(parts: Omit<FileWriter, 'tiles'>): FileWriter {
  return { ...parts, tiles: new TileReader(parts.view) }
}

/** What goes wrong with this file alone is noted; a full or failing disk is thrown. */
export function writeFile(writer: FileWriter, entry: EntryRecord): void {
  const { dest, report } = writer
  try {
    const fd = createReplacing(dest, entry.path)
    try {
      writeContent(writer, entry, fd)
      setFileAttributes({ fd, dest }, entry, writer)
    } finally {
      closeSync(fd)
    }
    report.files++
    report.bytes += entry.size
    if (entry.flags.torn) note(report.torn, entry.path, 'it changed while it was read')
    if (entry.unreadableRanges !== undefined) {
      note(
        report.unreadable,
        entry.path,
        `${entry.unreadableRanges.length} ranges of it could not be read; they are holes`,
      )
    }
  } catch (error) {
    noteFailure(report, entry, error)
  }
}

/** Notes a failure that concerns one entry; throws on what will fail for all that follow. */
export function noteFailure(report: ExtractReport, entry: EntryRecord, error: unknown): void {
  if (error instanceof BrickDamage) return note(report.damaged, entry.path, error.message)
  const errnoName = errnoNameOf(error)
  if (errnoName === undefined || fatal.has(errnoName)) throw error
  note(report.failed, entry.path, error instanceof Error ? error.message : errnoName)
}

/** The name is given to a new file; what had it before (a link, a file, an empty folder) goes. */
function createReplacing(dest: Beneath, path: Uint8Array): number {
  try {
    return dest.createFile(path, 0o600)
  } catch (error) {
    if (errnoNameOf(error) !== 'EEXIST') throw error
  }
  dest.remove(path)
  return dest.createFile(path, 0o600)
}

const fatal = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE'])

function writeContent(writer: FileWriter, entry: EntryRecord, fd: number): void {
  if (entry.size === 0) return
  const slot = checkedSlot(entry, writer.view)
  const runs = readableRuns(entry)
  const last = runs.at(-1)
  if (last === undefined || last.start + last.length < entry.size) ftruncateSync(fd, entry.size)
  if (entry.size <= tileBytes) writeSmall(writer, entry, { fd, slot, runs })
  else writeLarge(writer, entry, { fd, slot, runs })
}

interface Output {
  readonly fd: number
  readonly slot: Run
  readonly runs: readonly Run[]
}

/** All in one tile. */
function writeSmall(writer: FileWriter, entry: EntryRecord, { fd, slot, runs }: Output): void {
  const tile = Math.floor(slot.start / tileBytes)
  const from = slot.start - tile * tileBytes
  const content = writer.tiles.tile(tile).subarray(from, from + entry.size)
  for (const run of runs) writeAt(fd, content.subarray(run.start, run.start + run.length), run.start)
  if (entry.contentId !== undefined && !equalBytes(nodeTools.sha256(content), entry.contentId))
    noteMismatch(writer, entry)
}

function writeLarge(writer: FileWriter, entry: EntryRecord, { fd, slot, runs }: Output): void {
  const hash = entry.contentId === undefined ? undefined : new ContentHash()
  let hashed = 0
  let damage: BrickDamage | undefined
  for (const run of runs) {
    for (const piece of piecesOf(slot, run)) {
      const contentTile = piece.tile - slot.start / tileBytes
      try {
        const bytes = writer.tiles.tile(piece.tile)
        writeAt(fd, bytes.subarray(piece.from, piece.from + piece.length), piece.offset)
        if (hash === undefined || contentTile < hashed) continue
        hash.zeros(contentTile - hashed)
        hash.tile(merkle.leaf(bytes))
        hashed = contentTile + 1
      } catch (error) {
        if (!(error instanceof BrickDamage)) throw error
        damage ??= error
      }
    }
  }
  if (damage !== undefined) {
    if (endOf(runs) === entry.size) ftruncateSync(fd, entry.size)
    return note(writer.report.damaged, entry.path, damage.message)
  }
  if (hash === undefined || entry.contentId === undefined) return
  hash.zeros(tileCount(entry.size) - hashed)
  if (!equalBytes(hash.id(entry.size), entry.contentId)) noteMismatch(writer, entry)
}

function noteMismatch({ report }: FileWriter, entry: EntryRecord): void {
  note(report.damaged, entry.path, 'content: the bytes do not have the recorded content id')
}

function endOf(runs: readonly Run[]): number {
  const last = runs.at(-1)
  return last === undefined ? 0 : last.start + last.length
}

function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}
