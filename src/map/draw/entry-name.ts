/** What of an entry's or a region's name is written in its shape, and in which room of the shape. */
import type { Rect } from '../view/camera.ts'
import { endCut, middleCut } from '../view/format.ts'
import { roomsIn } from '../view/rooms.ts'
import type { Shape } from '../view/shapes.ts'

export const nameLengthMax = 44
/** A finding's title is a sentence: it is said as far as there is room, and cut at its end. */
const titleLengthMax = 110
const titleLengths = [90, 72, 58, 46, 38, 30, 24, 18, 14]
/** A name that is cut is cut to one of these lengths, so that it does not change with every step of a zoom. */
const cutLengths = [32, 24, 18, 14, 11, 9, 7]
/** As `placeLabels` asks of a new name: room around it, and from its corner. */
const nameRoom = 1.15
const nameInsetPx = 5

/** The whole name where it fits in any room of the shape, else as much of it as fits; too little says nothing. */
export function entryName(options: { shape: Shape; scale: number; measure(name: string): number }): {
  text: string
  room: Rect
} {
  const { shape, scale, measure } = options
  const rooms = roomsOf(shape)
  const fits = (text: string, room: Rect) => measure(text) * nameRoom + nameInsetPx <= room.width * scale
  const widest = rooms.reduce((best, one) => (one.width > best.width ? one : best))
  if (shape.region?.finding !== undefined) return titleIn(shape, { rooms, widest, fits })
  for (const text of [shape.name, withoutRights(shape)].map((name) => middleCut(name, nameLengthMax))) {
    const room = rooms.find((one) => fits(text, one))
    if (room !== undefined) return { text, room }
  }
  const whole = middleCut(withoutRights(shape), nameLengthMax)
  const cut = cutLengths.find((length) => length < whole.length && fits(middleCut(whole, length), widest))
  return { text: cut === undefined ? whole : middleCut(whole, cut), room: widest }
}

function titleIn(
  { name }: Shape,
  { rooms, widest, fits }: { rooms: readonly Rect[]; widest: Rect; fits(text: string, room: Rect): boolean },
): { text: string; room: Rect } {
  const upTo = (countMax: number) =>
    endCut(name, { fits: (one) => one.length <= countMax, countMin: 1 }) ?? name.slice(0, countMax)
  const whole = upTo(titleLengthMax)
  const room = rooms.find((one) => fits(whole, one))
  if (room !== undefined) return { text: whole, room }
  const cut = titleLengths.map(upTo).find((one) => fits(one, widest))
  return { text: cut ?? whole, room: widest }
}

/** Of a mapping its name alone: what may be done with it is said where there is room. */
function withoutRights({ name, entry }: Shape): string {
  return entry?.address === undefined ? name : name.replace(/ [rwxsp-]{4}$/, '')
}

/** All of the shape's box where the shape fills it, else the rectangles inside it, the most spacious first. */
function roomsOf(shape: Shape): readonly Rect[] {
  let rooms = roomCache.get(shape)
  if (rooms === undefined) {
    const { box, heart, runs, spaceBytes } = shape
    const whole = box.width * box.height <= spaceBytes * 1.001
    const inside = whole || runs[0] === undefined ? undefined : roomsIn(runs[0])
    const square = { x: heart.x, y: heart.y, width: heart.side, height: heart.side }
    rooms = whole ? [box] : inside === undefined ? [square] : [inside.largest, inside.widest]
    roomCache.set(shape, rooms)
  }
  return rooms
}

const roomCache = new WeakMap<Shape, readonly Rect[]>()
