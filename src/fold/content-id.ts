/**
 * The content id of a content above a tile, from the hashes that the directory has of its slot.
 *
 * The content's own tree is the brick's wherever the slot covers a whole subtree: the rest of a slot is a hole, whose hash
 * is that of the zeros beyond a content's end. So a content costs the hashes of the few nodes that it shares with others.
 */
import type { Run } from '../base/entry.ts'
import { fanOut, hashBytes, heightFor, type Merkle, tileCount, tilesAt } from '../brick/merkle.ts'
import type { TreeReader } from './tree-reader.ts'

const tileSizeBytes = 65_536

/** `size` > 65,536; `tree`: of the same commit as the slot. */
export function largeContentId(
  merkle: Merkle,
  tree: TreeReader,
  { slot, size }: { readonly slot: Run; readonly size: number },
): Uint8Array {
  const content = {
    firstTile: slot.start / tileSizeBytes,
    slotTiles: slot.length / tileSizeBytes,
    tileCount: tileCount(size),
  }
  return merkle.contentRoot(size, rootOf({ merkle, tree, ...content }, heightFor(size), 0))
}

interface LargeContent {
  readonly merkle: Merkle
  readonly tree: TreeReader
  /** Of the brick. */
  readonly firstTile: number
  readonly slotTiles: number
  readonly tileCount: number
}

/** Hash of the node of `height` over the content's tiles from `from` on. */
function rootOf(content: LargeContent, height: number, from: number): Uint8Array {
  const { merkle, tree, firstTile, slotTiles, tileCount } = content
  const tiles = tilesAt(height)
  if (from >= tileCount) return merkle.zero(height)
  const isOfTheBrick = from + tiles <= slotTiles && (firstTile + from) % tiles === 0
  if (isOfTheBrick) return tree.hash(height, (firstTile + from) / tiles)
  const hashes = new Uint8Array(fanOut * hashBytes)
  for (let child = 0; child < fanOut; child++) {
    hashes.set(rootOf(content, height - 1, from + child * tilesAt(height - 1)), child * hashBytes)
  }
  return merkle.node(height, hashes)
}
