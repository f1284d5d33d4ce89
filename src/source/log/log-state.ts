/**
 * Where a log's stream stands: which files it came from, up to which byte of each, and where something may be missing.
 *
 * It is committed together with the bytes (META.about), so a brick always says itself how to go on. Everything that
 * decides what comes next is in here or in the files: what is only in memory may be lost at any time.
 */
import type { JsonValue } from '../../base/region.ts'
import { type Check, type Digest, type Fingerprint, takenTo } from './fingerprint.ts'
import { type Gap, type GapReason, gapJson, gapOf, gapReasons } from './gaps.ts'
import { fieldsOf, listOf, numberOf, textOf } from './json-fields.ts'

/** A file of which the stream has bytes, or is about to have. */
export interface FileMark {
  /** The inode that has its content; 0 where that is gone, or was emptied and has other content. */
  readonly ino: bigint
  readonly dev: bigint
  /** When the inode was made, nanoseconds since 1970; 0 where the filesystem does not tell. */
  readonly bornNs: bigint
  /** Of the last look. */
  readonly mtimeNs: bigint
  readonly print: Fingerprint
  /** Offset in the stream minus offset in the file; null where its bytes do not lie together there. */
  readonly streamBase: number | null
  /** Nothing more can come of it. */
  readonly isDone: boolean
  /** What is to be said where the stream goes on to the next file. */
  readonly gapAfter?: GapReason
}

export interface LogState {
  /** Of the stream. */
  readonly sizeBytes: number
  /** When it began, nanoseconds since 1970. */
  readonly beganNs: bigint
  /** When its files were looked at, nanoseconds since 1970. */
  readonly lookedNs: bigint
  /** Where the last line begins, if it is not ended; else the size. */
  readonly lineStart: number
  /** In the order in which the stream reached them; the last one is the newest. At most `marksMax`. */
  readonly files: readonly FileMark[]
  /** Ascending, the newest ones. */
  readonly gaps: readonly Gap[]
}

export const marksMax = 16

export function emptyState(beganNs: bigint): LogState {
  return { sizeBytes: 0, beganNs, lookedNs: beganNs, lineStart: 0, files: [], gaps: [] }
}

export function stateJson({ sizeBytes, beganNs, lookedNs, lineStart, files, gaps }: LogState): JsonValue {
  return {
    bytes: sizeBytes,
    began: String(beganNs),
    looked: String(lookedNs),
    line: lineStart,
    files: files.map(markJson),
    gaps: gaps.map(gapJson),
  }
}

/** Undefined where that is no state of this build. */
export function stateOf(json: JsonValue | undefined): LogState | undefined {
  const fields = fieldsOf(json)
  const files = listOf(fields['files'], markOf)
  const gaps = listOf(fields['gaps'], gapOf)
  const [sizeBytes, lineStart] = [numberOf(fields['bytes']), numberOf(fields['line'])]
  const [beganNs, lookedNs] = [bigOf(fields['began']), bigOf(fields['looked'])]
  if (files === undefined || gaps === undefined || beganNs === undefined || lookedNs === undefined) return undefined
  return sizeBytes === undefined || lineStart === undefined
    ? undefined
    : { sizeBytes, beganNs, lookedNs, lineStart, files, gaps }
}

export function takenOf(mark: FileMark): number {
  return takenTo(mark.print)
}

function markJson({ ino, dev, bornNs, mtimeNs, isDone, gapAfter, print, streamBase }: FileMark): JsonValue {
  return {
    ino: String(ino),
    dev: String(dev),
    born: String(bornNs),
    mtime: String(mtimeNs),
    ...(isDone && { done: true }),
    ...(gapAfter !== undefined && { gap: gapAfter }),
    base: streamBase,
    from: print.from,
    crc: print.checks.map(({ offset, crc }) => [offset, crc]),
    tail: [print.tail.length, print.tail.hex],
  }
}

function markOf(json: JsonValue): FileMark | undefined {
  const fields = fieldsOf(json)
  const [ino, dev, bornNs, mtimeNs] = ['ino', 'dev', 'born', 'mtime'].map((name) => bigOf(fields[name]))
  const print = printOf(fields)
  if (ino === undefined || dev === undefined || bornNs === undefined || mtimeNs === undefined) return undefined
  if (print === undefined) return undefined
  const gapAfter = gapReasons.find((reason) => reason === fields['gap'])
  const base = fields['base']
  const streamBase = typeof base === 'number' && Number.isSafeInteger(base) ? base : null
  const isDone = fields['done'] === true
  return { ino, dev, bornNs, mtimeNs, print, streamBase, isDone, ...(gapAfter && { gapAfter }) }
}

function printOf(fields: ReturnType<typeof fieldsOf>): Fingerprint | undefined {
  const from = numberOf(fields['from'])
  const checks = listOf(fields['crc'], checkOf)
  const tail = digestFrom(fields['tail'])
  if (from === undefined || tail === undefined || checks === undefined || checks.length === 0) return undefined
  return { from, checks, tail }
}

function digestFrom(json: JsonValue | undefined): Digest | undefined {
  const [length, hex] = Array.isArray(json) ? [numberOf(json[0]), textOf(json[1])] : []
  return length === undefined || hex === undefined ? undefined : { length, hex }
}

function checkOf(json: JsonValue): Check | undefined {
  const [offset, crc] = Array.isArray(json) ? [numberOf(json[0]), numberOf(json[1])] : []
  return offset === undefined || crc === undefined ? undefined : { offset, crc }
}

function bigOf(json: JsonValue | undefined): bigint | undefined {
  return typeof json === 'string' && /^-?\d{1,20}$/.test(json) ? BigInt(json) : undefined
}
