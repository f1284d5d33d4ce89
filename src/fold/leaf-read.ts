/**
 * Reads the pieces of a leaf job into the leaf's memory, with fstat before and after, and says what was lost.
 *
 * A file that is not the version the job names, before or after, is `changed`: its bytes are in memory but its entry
 * must be read again. Unreadable bytes stay zero and are reported as lost, so that nobody takes them for content.
 */
import { createHash, hash } from 'node:crypto'
import { must } from '../base/assert.ts'
import type { Run } from '../base/entry.ts'
import { type OpenedReader, openContentBy } from '../source/content-reader.ts'
import { fileAt, unpackPieces } from './job-pack.ts'
import type { FileOutcome, JobFile, LeafJob, PageChecks, Piece } from './leaf-job.ts'
import { pageChecks } from './page-checks.ts'

const tileSizeBytes = 65_536
const leafTiles = 256

/** Bytes of the leaf that were to be content and are not. */
interface LostRun {
  readonly at: number
  readonly length: number
}

export interface ReadOutcome {
  readonly files: readonly FileOutcome[]
  readonly lost: readonly LostRun[]
  /** 1 where a tile has lost bytes, 256. */
  readonly lostTiles: Uint8Array
  /** 1 where a tile is nothing but lost bytes, 256. */
  readonly unreadableTiles: Uint8Array
  readonly bytesRead: number
}

export function readPieces(memory: Uint8Array, job: LeafJob): ReadOutcome {
  const piecesOf: Piece[][] = Array.from({ length: job.files.count }, () => [])
  for (const piece of unpackPieces(job.pieces)) must(piecesOf[piece.file], 'file of a piece').push(piece)
  const hashedOf = Map.groupBy(unpackPieces(job.hashed), ({ file }) => file)
  const lost: LostRun[] = []
  let bytesRead = 0
  const files = piecesOf.map((pieces, index) => {
    const { root, reader, accept } = job
    const file = { ...fileAt(job.files, index), root, reader, accept, hashed: hashedOf.get(index) ?? pieces }
    const { outcome, lostRuns, bytes } = readFile(memory, file, pieces)
    lost.push(...lostRuns)
    bytesRead += bytes
    return outcome
  })
  return { files, lost, ...tilesOf(lost), bytesRead }
}

interface WantedFile extends JobFile, Pick<LeafJob, 'root' | 'reader' | 'accept'> {
  /** All of its data, where its digest is wanted: what is not read is in memory already. */
  readonly hashed: readonly Piece[]
}

interface FileRead {
  readonly outcome: FileOutcome
  readonly lostRuns: readonly LostRun[]
  readonly bytes: number
}

function readFile(memory: Uint8Array, file: WantedFile, pieces: readonly Piece[]): FileRead {
  if (file.content !== undefined) return copyContent(memory, file, file.content, pieces)
  if (file.extent === 'part' && pieces.length === 0) return unread(memory, file)
  const opened = openContentBy(file.reader, file.root, file.wanted, file.accept)
  if (opened.kind === 'unreadable') return lost(memory, file, pieces, opened.why)
  if (opened.kind === 'changed') {
    if (file.accept === 'any') return lost(memory, file, pieces, alwaysGone)
    return { outcome: { kind: 'changed' }, lostRuns: [], bytes: 0 }
  }
  try {
    return readOpen(memory, file, pieces, opened)
  } catch (error) {
    // Beyond EIO, which is read around: a server that is gone (ESTALE, ENOTCONN), a lock, a driver's own refusal.
    const why = errnoNameOf(error)
    if (why === undefined) throw error
    return lost(memory, file, pieces, why)
  } finally {
    opened.close()
  }
}

/** Of a part that is in memory already nothing is looked at. */
function unread(memory: Uint8Array, file: WantedFile): FileRead {
  const digest = digestWanted(memory, file)
  return { outcome: { kind: 'read', ...(digest && { digest }) }, lostRuns: [], bytes: 0 }
}

/** Of a file that is there when it is listed and gone, or no file, each time it is opened. */
export const alwaysGone = 'ESTALE'

/** Nothing that was to be read could be. Of a part, what the brick has is as good as it was. */
function lost(memory: Uint8Array, { extent }: WantedFile, pieces: readonly Piece[], why: string): FileRead {
  for (const { at, length } of pieces) memory.fill(0, at, at + length)
  if (extent === 'whole') return { outcome: { kind: 'unreadable', why }, lostRuns: pieces, bytes: 0 }
  const unreadable = pieces.map(({ fileOffset, length }) => ({ start: fileOffset, length }))
  return { outcome: { kind: 'read', unreadable, why }, lostRuns: pieces, bytes: 0 }
}

