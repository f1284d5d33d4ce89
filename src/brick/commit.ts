/** The payload of a COMMIT frame: the record, then the extras that it holds the hash of (spec 7). */
import { assert } from '../base/assert.ts'
import { concatBytes, equalBytes } from '../base/bytes.ts'
import { type CommitExtras, extrasBytesMax, parseExtras } from './commit-extras.ts'
import {
  type CommitRecord,
  commitId,
  commitRecordBytes,
  encodeCommitRecord,
  parseCommitRecord,
} from './commit-record.ts'
import { BrickDamage } from './damage.ts'
import type { Tools } from './tools.ts'

export * from './commit-extras.ts'
export * from './commit-record.ts'

/** `extras` from encodeExtras, or as another commit's frame held them; the record has its hash and its id. */
export function encodeCommitPayload(input: { record: CommitRecord; extras: Uint8Array; tools: Tools }): Uint8Array {
  const { record, extras, tools } = input
  assert(extras.length <= extrasBytesMax, `extras had ${extras.length} bytes`)
  assert(equalBytes(record.extrasHash, tools.sha256(extras)), 'extrasHash was not the hash of the extras')
  assert(equalBytes(record.id, commitId(record, tools)), 'the id was not that of the record')
  return concatBytes([encodeCommitRecord(record), extras])
}

export interface CommitPlace {
  /** File offset of the frame. */
  readonly offset: number
  readonly fileSize: number
  readonly tools: Tools
}

export interface Commit {
  readonly record: CommitRecord
  readonly extras: CommitExtras
  /** As stored: what a copy of this commit has to hold. */
  readonly extrasBytes: Uint8Array
}

/** BrickDamage: `commit`, `pointer`, `extras`. */
export function parseCommitPayload(payload: Uint8Array, place: CommitPlace): Commit {
  const { offset, fileSize, tools } = place
  if (payload.length < commitRecordBytes) throw new BrickDamage('commit', 'its record is cut', offset)
  const recordBytes = payload.subarray(0, commitRecordBytes)
  const record = parseCommitRecord(recordBytes, { rule: 'commit', offset, fileSize })
  const extrasBytes = new Uint8Array(payload.subarray(commitRecordBytes))
  if (extrasBytes.length > extrasBytesMax) throw new BrickDamage('extras', `${extrasBytes.length} bytes`, offset)
  if (!equalBytes(record.extrasHash, tools.sha256(extrasBytes))) {
    throw new BrickDamage('extras', "their hash is not the record's", offset)
  }
  if (!equalBytes(record.id, commitId(record, tools))) {
    throw new BrickDamage('commit', 'its id is not that of its fields', offset)
  }
  return { record, extras: parseExtras(extrasBytes, offset), extrasBytes }
}
