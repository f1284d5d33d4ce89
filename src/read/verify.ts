/**
 * Is a brick what the specification says, to the last byte of every frame? (spec sections 6 and 9)
 *
 * Checks one commit: its superblock slot, COMMIT and META frames, all maps, every node, tile and overview, every entry's
 * content id; and that the file is frames from its beginning to the commit's end, older commits' frames included. Goes on
 * after damage and names what each one hits. Costs at most a fixed multiple of the file's size, whatever the file says.
 */
import type { BrickView } from '../store/brick-view.ts'
import { ContentCheck } from './content-check.ts'
import { type Damage, DamageList } from './damage-list.ts'
import { checkFrames } from './verify-frames.ts'
import { checkHead } from './verify-head.ts'
import { checkMaps } from './verify-maps.ts'
import { TreeCheck } from './verify-tree.ts'

export type { Damage } from './damage-list.ts'

export interface VerifyRequest {
  readonly view: BrickView
  readonly signal: AbortSignal
  /** Lets the event loop go on. */
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void
}

export interface VerifyReport {
  readonly ok: boolean
  /** Tiles of the brick's length that were looked at, holes included. */
  readonly tiles: number
  /** Of these, tiles whose bytes were forgotten: only their hashes are here. */
  readonly prunedTiles: number
  /** Content of all entries. */
  readonly bytes: number
  readonly damaged: readonly Damage[]
  /** All of them; `damaged` lists the first thousand. */
  readonly damagedCount: number
}

/** Errors: CANCELLED (the signal's reason), and those of the disk. */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  const { view } = request
  const damages = new DamageList()
  const meta = await checkHead(request, damages)
  const maps = checkMaps(view, meta?.kind, damages)
  const content = new ContentCheck(maps.owners, damages)
  const tree = new TreeCheck({ ...request, damages, content, owners: maps.areOwnersKnown ? 'known' : 'unknown' })
  await tree.run()
  await checkFrames(request, damages)
  return {
    ok: damages.count === 0,
    tiles: tree.tilesSeen,
    prunedTiles: tree.prunedTiles,
    bytes: maps.bytes,
    damaged: damages.items,
    damagedCount: damages.count,
  }
}
