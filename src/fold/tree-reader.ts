/**
 * Asks a directory, which may not be committed yet, about single tiles and subtrees. One node of each height is at hand, so
 * asking in ascending order opens each node once. Reads nodes and hashes, never a tile.
 */
import { type ConstantKind, fanOut } from '../brick/merkle.ts'
import { framePointer, hashesPointer } from '../brick/node-table.ts'
import { noPointer, type Pointer } from '../brick/pointer.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { bareKind, type FoldContext, hashAt, type NodeEdit, openNode, type PreviousNode } from './node-edit.ts'
import type { TreeRoot } from './tree.ts'

export interface TileItem {
  readonly kind: TileKind
  /** Its byte, where every byte is the same. */
  readonly fill: number
  /** Of its DATA frame; offset 0 where it has none. */
  readonly frame: Pointer
  readonly hash: Uint8Array
}

/** A node, or the one kind of everything beneath where there is none. */
type Opened = NodeEdit | { readonly bare: ConstantKind }

export class TreeReader {
  readonly #context: FoldContext
  readonly #root: TreeRoot | undefined
  readonly #generation: number
  /** By height. */
  readonly #atHand: { readonly index: number; readonly opened: Opened }[] = []

  /** `root`: undefined where there is no directory yet; `generation`: of the commit that is being written. */
  constructor(context: FoldContext, root: TreeRoot | undefined, generation: number) {
    this.#context = context
    this.#root = root
    this.#generation = generation
  }

  /** Tiles beyond the directory are as those that nobody owns. */
  tile(tile: number): TileItem {
    const leaf = this.#open(1, Math.floor(tile / fanOut))
    if ('bare' in leaf) return { kind: leaf.bare, fill: 0, frame: noPointer, hash: this.#constant(leaf.bare, 0) }
    const { a } = leaf.table
    const item = tile % fanOut
    return {
      kind: a.kinds[item] as TileKind,
      fill: a.fill[item] as number,
      frame: framePointer(a, item),
      hash: hashAt(leaf, item).slice(),
    }
  }

  /** Of subtree number `index` of that height; 0 is a tile. */
  hash(height: number, index: number): Uint8Array {
    if (height === this.#root?.height && index === 0) return this.#root.hash
    const parent = this.#open(height + 1, Math.floor(index / fanOut))
    return 'bare' in parent ? this.#constant(parent.bare, height) : hashAt(parent, index % fanOut)
  }

  #constant(kind: ConstantKind, height: number): Uint8Array {
    return this.#context.merkle.subtree({ kind, height, fillByte: 0 })
  }

  #open(height: number, index: number): Opened {
    const atHand = this.#atHand[height]
    if (atHand?.index === index) return atHand.opened
    const opened = this.#openAnew(height, index)
    this.#atHand[height] = { index, opened }
    return opened
  }

  #openAnew(height: number, index: number): Opened {
    const root = this.#root
    if (root === undefined || index >= fanOut ** (root.height - height)) return { bare: TileKind.absent }
    if (height === root.height) return this.#node({ height, index }, root.pointer)
    const parent = this.#open(height + 1, Math.floor(index / fanOut))
    if ('bare' in parent) return parent
    const { a } = parent.table
    const child = index % fanOut
    const node = framePointer(a, child)
    if (node.offset === 0) return { bare: bareKind(a.kinds[child] as number) }
    return this.#node({ height, index }, { node, hashes: hashesPointer(a, child) })
  }

  #node(place: { height: number; index: number }, previous: PreviousNode): NodeEdit {
    return openNode(this.#context, { ...place, generation: this.#generation }, previous)
  }
}
