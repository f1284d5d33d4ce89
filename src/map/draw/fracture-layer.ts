/**
 * Fractures over the picture: from afar a mark by its severity, near ones together; nearer the crack through the bytes. Marks of
 * hits of a search beside them. Keeps where the marks of the last frame stand, so that a hand can point at them.
 */
import { severityRank } from '../../base/region.ts'
import { placeCallout } from '../view/callouts.ts'
import { type Rect, toScreen, type View, type WorldPoint } from '../view/camera.ts'
import { crackOf, type Fracture } from '../view/fractures.ts'
import type { TakenBox } from '../view/labels.ts'
import { type CornerOf, type Mark, MarkSet, type Place, type RunPlace } from '../view/marks.ts'
import { isGrave, severityMarks } from '../view/severity.ts'
import { countWidth } from './mark-pen.ts'
import type { Overlay, OverlayCrack, OverlayLabel, OverlayLeader, OverlayMark } from './overlay.ts'

/** Pixels of the heart's side from which the bytes themselves show the fracture: in so much room its title can be read. */
const nearSideMin = 130
/** A crack is at most so long, however near the bytes are. */
const crackPxMax = 150
const crackGravityMin = severityRank('medium')
/** Titles beside grave marks, that no hand points at. */
const titlesMax = 8
const titleLengthMax = 90
const hitRadiusPx = 4
/** Pixels a byte from which the bytes of a hit are outlined instead. */
export const outlinedScaleMin = 4
/** A hand need not be more exact than this. */
const reachPx = 5

/** World rectangle of a brick. */
export interface BrickBox {
  readonly uuid: string
  readonly name: string
  readonly rect: Rect
}

export interface FractureInput {
  readonly view: View
  readonly overlay: Overlay
  readonly cornerOf: CornerOf
  readonly fractures: readonly Fracture[]
  /** Places of a search's hits. */
  readonly hits: readonly RunPlace[]
  /** Bricks, with their names, and what of the view is not covered. */
  readonly bricks: readonly BrickBox[]
  readonly room: TakenBox
  /** CSS pixels of the cursor. */
  readonly cursor: WorldPoint | undefined
  titleOf(key: string): string | undefined
}

export interface FractureFrame {
  readonly cracks: readonly OverlayCrack[]
  readonly marks: readonly OverlayMark[]
  readonly titles: readonly OverlayLabel[]
  readonly leaders: readonly OverlayLeader[]
  /** Where no name should stand. */
  readonly taken: readonly TakenBox[]
}

/** What a hand points at. */
export type PointedMark =
  | { readonly kind: 'fracture'; readonly mark: Mark<Fracture> }
  | { readonly kind: 'hit'; readonly mark: Mark<Place> }

export class FractureLayer {
  readonly #fractures = new MarkSet<Fracture>()
  readonly #hits = new MarkSet<RunPlace>()
  #marks: readonly Mark<Fracture>[] = []
  #hitMarks: readonly Mark<Place>[] = []

  /** The mark under the point; findings before hits. */
  at(point: WorldPoint): PointedMark | undefined {
    const mark = this.#marks.findLast((one) => isWithin(one, point, severityMarks[one.place.severity].radius))
    if (mark !== undefined) return { kind: 'fracture', mark }
    const hit = this.#hitMarks.findLast((one) => isWithin(one, point, hitRadiusPx))
    return hit && { kind: 'hit', mark: hit }
  }

