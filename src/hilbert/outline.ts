/**
 * The outline of a run of positions: the boundary of the union of its cells.
 *
 * It is always one simple closed loop, without holes or pinches: the cells before the run join it to the corner where
 * the curve begins, the cells after it go on without end, so the run encloses nothing; and it is joined itself, so two
 * of its cells that touched only at a corner would enclose something. Hence exactly one edge leaves each corner.
 */
import { assert, must } from '../base/assert.ts'
import { coordinateEnd, orderMax, type Point } from './curve.ts'
import { type Square, squaresOf, widened } from './squares.ts'

/** Vertices as x0, y0, x1, y1, ..; the last joins the first; the run lies to the right of each edge (y down). */
export type Loop = readonly number[]

/** No run's exact outline has more vertices. */
export const vertexCountMax = 4 * 6 * orderMax

/**
 * The outline of [start, start + length): one loop, or none where length is 0. Only true corners are vertices. Where
 * there would be more than `vertexMax` (>= 4, default `vertexCountMax`: exact), the run is widened at both ends to
 * multiples of 4^k with the smallest k that helps.
 */
export function outlineOf(options: { start: number; length: number; vertexMax?: number }): readonly Loop[] {
  const { start, length, vertexMax = vertexCountMax } = options
  assert(vertexMax >= 4, 'an outline has at least four vertices')
  if (length === 0) return []
  for (let orderMin = 0; ; orderMin++) {
    const cover = widened({ start, length, orderMin })
    const loop = trace(squaresOf({ start: cover.start, length: cover.end - cover.start }))
    if (loop.length <= 2 * vertexMax) return [loop]
  }
}

/** A side on a grid line; direction +1 where it runs towards larger coordinates, else -1. */
interface Side {
  readonly from: number
  readonly to: number
  readonly direction: 1 | -1
}

type SidesByLine = Map<number, Side[]>

function trace(squares: readonly Square[]): Loop {
  const rows: SidesByLine = new Map()
  const columns: SidesByLine = new Map()
  for (const { x, y, side } of squares) {
    addSide(rows, y, { from: x, to: x + side, direction: 1 })
    addSide(rows, y + side, { from: x, to: x + side, direction: -1 })
    addSide(columns, x + side, { from: y, to: y + side, direction: 1 })
    addSide(columns, x, { from: y, to: y + side, direction: -1 })
  }
  const next = new Map<number, Point>()
  for (const [y, sides] of rows) {
    for (const { from, to } of uncancelled(sides)) next.set(cornerKey({ x: from, y }), { x: to, y })
  }
  for (const [x, sides] of columns) {
    for (const { from, to } of uncancelled(sides)) next.set(cornerKey({ x, y: from }), { x, y: to })
  }
  return walk(next)
}

function addSide(lines: SidesByLine, line: number, side: Side): void {
  const sides = lines.get(line)
  if (sides === undefined) lines.set(line, [side])
  else sides.push(side)
}

/** The stretches of one grid line with a cell on exactly one hand, each from its start to its end as directed. */
function uncancelled(sides: readonly Side[]): { from: number; to: number }[] {
  const steps = new Map<number, number>()
  for (const { from, to, direction } of sides) {
    steps.set(from, (steps.get(from) ?? 0) + direction)
    steps.set(to, (steps.get(to) ?? 0) - direction)
  }
  const stretches: { from: number; to: number }[] = []
  let direction = 0
  let opened = 0
  for (const [at, step] of [...steps].sort(([a], [b]) => a - b)) {
    if (step === 0) continue
    if (direction !== 0) stretches.push(direction > 0 ? { from: opened, to: at } : { from: at, to: opened })
    direction += step
    opened = at
  }
  return stretches
}

/** The one loop through all corners, from the topmost of the leftmost. */
function walk(next: ReadonlyMap<number, Point>): Loop {
  let first: Point | undefined
  for (const corner of next.values()) {
    if (first === undefined || corner.x < first.x || (corner.x === first.x && corner.y < first.y)) first = corner
  }
  const start = must(first, 'a corner of the outline')
  const loop: number[] = []
  let at = start
  do {
    loop.push(at.x, at.y)
    at = must(next.get(cornerKey(at)), 'the edge that leaves a corner')
  } while (at.x !== start.x || at.y !== start.y)
  assert(loop.length === 2 * next.size, 'the outline of a run is one loop')
  return loop
}

/** Corners have coordinates up to coordinateEnd inclusive. */
function cornerKey({ x, y }: Point): number {
  return x * 2 * coordinateEnd + y
}
