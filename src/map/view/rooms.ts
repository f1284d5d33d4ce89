/**
 * Where in a shape a name may stand: rectangles that lie wholly inside it. A slot is a union of squares, often an L or a
 * stair; its largest square alone is narrower than what a line of text could use. Pure.
 */
import { squaresOf } from '../../hilbert/squares.ts'
import type { RunTuple } from '../../wire/api.ts'
import type { Rect } from './camera.ts'

/** Squares of a run; more are coarsened, which would leave the shape: then there is no room but the caller's. */
const squareCountMax = 48
const gridSideMax = 28

/** The largest rectangle inside the run, and the widest of those at least a third as high; undefined: too ragged to tell. */
export function roomsIn([start, length]: RunTuple): { readonly largest: Rect; readonly widest: Rect } | undefined {
  const squares = squaresOf({ start, length })
  if (squares.length === 0 || squares.length > squareCountMax) return undefined
  const xs = edges(squares.flatMap(({ x, side }) => [x, x + side]))
  const ys = edges(squares.flatMap(({ y, side }) => [y, y + side]))
  if (xs.length > gridSideMax || ys.length > gridSideMax) return undefined
  const filled = ys.slice(1).map(() => xs.slice(1).map(() => false))
  for (const { x, y, side } of squares) {
    for (let row = ys.indexOf(y); (ys[row] as number) < y + side; row++) {
      for (let column = xs.indexOf(x); (xs[column] as number) < x + side; column++) {
        ;(filled[row] as boolean[])[column] = true
      }
    }
  }
  let largest: Rect | undefined
  const wide: Rect[] = []
  for (const rect of spans(filled, { xs, ys })) {
    if (largest === undefined || areaOf(rect) > areaOf(largest)) largest = rect
    wide.push(rect)
  }
  if (largest === undefined) return undefined
  const { height } = largest
  const high = wide.filter((rect) => rect.height * 3 >= height)
  const widest = high.reduce((best, rect) => (rect.width > best.width ? rect : best), largest)
  return { largest, widest }
}

/** For every pair of rows the widest gapless spans of columns that are filled from one to the other. */
function* spans(filled: readonly boolean[][], { xs, ys }: { xs: number[]; ys: number[] }): Generator<Rect> {
  for (let top = 0; top < filled.length; top++) {
    const open = (filled[top] as boolean[]).slice()
    for (let bottom = top; bottom < filled.length; bottom++) {
      const row = filled[bottom] as boolean[]
      for (const [column, isFilled] of row.entries()) open[column] = open[column] === true && isFilled
      for (let from = 0; from < open.length; from++) {
        if (open[from] !== true) continue
        let to = from
        while (open[to] === true) to++
        const [x, y] = [xs[from] as number, ys[top] as number]
        yield { x, y, width: (xs[to] as number) - x, height: (ys[bottom + 1] as number) - y }
        from = to
      }
    }
  }
}

function edges(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

function areaOf({ width, height }: Rect): number {
  return width * height
}
