/** HISTORY: which earlier commits a brick still has, and what people call them. */
import type { Timestamp } from '../base/entry.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import {
  decodeHistory,
  encodeHistory,
  type HistoryRecord,
  historyGeneration,
  historyKey,
} from '../brick/map-records.ts'
import { emptyMap, type MapChange, type PageSource, type PageStore, scan, updateMap } from '../brick/page-map.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { Head } from './brick-file.ts'
import type { BrickView } from './brick-view.ts'
import { type RetentionPolicy, retainedOf } from './retention.ts'

/** A record of HISTORY with the generation that is its key. */
export interface HistoryItem extends HistoryRecord {
  readonly generation: number
}

/** Of the commit that is being made. */
export interface HistoryChange {
  readonly policy: RetentionPolicy
  readonly time: Timestamp
  /** A generation of the history to be, and its name; null takes the name away. */
  readonly tag?: { readonly generation: number; readonly name: string | null }
  /** Of each commit, the one that is being made included: see `retainedOf`. */
  readonly contentsOf?: (commit: Pick<HistoryItem, 'generation'> & Partial<Pick<HistoryItem, 'commit'>>) => string
}

/** The history of the commit after `head`: head's own and head, without what the policy does not keep. */
export function extendHistory(store: PageStore, head: Head | undefined, change: HistoryChange): MapRoot {
  if (head === undefined) return emptyMap
  const { history, generation, id, time, fileEnd } = head.record
  const before = historyItems(store, history)
  const added: HistoryItem = { generation, id, commit: head.commit, time, fileEnd }
  const items = [...before, added].map((item) => tagged(item, change.tag))
  const named = new Set(items.filter(({ tag = '' }) => tag !== '').map((item) => item.generation))
  const all = [...items, { generation: generation + 1, time: change.time }]
  const retained = retainedOf(all, change.policy, named, change.contentsOf)
  return updateHistory(store, history, { before, after: items.filter((item) => retained.has(item.generation)) })
}

/** Ascending by generation. */
export function historyItems(store: PageSource, root: MapRoot): HistoryItem[] {
  return [...scan(store, 'history', root)].map(({ key, value }) => ({
    ...decodeHistory(value),
    generation: historyGeneration(key),
  }))
}

/** Both ascending by generation; `before` is what `root` holds. */
export function updateHistory(
  store: PageStore,
  root: MapRoot,
  { before, after }: { before: readonly HistoryItem[]; after: readonly HistoryItem[] },
): MapRoot {
  const known = new Map(before.map((item) => [item.generation, item]))
  const changes = new Map<number, MapChange>(
    before.map(({ generation }) => [generation, { key: historyKey(generation), value: null }]),
  )
  for (const item of after) {
    if (known.get(item.generation) === item) changes.delete(item.generation)
    else changes.set(item.generation, { key: historyKey(item.generation), value: encodeHistory(item) })
  }
  const ascending = [...changes].sort(([a], [b]) => a - b).map(([, change]) => change)
  return updateMap(store, 'history', root, ascending).root
}

export interface PastCommit {
  readonly generation: number
  readonly id: Uint8Array
  readonly time: Timestamp
  readonly commit: Pointer
  /** The user's name for it. */
  readonly tag: string | undefined
}

/** Retained earlier commits, oldest first. */
export function* pastCommits(view: BrickView): Generator<PastCommit> {
  for (const { key, value } of scan(view.pages, 'history', view.record.history, {})) {
    const { id, commit, time, tag } = decodeHistory(value)
    yield { generation: historyGeneration(key), id, commit, time, tag }
  }
}

function tagged(item: HistoryItem, change: HistoryChange['tag']): HistoryItem {
  if (change === undefined || change.generation !== item.generation) return item
  const { tag: _tag, ...rest } = item
  return change.name === null ? rest : { ...rest, tag: change.name }
}
