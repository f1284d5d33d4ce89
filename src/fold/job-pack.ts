/**
 * Files, pieces and runs of a job as typed arrays: a leaf of small files has thousands of each, and plain objects would be
 * cloned one by one into the worker's heap.
 */
import { must } from '../base/assert.ts'
import type { JobFile, OwnedRun, Piece, TileCopy } from './leaf-job.ts'

export interface PackedFiles {
  readonly count: number
  /** All paths one after another. */
  readonly paths: Uint8Array
  /** Where each path ends. */
  readonly pathEnds: Uint32Array
  /** Of each file: dev, ino. */
  readonly ids: BigUint64Array
  /** Of each file: size, mtime seconds and nanoseconds, ctime seconds and nanoseconds. */
  readonly numbers: Float64Array
  /** 1 where the digest is wanted, 2 where only a part is read, 3 where both. */
  readonly wishes: Uint8Array
  /** Of the files that were read already. */
  readonly contents: ReadonlyMap<number, Uint8Array>
}

/** Of each piece: file, fileOffset, at, length. */
export type PackedPieces = Float64Array
/** Of each run: at, length. */
export type PackedRuns = Int32Array
/** Of each copy: at, length, from, kind, fill, and the frame's offset and stored length. */
export type PackedCopies = Float64Array

const idsPerFile = 2
const numbersPerFile = 5
const numbersPerPiece = 4
const numbersPerRun = 2
const numbersPerCopy = 7
const digestWish = 1
const partWish = 2

export function packFiles(files: readonly JobFile[]): PackedFiles {
  const pathBytes = files.reduce((sum, { wanted }) => sum + wanted.path.length, 0)
  const packed = {
    count: files.length,
    paths: new Uint8Array(pathBytes),
    pathEnds: new Uint32Array(files.length),
    ids: new BigUint64Array(files.length * idsPerFile),
    numbers: new Float64Array(files.length * numbersPerFile),
    wishes: new Uint8Array(files.length),
    contents: new Map<number, Uint8Array>(),
  }
  let end = 0
  for (const [index, { wanted, digest, extent, content }] of files.entries()) {
    packed.paths.set(wanted.path, end)
    end += wanted.path.length
    packed.pathEnds[index] = end
    packed.ids.set([wanted.dev, wanted.ino], index * idsPerFile)
    const { size, mtime, ctime } = wanted
    packed.numbers.set(
      [size, mtime.seconds, mtime.nanoseconds, ctime.seconds, ctime.nanoseconds],
      index * numbersPerFile,
    )
    packed.wishes[index] = (digest === 'whole' ? digestWish : 0) | (extent === 'part' ? partWish : 0)
    if (content !== undefined) packed.contents.set(index, content)
  }
  return packed
}

export function fileAt(files: PackedFiles, index: number): JobFile {
  const from = index === 0 ? 0 : (files.pathEnds[index - 1] as number)
  const at = index * numbersPerFile
  const number = (place: number): number => must(files.numbers[at + place], 'number of a file')
  const content = files.contents.get(index)
  const wishes = must(files.wishes[index], 'wishes of a file')
  return {
    wanted: {
      kind: 'file',
      path: files.paths.slice(from, files.pathEnds[index]),
      dev: must(files.ids[index * idsPerFile], 'dev'),
      ino: must(files.ids[index * idsPerFile + 1], 'ino'),
      size: number(0),
      mtime: { seconds: number(1), nanoseconds: number(2) },
      ctime: { seconds: number(3), nanoseconds: number(4) },
    },
    digest: (wishes & digestWish) !== 0 ? 'whole' : 'none',
    extent: (wishes & partWish) !== 0 ? 'part' : 'whole',
    ...(content !== undefined && { content }),
  }
}

export function packPieces(pieces: readonly Piece[]): PackedPieces {
  const packed = new Float64Array(pieces.length * numbersPerPiece)
  for (const [index, { file, fileOffset, at, length }] of pieces.entries()) {
    packed.set([file, fileOffset, at, length], index * numbersPerPiece)
  }
  return packed
}

export function* unpackPieces(packed: PackedPieces): Generator<Piece> {
  for (let i = 0; i < packed.length; i += numbersPerPiece) {
    const [file, fileOffset, at, length] = packed.subarray(i, i + numbersPerPiece) as unknown as [
      number,
      number,
      number,
      number,
    ]
    yield { file, fileOffset, at, length }
  }
}

export function packCopies(copies: readonly TileCopy[]): PackedCopies {
  const packed = new Float64Array(copies.length * numbersPerCopy)
  for (const [index, { at, length, from, tile }] of copies.entries()) {
    const { kind, fill, frame } = tile
    packed.set([at, length, from, kind, fill, frame.offset, frame.storedLength], index * numbersPerCopy)
  }
  return packed
}

export function* unpackCopies(packed: PackedCopies): Generator<TileCopy> {
  for (let i = 0; i < packed.length; i += numbersPerCopy) {
    const number = (place: number): number => must(packed[i + place], 'number of a copy')
    const frame = { offset: number(5), storedLength: number(6) }
    const tile = { kind: number(3) as TileCopy['tile']['kind'], fill: number(4), frame }
    yield { at: number(0), length: number(1), from: number(2), tile }
  }
}

export function packRuns(runs: readonly OwnedRun[]): PackedRuns {
  const packed = new Int32Array(runs.length * numbersPerRun)
  for (const [index, { at, length }] of runs.entries()) packed.set([at, length], index * numbersPerRun)
  return packed
}

/** The runs that begin in [from, to), by binary search: the runs are ascending. */
export function* runsBetween(packed: PackedRuns, from: number, to: number): Generator<OwnedRun> {
  let low = 0
  let high = packed.length / numbersPerRun
  while (low < high) {
    const middle = (low + high) >> 1
    if ((packed[middle * numbersPerRun] as number) < from) low = middle + 1
    else high = middle
  }
  for (let i = low * numbersPerRun; i < packed.length; i += numbersPerRun) {
    const at = packed[i] as number
    if (at >= to) return
    yield { at, length: packed[i + 1] as number }
  }
}
