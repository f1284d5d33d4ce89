/** Which commit of a brick the index knows, and where its maps lie, so that the next is compared with them page by page. */
import { fromHex, toHex } from '../base/bytes.ts'
import type { MapRoot } from '../brick/page-map.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { Catalog } from './catalog-db.ts'

export interface IndexState {
  /** Commit id, hex. */
  readonly commit: string
  readonly generation: number
  readonly epoch: string
  readonly fileEnd: number
  readonly entries: MapRoot
  readonly regions: MapRoot
}

export function stateOf({ record }: BrickView): IndexState {
  const { id, generation, epoch, fileEnd, entries, regions } = record
  return { commit: toHex(id), generation, epoch: toHex(epoch), fileEnd, entries, regions }
}

/** Undefined where the brick is not indexed, or not to its end. */
export function readIndexState(catalog: Catalog, uuid: string): IndexState | undefined {
  return catalog.run((sql) => {
    const row = sql.prepare('select state from search_brick where uuid = ?').get(uuid)
    return row === undefined ? undefined : parsed(String(row['state']))
  })
}

/** Empty text: it was begun and is not done. */
export function stateText(state: IndexState | undefined): string {
  if (state === undefined) return ''
  const root = ({ pointer, count, hash }: MapRoot) => ({ pointer, count, hash: toHex(hash) })
  return JSON.stringify({ ...state, entries: root(state.entries), regions: root(state.regions) })
}

function parsed(text: string): IndexState | undefined {
  if (text === '') return undefined
  type Stored = Omit<MapRoot, 'hash'> & { readonly hash: string }
  const { entries, regions, ...rest } = JSON.parse(text) as Omit<IndexState, 'entries' | 'regions'> & {
    readonly entries: Stored
    readonly regions: Stored
  }
  const root = ({ hash, ...stored }: Stored): MapRoot => ({ ...stored, hash: fromHex(hash) ?? new Uint8Array(32) })
  return { ...rest, entries: root(entries), regions: root(regions) }
}
