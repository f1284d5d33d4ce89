/**
 * Marks that stand for places too small to be seen: one for those that lie together. Which do follows from their places in the
 * world and the zoom's octave alone, so a map that is dragged keeps its marks and one that is zoomed changes them seldom. Pure.
 */
import type { Square } from '../../hilbert/squares.ts'
import type { RunTuple } from '../../wire/api.ts'
import { toScreen, type View, type WorldPoint } from './camera.ts'

/** A run of bytes that is marked: of a hit, or of a tile with hits that are not listed. */
export interface RunPlace extends Place {
  /** Undefined: it is not the run itself that was found. */
  readonly run: RunTuple | undefined
}

export interface Place {
  /** Unique over all bricks. */
  readonly key: string
  readonly uuid: string
  /** The heaviest of a mark's places is the one that it shows; of several the last. */
  readonly weight: number
  /** How many things it stands for. */
  readonly count: number
  /** The largest square of it, units from the brick's corner. */
  readonly heart: Square
}

interface Cluster<P extends Place> {
  readonly at: WorldPoint
  /** The heaviest first. */
  readonly of: readonly P[]
  readonly count: number
}

export interface Mark<P extends Place> extends Cluster<P> {
  readonly place: P
  /** CSS pixels of its middle. */
  readonly x: number
  readonly y: number
}

export type CornerOf = (uuid: string) => WorldPoint | undefined

/** World point of a place's mark. */
export function middleOf({ uuid, heart }: Place, cornerOf: CornerOf): WorldPoint | undefined {
  const corner = cornerOf(uuid)
  return corner && { x: corner.x + heart.x + heart.side / 2, y: corner.y + heart.y + heart.side / 2 }
}

/** Cells of the world that share a mark: a power of two of units, this many pixels or up to twice as many. */
const cellPx = 28

export class MarkSet<P extends Place> {
  #places: readonly P[] = []
  #cell = 0
  #clusters: readonly Cluster<P>[] = []

  /** The marks in view, or just beside it. The work is done where the places or the octave are others than before. */
  frame({ view, places, cornerOf }: { view: View; places: readonly P[]; cornerOf: CornerOf }): readonly Mark<P>[] {
    const cell = 2 ** Math.ceil(Math.log2(cellPx / view.camera.scale))
    if (places !== this.#places || cell !== this.#cell) {
      this.#places = places
      this.#cell = cell
      this.#clusters = clustersOf({ places, cell, cornerOf })
    }
    const { width, height } = view.viewport
    const marks: Mark<P>[] = []
    for (const cluster of this.#clusters) {
      const { x, y } = toScreen(view, cluster.at)
      if (x < -cellPx || y < -cellPx || x > width + cellPx || y > height + cellPx) continue
      marks.push({ ...cluster, place: cluster.of[0] as P, x, y })
    }
    return marks
  }
}

function clustersOf<P extends Place>(options: {
  places: readonly P[]
  cell: number
  cornerOf: CornerOf
}): readonly Cluster<P>[] {
  const cells = new Map<string, { at: WorldPoint; of: P[]; count: number }>()
  for (const place of options.places) {
    const at = middleOf(place, options.cornerOf)
    if (at === undefined) continue
    const key = `${Math.floor(at.x / options.cell)} ${Math.floor(at.y / options.cell)}`
    const held = cells.get(key)
    if (held === undefined) {
      cells.set(key, { at, of: [place], count: place.count })
      continue
    }
    held.count += place.count
    if (place.weight >= (held.of[0] as P).weight) {
      held.at = at
      held.of.unshift(place)
    } else held.of.push(place)
  }
  return [...cells.values()]
}
