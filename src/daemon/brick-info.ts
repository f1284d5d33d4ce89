/** What the wire says of a brick. */
import { displayPath, toHex } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { BrickInfo, RunTuple } from '../wire/api.ts'

/** Beyond that many a commit names no runs: clients take all tiles as changed. */
const dirtyRunsNamedMax = 4_096

export interface InfoParts
  extends Pick<
    BrickInfo,
    'uuid' | 'name' | 'source' | 'kind' | 'state' | 'message' | 'progress' | 'district' | 'verifiedAt'
  > {
  readonly view: BrickView | undefined
  /** Length that a first fold is going to have; 0 where that is not known yet. */
  readonly plannedLength: number
}

export function infoOf({ view, plannedLength, ...parts }: InfoParts): BrickInfo {
  if (view === undefined) {
    const nothing = { generation: 0, commit: '', time: null, length: plannedLength, height: 1 }
    return { ...parts, ...nothing, entryCount: 0, contentBytes: 0, unreadableCount: 0 }
  }
  const { record } = view
  const { counts } = view.extras
  return {
    ...parts,
    generation: record.generation,
    commit: toHex(record.id),
    time: rfc3339(record.time),
    length: record.length,
    height: record.height,
    entryCount: counts.entries,
    contentBytes: counts.bytes,
    unreadableCount: counts.unreadable,
  }
}

/** A brick that is shown but not followed. */
export function storedInfo(view: BrickView): BrickInfo {
  const { meta, record } = view
  return infoOf({
    uuid: toHex(record.uuid),
    name: meta.name,
    source: displayPath(meta.source),
    kind: meta.kind,
    state: 'stored',
    message: meta.ended === undefined ? 'not followed by this daemon' : `its source ended, as was seen ${meta.ended}`,
    progress: null,
    verifiedAt: null,
    view,
    district: meta.district,
    plannedLength: 0,
  })
}

export function dirtyTuples(runs: readonly Run[]): readonly RunTuple[] | null {
  return runs.length > dirtyRunsNamedMax ? null : runs.map(({ start, length }) => [start, length] as const)
}
