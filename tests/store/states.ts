/** Every retained commit of a brick: what it says of itself, after all of it was read and checked. */
import assert from 'node:assert/strict'
import { toHex } from '../../src/base/bytes.ts'
import { type FrameType, parseFrameHeader } from '../../src/brick/frame.ts'
import { frameBytes, frameHeaderBytes, headBytes } from '../../src/brick/pointer.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { type CompactParts, type CompactReport, compactBrick } from '../../src/store/compact.ts'
import { pastCommits } from '../../src/store/history.ts'
import { nodeTools } from '../../src/store/node-tools.ts'
import { random } from '../fold/lab.ts'
import { readDeep } from './deep-read.ts'

export interface CommitState {
  readonly generation: number
  readonly id: string
  readonly parentId: string
  readonly contentRoot: string
  readonly treeHash: string
  readonly metaHash: string
  readonly seconds: number
  readonly reason: string
  readonly tag: string | undefined
  readonly name: string
  readonly tiles: number
}

/** Oldest first. */
export function statesOf(brick: string): CommitState[] {
  return withFile(brick, (file) => {
    const head = file.readHeadOnce()
    const newest = new BrickView(file, head)
    const past = [...pastCommits(newest)].map(({ commit, tag }) => ({ commit, tag }))
    return [...past, { commit: head.commit, tag: undefined }].map(({ commit, tag }) => {
      const { record } = file.commit(commit, head.record)
      const { tileCount } = readDeep(file, { record, commit })
      const view = new BrickView(file, { record, commit })
      return {
        generation: record.generation,
        id: toHex(record.id),
        parentId: toHex(record.parentId),
        contentRoot: toHex(record.contentRoot),
        treeHash: toHex(record.treeHash),
        metaHash: toHex(record.metaHash),
        seconds: record.time.seconds,
        reason: view.extras.reason,
        tag,
        name: view.meta.name,
        tiles: tileCount,
      }
    })
  })
}

export function compact(brick: string, more: Partial<CompactParts> = {}): Promise<CompactReport> {
  return compactBrick({
    path: Buffer.from(brick),
    random,
    signal: new AbortController().signal,
    pause: async () => undefined,
    onProgress: () => undefined,
    ...more,
  })
}

/** Decoded payloads of all frames from the first to the end of the file, those that no commit needs too. */
export function* allPayloads(brick: string): Generator<Uint8Array> {
  const file = BrickFile.open(Buffer.from(brick))
  try {
    const { record } = file.readHeadOnce()
    assert.equal(record.fileEnd, file.size, 'nothing lies behind the last commit')
    for (let offset = headBytes; offset < record.fileEnd; ) {
      const place = { offset, epoch: record.epoch, tools: nodeTools, fileEnd: record.fileEnd }
      const { type, storedLength } = parseFrameHeader(file.readAt(offset, frameHeaderBytes), place)
      yield file.frame(type as FrameType, { offset, storedLength }, record)
      offset += frameBytes(storedLength)
    }
  } finally {
    file.close()
  }
}

export function withFile<T>(brick: string, use: (file: BrickFile) => T): T {
  const file = BrickFile.open(Buffer.from(brick))
  try {
    return use(file)
  } finally {
    file.close()
  }
}
