/** Which contents of a commit are there only as hashes: their bytes were purged (`sfd forget`), PRUNED in the format. */
import type { EntryMeta, Run } from '../base/entry.ts'
import { TileKind } from '../brick/tile-kind.ts'
import type { BrickView } from './brick-view.ts'

const tileSizeBytes = 65_536

/** What of an entry says where its bytes are. */
export type Owner = Pick<EntryMeta, 'size' | 'extents'> & { readonly slot?: Run }

/** Whether any byte of the content lies in a tile whose bytes are not here. A hard link has no slot: ask its holder. */
export function isPruned(view: BrickView, owner: Owner): boolean {
  for (const tile of tilesOf(owner)) if (view.locateTile(tile).kind === TileKind.pruned) return true
  return false
}

/** Tiles that hold data of a content, ascending; one may come twice. */
export function* tilesOf({ slot, size, extents }: Owner): Generator<number> {
  if (slot === undefined) return
  for (const { start, length } of extents ?? [{ start: 0, length: size }]) {
    const end = Math.ceil((slot.start + start + length) / tileSizeBytes)
    for (let tile = Math.floor((slot.start + start) / tileSizeBytes); tile < end; tile++) yield tile
  }
}
