/**
 * Which segments of a brick are worth a look: all but those where nothing is stored, and nothing behind them, as long as the
 * pattern cannot match in zeros alone. A hole of a terabyte costs a walk over the nodes above it.
 */
import { fanOut, tilesAt } from '../brick/merkle.ts'
import { TileKind } from '../brick/tile-kind.ts'
import type { BrickView } from '../store/brick-view.ts'
import { segmentBytes, segmentTiles } from './search-window.ts'
import { type Subtree, TileTree } from './tile-tree.ts'

export interface PlanOptions {
  /** Where to begin; the segments before follow after the last. */
  readonly first: number
  /** `all`: also where there are but zeros. */
  readonly which: 'all' | 'stored'
}

export function segmentCount(view: BrickView): number {
  return Math.ceil(view.record.length / segmentBytes)
}

/** Numbers of segments, each once; undefined where it only went on looking, so that others get a turn. Errors: BrickDamage. */
export function* plannedSegments(view: BrickView, { first, which }: PlanOptions): Generator<number | undefined> {
  const count = segmentCount(view)
  const pieces = [
    { from: first, to: count },
    { from: 0, to: first },
  ]
  for (const { from, to } of pieces) {
    if (which === 'all') for (let segment = from; segment < to; segment++) yield segment
    else yield* withTheOneBefore(storedSegments(view, { from, to: Math.min(count, to + 1) }), { from, to })
  }
}

interface Span {
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** A match may begin in zeros and end in what is stored. */
function* withTheOneBefore(stored: Iterable<number | undefined>, { from, to }: Span): Generator<number | undefined> {
  let next = from
  for (const segment of stored) {
    if (segment === undefined) {
      yield undefined
      continue
    }
    if (segment - 1 >= next) yield segment - 1
    if (segment >= to) return
    yield segment
    next = segment + 1
  }
}

function* storedSegments(view: BrickView, span: Span): Generator<number | undefined> {
  const tree = new TileTree(view)
  yield* storedIn(tree, { subtree: tree.root(view.record.height), firstTile: 0 }, span)
}

interface Place {
  readonly subtree: Subtree
  readonly firstTile: number
}

function* storedIn(tree: TileTree, { subtree, firstTile }: Place, span: Span): Generator<number | undefined> {
  const first = firstTile / segmentTiles
  if (first >= span.to || first + tilesAt(subtree.height) / segmentTiles <= span.from) return
  const { kinds, child } = tree.open(subtree)
  yield undefined
  if (subtree.height === 1) {
    for (let item = 0; item < fanOut; item += segmentTiles) {
      const segment = (firstTile + item) / segmentTiles
      const isWanted = segment >= span.from && segment < span.to
      if (isWanted && kinds.subarray(item, item + segmentTiles).some(isStored)) yield segment
    }
    return
  }
  const itemTiles = tilesAt(subtree.height - 1)
  for (let item = 0; item < fanOut; item++) {
    if (!isStored(kinds[item] as number)) continue
    yield* storedIn(tree, { subtree: child(item), firstTile: firstTile + item * itemTiles }, span)
  }
}

function isStored(kind: number): boolean {
  return kind !== TileKind.absent && kind !== TileKind.hole
}
