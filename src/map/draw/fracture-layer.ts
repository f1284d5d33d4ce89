/**
 * Fractures over the picture: from afar a mark by its severity, near ones together; nearer the crack through the bytes. Marks of
 * hits of a search beside them. Keeps where the marks of the last frame stand, so that a hand can point at them.
 */
import type { View, WorldPoint } from '../view/camera.ts'
import { middleCut } from '../view/format.ts'
import { crackOf, type Fracture } from '../view/fractures.ts'
import type { TakenBox } from '../view/labels.ts'
import { type CornerOf, type Mark, MarkSet, type Place, type RunPlace } from '../view/marks.ts'
import { gravity, isGrave, severityMarks } from '../view/severity.ts'
import type { Overlay, OverlayCrack, OverlayLabel, OverlayMark } from './overlay.ts'

/** Pixels of the heart's side from which the bytes themselves show the fracture. */
const nearSideMin = 44
/** A crack is at most so long, however near the bytes are. */
const crackPxMax = 150
const crackGravityMin = gravity('medium')
/** Titles beside grave marks, that no hand points at. */
const titlesMax = 8
const titleLengthMax = 44
const hitRadiusPx = 4
/** Pixels a byte from which the bytes of a hit are outlined instead. */
export const outlinedScaleMin = 4
/** A hand need not be more exact than this. */
const reachPx = 5

export interface FractureInput {
  readonly view: View
  readonly overlay: Overlay
  readonly cornerOf: CornerOf
  readonly fractures: readonly Fracture[]
  /** Places of a search's hits. */
  readonly hits: readonly RunPlace[]
  /** CSS pixels of the cursor. */
  readonly cursor: WorldPoint | undefined
  titleOf(key: string): string | undefined
}

export interface FractureFrame {
  readonly cracks: readonly OverlayCrack[]
  readonly marks: readonly OverlayMark[]
  readonly titles: readonly OverlayLabel[]
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
    const marks = this.#fractures.frame({ view, cornerOf, places: input.fractures })
    // What is near is shown by its bytes; a mark among others stays for the sake of those.
    this.#marks = marks.filter((mark) => !mark.of.every(isNear))
    this.#hitMarks = this.#hits
      .frame({ view, cornerOf, places: input.hits })
      .filter((mark) => !mark.of.every(isHitNear))
    const boxes: TakenBox[] = []
    const drawn: OverlayMark[] = []
    for (const { x, y, count } of this.#hitMarks) {
      drawn.push({ x, y, radius: hitRadiusPx, look: 'hit', count })
      boxes.push(boxAround(x, y, hitRadiusPx))
    }
    for (const { x, y, place, count } of this.#marks) {
      const { radius } = severityMarks[place.severity]
      drawn.push({ x, y, radius, look: place.severity, count })
      boxes.push(boxAround(x, y, radius))
    }
    const titles = this.#titles(input, boxes)
    return { cracks: cracksOf(input), marks: drawn, titles, taken: boxes }
  }

  /** The one pointed at always, grave ones where there is room; adds what they cover to `boxes`. */
  #titles(input: FractureInput, boxes: TakenBox[]): OverlayLabel[] {
    const pointed = input.cursor && this.at(input.cursor)
    const grave = this.#marks
      .filter(({ place }) => isGrave(place.severity))
      .toSorted((a, b) => b.place.weight - a.place.weight)
    const labels: OverlayLabel[] = []
    const add = (mark: Mark<Place>, text: string, isPointed: boolean): void => {
      const { width, height } = input.overlay.measure(text, 'title')
      const y = mark.y - height / 2
      const places = [mark.x + 12, mark.x - 12 - width].map((x) => ({ x, y, width, height }))
      const inView = (box: TakenBox) => box.x >= 0 && box.x + box.width <= input.view.viewport.width
      const free = places.find((box) => inView(box) && !boxes.some((other) => overlap(box, other)))
      const box = free ?? (isPointed ? (places.find(inView) ?? places[0]) : undefined)
      if (box === undefined) return
      boxes.push(box)
      labels.push({ text, style: 'title', x: box.x, y: box.y, alpha: 1 })
    }
    const words = (mark: Mark<Fracture>): string => {
      const title = middleCut(input.titleOf(mark.place.key) ?? '', titleLengthMax)
      return mark.count > 1 ? `${title}  +${mark.count - 1}` : title
    }
    if (pointed?.kind === 'fracture') add(pointed.mark, words(pointed.mark), true)
    if (pointed?.kind === 'hit')
      add(pointed.mark, `${pointed.mark.count} ${pointed.mark.count === 1 ? 'hit' : 'hits'}`, true)
    for (const mark of grave.slice(0, titlesMax)) {
      if (pointed?.mark !== mark) add(mark, words(mark), false)
    }
    return labels
  }
}

/** Through what is near enough, the gravest last. */
function cracksOf({ view, cornerOf, fractures }: FractureInput): OverlayCrack[] {
  const { camera, viewport } = view
  const cracks: OverlayCrack[] = []
  for (const { uuid, heart, run, severity } of fractures) {
    const side = heart.side * camera.scale
    const corner = cornerOf(uuid)
    if (corner === undefined || side < nearSideMin || gravity(severity) < crackGravityMin) continue
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

function boxAround(x: number, y: number, radius: number): TakenBox {
  const half = radius + 3
  return { x: x - half, y: y - half, width: 2 * half, height: 2 * half }
}

function overlap(a: TakenBox, b: TakenBox): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