/** The name of the errno of a failed call, of node:fs or of libc. */
function errnoNameOf(error: unknown): string | undefined {
  const { code, errnoName = code } = error as { code?: unknown; errnoName?: unknown }
  return typeof errnoName === 'string' && /^E[A-Z0-9]+$/.test(errnoName) ? errnoName : undefined
}

function readOpen(memory: Uint8Array, file: WantedFile, pieces: readonly Piece[], opened: OpenedReader): FileRead {
  const lostRuns: LostRun[] = []
  const unreadable: Run[] = []
  const pages: PageChecks[] = []
  let bytes = 0
  let isShort = false
  for (const piece of pieces) {
    const target = memory.subarray(piece.at, piece.at + piece.length)
    const read = opened.read(target, piece.fileOffset)
    bytes += read.bytesRead
    if (read.bytesRead < piece.length) {
      isShort = true
      target.fill(0, read.bytesRead)
    }
    if (file.reader === 'memory') pages.push(...pageChecks(target, piece.fileOffset, read))
    for (const run of read.unreadable) {
      unreadable.push({ start: piece.fileOffset + run.start, length: run.length })
      lostRuns.push({ at: piece.at + run.start, length: run.length })
    }
  }
  const isTorn = isShort || !opened.isSame()
  if (isTorn && file.accept === 'same version') return { outcome: { kind: 'changed' }, lostRuns, bytes }
  const digest = digestWanted(memory, file)
  const outcome: FileOutcome = {
    kind: 'read',
    ...(digest && { digest }),
    ...(isTorn && { torn: true as const }),
    ...(unreadable.length > 0 && { unreadable }),
    ...(pages.length > 0 && { pages }),
  }
  return { outcome, lostRuns, bytes }
}

function copyContent(memory: Uint8Array, file: WantedFile, content: Uint8Array, pieces: readonly Piece[]): FileRead {
  for (const { at, fileOffset, length } of pieces) memory.set(content.subarray(fileOffset, fileOffset + length), at)
  const digest = digestWanted(memory, file)
  return { outcome: { kind: 'read', ...(digest && { digest }) }, lostRuns: [], bytes: content.length }
}

function digestWanted(memory: Uint8Array, file: WantedFile): Uint8Array | undefined {
  return file.digest === 'whole' ? digestOf(memory, file, file.hashed) : undefined
}

/** SHA-256 of the whole file; what lies between the pieces is a hole. */
function digestOf(memory: Uint8Array, file: JobFile, pieces: readonly Piece[]): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined && only.length === file.wanted.size) {
    return plain(hash('sha256', memory.subarray(only.at, only.at + only.length), 'buffer'))
  }
  const digest = createHash('sha256')
  let at = 0
  for (const piece of pieces) {
    feedZeros(digest, piece.fileOffset - at)
    digest.update(memory.subarray(piece.at, piece.at + piece.length))
    at = piece.fileOffset + piece.length
  }
  feedZeros(digest, file.wanted.size - at)
  return plain(digest.digest())
}

/** The same memory as a plain Uint8Array, as it is after a reload. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

const zeros = new Uint8Array(65_536)

function feedZeros(digest: ReturnType<typeof createHash>, count: number): void {
  for (let left = count; left > 0; left -= zeros.length) digest.update(zeros.subarray(0, Math.min(left, zeros.length)))
}

function tilesOf(lost: readonly LostRun[]): Pick<ReadOutcome, 'lostTiles' | 'unreadableTiles'> {
  const lostTiles = new Uint8Array(leafTiles)
  const unreadableTiles = new Uint8Array(leafTiles)
  const lostBytes = new Float64Array(leafTiles)
  for (const { at, length } of lost) {
    for (let tile = Math.floor(at / tileSizeBytes); tile * tileSizeBytes < at + length; tile++) {
      lostTiles[tile] = 1
      const from = Math.max(at, tile * tileSizeBytes)
      const to = Math.min(at + length, (tile + 1) * tileSizeBytes)
      lostBytes[tile] = (lostBytes[tile] as number) + to - from
    }
  }
  for (let tile = 0; tile < leafTiles; tile++) if (lostBytes[tile] === tileSizeBytes) unreadableTiles[tile] = 1
  return { lostTiles, unreadableTiles }
}
