/**
 * Where the title of a mark stands: beside it, on the side where nothing else is, whole if there is room for it anywhere near,
 * else cut at its end. Never over another brick: what is said of one is not written on the other. Pure.
 */
import { endCut } from './format.ts'
import type { TakenBox } from './labels.ts'

export interface Callout extends TakenBox {
  readonly text: string
  /** CSS pixels of a line from the mark to the title; undefined where it stands right beside it. */
  readonly leader: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number } | undefined
}

export interface CalloutInput {
  readonly text: string
  /** CSS pixels of the mark's middle; how far it reaches to its left, and with its count to its right. */
  readonly mark: { readonly x: number; readonly y: number; readonly left: number; readonly right: number }
  /** Where a title may stand: the view without what lies over it. */
  readonly room: TakenBox
  /** Where it may not. */
  readonly obstacles: readonly TakenBox[]
  measure(text: string): { readonly width: number; readonly height: number }
}

const gapPx = 3
/** A title with a line stands so many of its heights above or below its mark. */
const rows = [1.4, -1.4, 2.8, -2.8] as const
const rowIndentPx = 8
const charactersMin = 12
/** Room is counted in these steps, so that a title is not cut anew with every pixel that the map moves. */
const roomStepPx = 24

interface Spot {
  readonly side: 'right' | 'left'
  /** Where the title begins, or on the left ends. */
  readonly x: number
  readonly y: number
  readonly width: number
}

/** Undefined: there is no room for as much of it as would say something, or the mark itself is covered. */
export function placeCallout(input: CalloutInput): Callout | undefined {
  const { text, mark, room, measure } = input
  if (mark.x < room.x || mark.x > room.x + room.width || mark.y > room.y + room.height) return undefined
  const { width, height } = measure(text)
  const beside = spotsAt(input, { y: mark.y - height / 2, height, indent: 0 })
  const away = rows.flatMap((row) =>
    spotsAt(input, { y: mark.y - height / 2 + row * height, height, indent: rowIndentPx }),
  )
  const whole = [...beside, ...away].find((spot) => spot.width >= width)
  if (whole !== undefined) return calloutAt(input, whole, text)
  const widest = [...beside, ...away].reduce((best, spot) => (spot.width > best.width + roomStepPx ? spot : best))
  const widthMax = Math.floor(widest.width / roomStepPx) * roomStepPx
  const cut = endCut(text, { fits: (one) => measure(one).width <= widthMax, countMin: charactersMin })
  return cut === undefined ? undefined : calloutAt(input, widest, cut)
}

/** To the right and to the left of the mark, on a line of this height. */
function spotsAt(
  { mark, room, obstacles }: CalloutInput,
  { y, height, indent }: { y: number; height: number; indent: number },
): readonly [Spot, Spot] {
  const fromX = Math.max(room.x, mark.x + mark.right + gapPx + indent)
  const toX = Math.min(room.x + room.width, mark.x - mark.left - gapPx - indent)
  if (y < room.y || y + height > room.y + room.height) {
    return [
      { side: 'right', x: fromX, y, width: 0 },
      { side: 'left', x: toX, y, width: 0 },
    ]
  }
  let [endX, startX] = [room.x + room.width, room.x]
  for (const one of obstacles) {
    if (one.y >= y + height || one.y + one.height <= y) continue
    if (one.x + one.width > fromX) endX = Math.min(endX, one.x - gapPx)
    if (one.x < toX) startX = Math.max(startX, one.x + one.width + gapPx)
  }
  return [
    { side: 'right', x: fromX, y, width: endX - fromX },
    { side: 'left', x: toX, y, width: toX - startX },
  ]
}

function calloutAt({ mark, measure }: CalloutInput, spot: Spot, text: string): Callout {
  const { width, height } = measure(text)
  const x = spot.side === 'right' ? spot.x : spot.x - width
  const { y } = spot
  const isBeside = y <= mark.y && y + height >= mark.y
  const leader = isBeside ? undefined : { x0: mark.x, y0: mark.y, x1: spot.x, y1: y + height / 2 }
  return { text, x, y, width, height, leader }
}
