/**
 * Which tiles differ between two commits, by parallel descent: what has equal hashes is passed over unread.
 *
 * The cost follows the difference: two nodes are read for each node of the tree above a tile that differs. Bytes beyond a
 * commit's N count as zeros, as everywhere. A subtree that is PRUNED in one of them, and is not the same, differs as a whole;
 * so does what is left when `pairsMax` pairs of nodes were opened (a TiB that differs, or a brick made to keep us busy).
 */
import type { Run } from '../base/entry.ts'
import { fanOut, hashBytes, tilesAt } from '../brick/merkle.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type Subtree, TileTree } from './tile-tree.ts'

export const pairsMax = 65_536

/** Runs of tile indexes inside `tiles` (all where left out), ascending, apart from each other. Errors: BrickDamage. */
export function* diffTiles(before: BrickView, after: BrickView, tiles?: Run): Generator<Run> {
  const merger = new RunMerger()
  for (const run of diffTileSteps(before, after, tiles)) {
    const done = merger.add(run)
    if (done !== undefined) yield done
  }
  const last = merger.take()
  if (last !== undefined) yield last
}

/** The same in pieces, also empty ones: something comes at least each time that a pair of nodes was opened. */
export function* diffTileSteps(before: BrickView, after: BrickView, tiles?: Run): Generator<Run> {
  const height = Math.max(before.record.height, after.record.height)
  const spaceEnd = Math.max(before.tileCount, after.tileCount)
  const first = tiles?.start ?? 0
  const end = Math.min(spaceEnd, tiles === undefined ? spaceEnd : tiles.start + tiles.length)
  const descent = new Descent({ before: new TileTree(before), after: new TileTree(after), first, end })
  for (const run of descent.differing(height)) {
    const start = Math.max(first, run.start)
    yield { start, length: Math.max(0, Math.min(end, run.start + run.length) - start) }
  }
}

/** Joins runs that touch. */
export class RunMerger {
  #open: { start: number; length: number } | undefined

  /** Runs come in ascending order; gives the one before where the new one does not touch it. */
  add({ start, length }: Run): Run | undefined {
    if (length === 0) return undefined
    const before = this.#open
    if (before !== undefined && before.start + before.length === start) {
      before.length += length
      return undefined
    }
    this.#open = { start, length }
    return before
  }

  /** The last one. */
  take(): Run | undefined {
    const last = this.#open
    this.#open = undefined
    return last
  }
}

interface Pair {
  readonly before: Subtree
  readonly after: Subtree
}

class Descent {
  readonly #before: TileTree
  readonly #after: TileTree
  /** Tiles [first, end) are looked at. */
  readonly #first: number
  readonly #end: number
  #pairs = 0

  constructor(parts: { before: TileTree; after: TileTree; first: number; end: number }) {
    this.#before = parts.before
    this.#after = parts.after
    this.#first = parts.first
    this.#end = parts.end
  }

  *differing(height: number): Generator<Run> {
    yield* this.#beneath({ before: this.#before.root(height), after: this.#after.root(height) }, 0)
  }

  /** Of two subtrees whose hashes differ, or of the roots. Not merged, whole items. */
  *#beneath(pair: Pair, firstTile: number): Generator<Run> {
    const { height } = pair.before
    const whole = { start: firstTile, length: tilesAt(height) }
    const areBare = pair.before.kind === 'bare' && pair.after.kind === 'bare'
    if (areBare || this.#pairs >= pairsMax) {
      yield whole
      return
    }
    this.#pairs++
    const [before, after] = [this.#before.open(pair.before), this.#after.open(pair.after)]
    const [left, right] = [before.hashes(), after.hashes()]
    if (left === undefined || right === undefined) {
      yield whole
      return
    }
    const itemTiles = tilesAt(height - 1)
    const from = Math.max(0, Math.floor((this.#first - firstTile) / itemTiles))
    const to = Math.min(fanOut, Math.ceil((this.#end - firstTile) / itemTiles))
    for (let item = from; item < to; item++) {
      if (isSameHash(left, right, item)) continue
      const start = firstTile + item * itemTiles
      if (height === 1) yield { start, length: 1 }
      else yield* this.#beneath({ before: before.child(item), after: after.child(item) }, start)
    }
    yield { start: firstTile, length: 0 }
  }
}

function isSameHash(a: Uint8Array, b: Uint8Array, item: number): boolean {
  for (let at = item * hashBytes; at < (item + 1) * hashBytes; at++) if (a[at] !== b[at]) return false
  return true
}
