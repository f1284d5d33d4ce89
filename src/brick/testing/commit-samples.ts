/** Valid commits for tests, with their hashes and ids in order. For tests alone. */
import { type CommitExtras, type CommitRecord, commitId, encodeExtras } from '../commit.ts'
import { noPointer } from '../pointer.ts'
import type { Tools } from '../tools.ts'

export const sampleFileEnd = 65_536

export const sampleExtras: CommitExtras = {
  reason: 'a change of /etc/hosts',
  dirty: [
    { start: 0, length: 1 },
    { start: 5, length: 2 },
  ],
  dirtyTiles: 3,
  counts: { entries: 12, bytes: 3456, unreadable: 1, torn: 0 },
}

export interface CommitSample {
  readonly record: CommitRecord
  readonly extras: Uint8Array
}

/** Generation 7 of a brick of one leaf node, unless `fields` say otherwise; its id fits. */
export function sampleCommit(tools: Tools, fields: Partial<CommitRecord> = {}): CommitSample {
  const extras = encodeExtras(sampleExtras)
  const record: CommitRecord = {
    uuid: bytesFrom(16, 1),
    epoch: bytesFrom(8, 20),
    generation: 7,
    time: { seconds: -5, nanoseconds: 999_999_999 },
    height: 1,
    length: 1_000_000,
    fileEnd: sampleFileEnd,
    liveBytes: 40_000,
    root: { node: { offset: 20_000, storedLength: 100 }, hashes: { offset: 20_144, storedLength: 8192 } },
    topOverview: { offset: 28_384, storedLength: 500 },
    entries: { pointer: { offset: 30_000, storedLength: 700 }, count: 12, hash: bytesFrom(32, 30) },
    slots: { pointer: { offset: 31_008, storedLength: 200 }, count: 11, hash: bytesFrom(32, 40) },
    regions: { pointer: noPointer, count: 0, hash: new Uint8Array(32) },
    history: { pointer: noPointer, count: 0, hash: new Uint8Array(32) },
    meta: { pointer: { offset: 31_408, storedLength: 90 }, hash: bytesFrom(32, 50) },
    contentRoot: bytesFrom(32, 60),
    treeHash: bytesFrom(32, 70),
    metaHash: bytesFrom(32, 80),
    parent: { offset: 16_448, storedLength: 800 },
    parentId: bytesFrom(32, 90),
    id: new Uint8Array(32),
    random: bytesFrom(16, 100),
    extrasHash: tools.sha256(extras),
    ...fields,
  }
  return { record: { ...record, id: commitId(record, tools) }, extras }
}

/** `count` bytes: first, first + 1, .. modulo 256. */
export function bytesFrom(count: number, first: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (first + i) & 0xff)
}
