/**
 * The radix tree of one commit as hashes and children, opened node by node, for walks that go only where something is.
 *
 * A commit may be asked as if it were higher than it is: above its root lie nodes whose first child is what is beneath
 * and whose others are ABSENT. So trees of different lengths are walked in step. Hashes are taken as they are recorded;
 * whether they are true is the business of verify.
 */
import { assert } from '../base/assert.ts'
import { FrameType } from '../brick/frame.ts'
import { fanOut, hashBytes } from '../brick/merkle.ts'
import { type NodeTable, parseHashes, parseNode, TileKind } from '../brick/node.ts'
import { framePointer, hashesPointer } from '../brick/node-table.ts'
import type { NodePointer } from '../brick/pointer.ts'
import { type BrickView, merkle } from '../store/brick-view.ts'

/** Kinds that stand for a subtree. */
export type BareKind = 0 | 3 | 4 | 5

export type Subtree =
  | { readonly kind: 'node'; readonly height: number; readonly pointer: NodePointer }
  /** Above the root. */
  | { readonly kind: 'above'; readonly height: number }
  /** Everything beneath is alike, or PRUNED: then no hash beneath is known. */
  | { readonly kind: 'bare'; readonly height: number; readonly tiles: BareKind }

export interface OpenSubtree {
  /** 256 x 32 bytes, those of the items, read when asked for; undefined where only the whole is known (PRUNED). Not to be changed. */
  hashes(): Uint8Array | undefined
  /** TileKind of each item, 256. */
  readonly kinds: Uint8Array
  /** Of height >= 2. */
  child(item: number): Subtree
}

export class TileTree {
  readonly #view: BrickView

  constructor(view: BrickView) {
    this.#view = view
  }

  /** The whole space, in a tree of that height, at least the commit's own. */
  root(height: number): Subtree {
    const { record } = this.#view
    assert(height >= record.height, `a tree of height ${record.height} was asked for as ${height}`)
    if (height > record.height) return { kind: 'above', height }
    return { kind: 'node', height, pointer: record.root }
  }

  /** Errors: BrickDamage. */
  open(subtree: Subtree): OpenSubtree {
    switch (subtree.kind) {
      case 'node':
        return this.#openNode(subtree.pointer, subtree.height)
      case 'above':
        return this.#openAbove(subtree.height)
      case 'bare':
        return openBare(subtree.tiles, subtree.height)
    }
  }

  #openNode(pointer: NodePointer, height: number): OpenSubtree {
    const { file, record } = this.#view
    const { generation, fileEnd } = record
    const place = { height, generation, fileEnd, offset: pointer.node.offset }
    const table = parseNode(file.frame(FrameType.node, pointer.node, record), place)
    const { offset } = pointer.hashes
    const hashes = () => parseHashes(file.frame(FrameType.hashes, pointer.hashes, record), offset)
    return { hashes: once(hashes), kinds: table.a.kinds, child: (item) => childOf(table, item) }
  }

  #openAbove(height: number): OpenSubtree {
    const below = this.root(height - 1)
    const absent: Subtree = { kind: 'bare', height: height - 1, tiles: TileKind.absent }
    const hashes = (): Uint8Array => {
      const all = repeat(merkle.zero(height - 1))
      const ofBelow = this.open(below).hashes()
      if (ofBelow !== undefined) all.set(merkle.node(height - 1, ofBelow))
      return all
    }
    const kinds = new Uint8Array(fanOut).fill(TileKind.absent)
    kinds[0] = TileKind.stored
    return { hashes: once(hashes), kinds, child: (item) => (item === 0 ? below : absent) }
  }
}

function childOf(table: NodeTable, item: number): Subtree {
  const node = framePointer(table.a, item)
  const height = table.height - 1
  if (node.offset > 0) return { kind: 'node', height, pointer: { node, hashes: hashesPointer(table.a, item) } }
  return { kind: 'bare', height, tiles: table.a.kinds[item] as BareKind }
}

function openBare(tiles: BareKind, height: number): OpenSubtree {
  const kinds = new Uint8Array(fanOut).fill(tiles)
  const hashes = () =>
    tiles === TileKind.pruned ? undefined : repeat(merkle.subtree({ kind: tiles, height: height - 1 }))
  return { hashes: once(hashes), kinds, child: () => ({ kind: 'bare', height: height - 1, tiles }) }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function repeat(hash: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(fanOut * hashBytes)
  for (let at = 0; at < hashes.length; at += hashBytes) hashes.set(hash, at)
  return hashes
}
