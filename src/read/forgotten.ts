/**
 * What `sfd forget` took out of a commit: tiles that are PRUNED. Their hash is there, their bytes are not, and nothing may
 * stand in for them.
 *
 * Nodes are opened where they are asked about and remembered by their place in the file: a brick made to keep a reader busy
 * (nodes that are their own children) is walked once.
 */
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { fanOut, tileBytes, tilesAt } from '../brick/merkle.ts'
import { TileKind } from '../brick/tile-kind.ts'
import type { BrickView } from '../store/brick-view.ts'
import { dataRuns } from './content.ts'
import { type OpenSubtree, type Subtree, TileTree } from './tile-tree.ts'

export const forgottenText = 'bytes of it were forgotten in this commit'

/** Nodes at hand, about 20 KB each. */
const openedMax = 64

export class Forgotten {
  readonly #view: BrickView
  readonly #tree: TileTree
  /** By file offset of the node. */
  readonly #opened = new Map<number, OpenSubtree>()
  /** By file offset of the node: whether anything beneath is PRUNED. */
  readonly #beneath = new Map<number, boolean>()

  /** Of one commit. */
  constructor(view: BrickView) {
    this.#view = view
    this.#tree = new TileTree(view)
  }

  /** Whether a byte of the file's data is not here; of a hard link, what it names is asked. Errors: BrickDamage. */
  hasBytesOf(entry: EntryRecord): boolean {
    const holder = entry.linkTo === undefined ? entry : (this.#view.entry(entry.linkTo) ?? entry)
    const { kind, slot } = holder
    if (kind !== 'file' || slot === undefined) return false
    return dataRuns(holder).some(({ start, length }) => this.has({ start: slot.start + start, length }))
  }

  /** Whether a byte of the run of the brick's space is not here. Errors: BrickDamage. */
  has({ start, length }: Run): boolean {
    const { record } = this.#view
    const end = Math.min(start + length, record.length)
    if (end <= start) return false
    const tiles = { first: Math.floor(start / tileBytes), end: Math.ceil(end / tileBytes) }
    return this.#touches(this.#tree.root(record.height), 0, tiles)
  }

  /** Whether the commit has any such tile: opens every node that is stored, each once. Errors: BrickDamage. */
  hasAny(): boolean {
    return this.has({ start: 0, length: this.#view.record.length })
  }

  #touches(subtree: Subtree, firstTile: number, tiles: { readonly first: number; readonly end: number }): boolean {
    if (tiles.first <= firstTile && firstTile + tilesAt(subtree.height) <= tiles.end) return this.#hasBeneath(subtree)
    const { kinds, child } = this.#open(subtree)
    const itemTiles = tilesAt(subtree.height - 1)
    const from = Math.max(0, Math.floor((tiles.first - firstTile) / itemTiles))
    const to = Math.min(fanOut, Math.ceil((tiles.end - firstTile) / itemTiles))
    for (let item = from; item < to; item++) {
      if (kinds[item] === TileKind.pruned) return true
      if (subtree.height === 1 || !isOpenable(kinds[item])) continue
      if (this.#touches(child(item), firstTile + item * itemTiles, tiles)) return true
    }
    return false
  }

  /** Whoever asks file by file asks the same few nodes again and again. */
  #open(subtree: Subtree): OpenSubtree {
    if (subtree.kind !== 'node') return this.#tree.open(subtree)
    const { offset } = subtree.pointer.node
    let opened = this.#opened.get(offset)
    if (opened !== undefined) return opened
    opened = this.#tree.open(subtree)
    if (this.#opened.size >= openedMax) this.#opened.clear()
    this.#opened.set(offset, opened)
    return opened
  }

  #hasBeneath(subtree: Subtree): boolean {
    if (subtree.kind === 'bare') return subtree.tiles === TileKind.pruned
    const offset = subtree.kind === 'node' ? subtree.pointer.node.offset : 0
    const known = this.#beneath.get(offset)
    if (known !== undefined) return known
    const { kinds, child } = this.#tree.open(subtree)
    let found = kinds.includes(TileKind.pruned)
    for (let item = 0; !found && subtree.height > 1 && item < fanOut; item++) {
      if (isOpenable(kinds[item])) found = this.#hasBeneath(child(item))
    }
    this.#beneath.set(offset, found)
    return found
  }
}

function isOpenable(kind: number | undefined): boolean {
  return kind === TileKind.stored || kind === TileKind.shared
}
