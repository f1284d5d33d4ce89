/** Hashes of single tiles, asked for one after another: the leaf node that was asked last is kept. */
import { fanOut, hashBytes } from '../brick/merkle.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type OpenSubtree, type Subtree, TileTree } from './tile-tree.ts'

export class LeafHashes {
  readonly #tree: TileTree
  readonly #height: number
  /** By height, from the root down: first index of the node at its height, and the node. */
  readonly #path = new Map<number, { readonly index: number; readonly node: OpenSubtree }>()

  constructor(view: BrickView) {
    this.#tree = new TileTree(view)
    this.#height = view.record.height
  }

  /** A view of 32 bytes; undefined where it is not known (beneath a PRUNED subtree). Errors: BrickDamage. */
  of(tile: number): Buffer | undefined {
    const hashes = this.#leaf(tile).hashes()
    if (hashes === undefined) return undefined
    return Buffer.from(hashes.buffer, hashes.byteOffset + (tile % fanOut) * hashBytes, hashBytes)
  }

  #leaf(tile: number): OpenSubtree {
    let subtree: Subtree = this.#tree.root(this.#height)
    let node: OpenSubtree | undefined
    for (let height = this.#height; height >= 1; height--) {
      const index = Math.floor(tile / fanOut ** height)
      const kept = this.#path.get(height)
      if (kept?.index === index) node = kept.node
      else {
        node = this.#tree.open(subtree)
        this.#path.set(height, { index, node })
      }
      if (height > 1) subtree = node.child(Math.floor(tile / fanOut ** (height - 1)) % fanOut)
    }
    return node as OpenSubtree
  }
}
