/** HISTORY: which earlier commits a brick still has. Until retention has its own rules, the last 50 commits. */
import type { Timestamp } from '../base/entry.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { decodeHistory, encodeHistory, historyGeneration, historyKey } from '../brick/map-records.ts'
import { scan, updateMap } from '../brick/page-map.ts'
import type { Pointer } from '../brick/pointer.ts'
import { noPointer } from '../brick/pointer.ts'
import type { Head } from './brick-file.ts'
import type { BrickView } from './brick-view.ts'
import type { WritingPages } from './writing-pages.ts'

/** The current commit included. */
export const retainedCommits = 50

/** The history of the commit after `head`: head's own, head, and no more than are retained. */
export function extendHistory(pages: WritingPages, head: Head | undefined): MapRoot {
  if (head === undefined) return { pointer: noPointer, count: 0, hash: new Uint8Array(32) }
  const { history, generation, id, time, fileEnd } = head.record
  const added = { key: historyKey(generation), value: encodeHistory({ id, commit: head.commit, time, fileEnd }) }
  const surplus = history.count + 2 - retainedCommits
  const dropped: { key: Uint8Array; value: null }[] = []
  for (const { key } of scan(pages, 'history', history, {})) {
    if (dropped.length >= surplus) break
    dropped.push({ key, value: null })
  }
  return updateMap(pages, 'history', history, [...dropped, added]).root
}

export interface PastCommit {
  readonly generation: number
  readonly id: Uint8Array
  readonly time: Timestamp
  readonly commit: Pointer
}

/** Retained earlier commits, oldest first. */
export function* pastCommits(view: BrickView): Generator<PastCommit> {
  for (const { key, value } of scan(view.pages, 'history', view.record.history, {})) {
    const { id, commit, time } = decodeHistory(value)
    yield { generation: historyGeneration(key), id, commit, time }
  }
}