  frame(input: FractureInput): FractureFrame {
    const { view, cornerOf } = input
    const { scale } = view.camera
    const isNear = ({ heart }: Place) => heart.side * scale >= nearSideMin
    const isHitNear = (place: RunPlace) => (place.run === undefined ? isNear(place) : scale >= outlinedScaleMin)
    const boxes = brickBoxes(input)
    const inside = <P extends Place>(mark: Mark<P>, radius: number) =>
      movedInside(mark, boxes.get(mark.place.uuid), radius)
    // What is near is shown by its bytes; a mark among others stays for the sake of those.
    this.#marks = this.#fractures
      .frame({ view, cornerOf, places: input.fractures })
      .filter((mark) => !mark.of.every(isNear))
      .map((mark) => inside(mark, severityMarks[mark.place.severity].radius))
    this.#hitMarks = this.#hits
      .frame({ view, cornerOf, places: input.hits })
      .filter((mark) => !mark.of.every(isHitNear))
      .map((mark) => inside(mark, hitRadiusPx))
    const drawn: OverlayMark[] = [
      ...this.#hitMarks.map(({ x, y, count }) => ({ x, y, count, radius: hitRadiusPx, look: 'hit' as const })),
      ...this.#marks.map(({ x, y, count, place: { severity } }) => {
        return { x, y, count, radius: severityMarks[severity].radius, look: severity }
      }),
    ]
    const taken = drawn.map(boxAround)
    const { titles, leaders } = this.#titles(input, { boxes, taken })
    return { cracks: cracksOf(input), marks: drawn, titles, leaders, taken }
  }

  /** The one pointed at always, grave ones where there is room; adds what they cover to `taken`. */
  #titles(
    input: FractureInput,
    { boxes, taken }: { boxes: ReadonlyMap<string, BoxOfBrick>; taken: TakenBox[] },
  ): { titles: OverlayLabel[]; leaders: OverlayLeader[] } {
    const pointed = input.cursor && this.at(input.cursor)
    const grave = this.#marks
      .filter(({ place }) => isGrave(place.severity))
      .toSorted((a, b) => b.place.weight - a.place.weight)
    const titles: OverlayLabel[] = []
    const leaders: OverlayLeader[] = []
    const measure = (text: string) => input.overlay.measure(text, 'title')
    const add = (mark: Mark<Place>, said: { text: string; radius: number; isPointed: boolean }): void => {
      const { text, radius } = said
      const foreign = [...boxes.values()].flatMap((box) =>
        box.uuid === mark.place.uuid ? [box.caption] : [box.caption, box.whole],
      )
      const reach = { x: mark.x, y: mark.y, left: radius, right: radius + countWidth(mark.count) }
      const common = { text, mark: reach, measure }
      const own = taken.filter((box) => !isAround(box, mark))
      const placed =
        placeCallout({ ...common, room: input.room, obstacles: [...foreign, ...own] }) ??
        (said.isPointed ? placeCallout({ ...common, room: input.room, obstacles: [] }) : undefined)
      if (placed === undefined) return
      taken.push(placed)
      titles.push({ text: placed.text, style: 'title', x: placed.x, y: placed.y, alpha: 1 })
      if (placed.leader !== undefined) leaders.push(placed.leader)
    }
    const addFracture = (mark: Mark<Fracture>, isPointed: boolean): void => {
      const text = (input.titleOf(mark.place.key) ?? '').slice(0, titleLengthMax)
      add(mark, { text, radius: severityMarks[mark.place.severity].radius, isPointed })
    }
    if (pointed?.kind === 'fracture') addFracture(pointed.mark, true)
    if (pointed?.kind === 'hit') {
      const { count } = pointed.mark
      add(pointed.mark, { text: `${count} ${count === 1 ? 'hit' : 'hits'}`, radius: hitRadiusPx, isPointed: true })
    }
    for (const mark of grave.slice(0, titlesMax)) if (pointed?.mark !== mark) addFracture(mark, false)
    return { titles, leaders }
  }
}

interface BoxOfBrick {
  readonly uuid: string
  readonly whole: TakenBox
  /** Of its name, above it. */
  readonly caption: TakenBox
}

/** CSS pixels of the bricks and of what is written above them. */
function brickBoxes({ view, bricks, overlay }: FractureInput): ReadonlyMap<string, BoxOfBrick> {
  const { scale } = view.camera
  return new Map(
    bricks.map(({ uuid, name, rect }) => {
      const { x, y } = toScreen(view, rect)
      const [width, height] = [rect.width * scale, rect.height * scale]
      const words = overlay.measure(name, 'district')
      const caption = { x, y: y - words.height - 2, width: Math.max(width, words.width), height: words.height + 2 }
      return [uuid, { uuid, whole: { x, y, width, height }, caption }]
    }),
  )
}

/** A mark at a brick's edge stands inside of it: what is written above the brick stays free. */
function movedInside<P extends Place>(mark: Mark<P>, box: BoxOfBrick | undefined, radius: number): Mark<P> {
  const least = radius + 3
  if (box === undefined || box.whole.width < 2 * least || box.whole.height < 2 * least) return mark
  const { x, y, width, height } = box.whole
  return {
    ...mark,
    x: Math.min(x + width - least, Math.max(x + least, mark.x)),
    y: Math.min(y + height - least, Math.max(y + least, mark.y)),
  }
}

/** Through what is near enough, the gravest last. */
function cracksOf({ view, cornerOf, fractures }: FractureInput): OverlayCrack[] {
  const { camera, viewport } = view
  const cracks: OverlayCrack[] = []
  for (const { uuid, heart, run, severity } of fractures) {
    const side = heart.side * camera.scale
    const corner = cornerOf(uuid)
    if (corner === undefined || side < nearSideMin || severityRank(severity) < crackGravityMin) continue
    const x = (corner.x + heart.x - camera.x) * camera.scale + viewport.width / 2
    const y = (corner.y + heart.y - camera.y) * camera.scale + viewport.height / 2
    if (x > viewport.width || y > viewport.height || x + side < 0 || y + side < 0) continue
    const { main, branch } = crackOf(run[0])
    const long = Math.min(crackPxMax, side)
    const left = x + (side - long) / 2
    const placed = (points: readonly WorldPoint[]) =>
      points.map((at) => ({ x: left + at.x * long, y: y + at.y * long }))
    cracks.push({ lines: [placed(main), placed(branch)], severity, side: long })
  }
  return cracks
}

function isWithin({ x, y }: WorldPoint, point: WorldPoint, radius: number): boolean {
  return Math.hypot(x - point.x, y - point.y) <= radius + reachPx
}

/** With its count. */
function boxAround({ x, y, radius, count }: OverlayMark): TakenBox {
  const half = radius + 3
  return { x: x - half, y: y - half, width: 2 * half + countWidth(count), height: 2 * half }
}

function isAround({ x, y, width, height }: TakenBox, point: WorldPoint): boolean {
  return point.x > x && point.x < x + width && point.y > y && point.y < y + height
}
