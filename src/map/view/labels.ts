/**
 * Which names are shown, and where: at most `countMax`, never two on top of each other, the weightiest first. A name
 * that is shown keeps its place and gives way only to one that is clearly weightier, so nothing flickers. Pure.
 */
import { toScreen, type View } from './camera.ts'

export interface LabelCandidate {
  readonly key: string
  /** Where the name is tied to the world. */
  readonly x: number
  readonly y: number
  /** The point is the middle of the text, or its top-left corner. */
  readonly anchor: 'middle' | 'corner'
  /** Pixels of the text with its margin. */
  readonly width: number
  readonly height: number
  /** Units of the world that the name may cover: wider or higher text is not shown. */
  readonly roomWidth: number
  readonly roomHeight: number
  /** Higher is placed first. */
  readonly weight: number
}

export interface PlacedLabel<C extends LabelCandidate> {
  readonly candidate: C
  /** Screen pixels of the text's top-left corner. */
  readonly x: number
  readonly y: number
}

export const labelCountMax = 150
/** A shown name counts this much more than a new one. */
const keptBonus = 1.6
/** A new name needs this much more room than it covers; a shown one may stay until it does not fit. */
const newRoom = 1.15
const cornerInsetPx = 5
/** The bar covers this much of the view's top. */
const barPx = 40
const cellPx = 64

export function placeLabels<C extends LabelCandidate>(options: {
  view: View
  candidates: readonly C[]
  /** Keys of the names shown now. */
  shown: ReadonlySet<string>
  /** Pixels of the view that something else stands on. */
  taken?: readonly TakenBox[]
  countMax?: number
}): PlacedLabel<C>[] {
  const { view, shown, countMax = labelCountMax } = options
  const weightOf = (candidate: C) => candidate.weight * (shown.has(candidate.key) ? keptBonus : 1)
  const ordered = [...options.candidates].sort((a, b) => weightOf(b) - weightOf(a))
  const taken = new BoxGrid()
  for (const box of options.taken ?? []) taken.add(box)
  const placed: PlacedLabel<C>[] = []
  for (const candidate of ordered) {
    if (placed.length >= countMax) break
    const room = shown.has(candidate.key) ? 1 : newRoom
    const inset = candidate.anchor === 'corner' ? cornerInsetPx : 0
    const { scale } = view.camera
    if (candidate.roomWidth * scale < candidate.width * room + inset) continue
    if (candidate.roomHeight * scale < candidate.height * room + inset) continue
    const { x, y } = labelCorner(view, candidate)
    const box = { x, y, width: candidate.width, height: candidate.height }
    if (!touches(view, box) || taken.hits(box)) continue
    taken.add(box)
    placed.push({ candidate, x, y })
  }
  return placed
}

/**
 * Where the text's top-left corner is in this view, on whole pixels. A name whose corner is out of view moves along inside
 * its room: what fills the view still says what it is.
 */
export function labelCorner(view: View, candidate: LabelCandidate): { x: number; y: number } {
  const at = toScreen(view, candidate)
  if (candidate.anchor === 'corner') {
    const { scale } = view.camera
    const lastX = at.x + candidate.roomWidth * scale - candidate.width
    const lastY = at.y + candidate.roomHeight * scale - candidate.height
    return {
      x: Math.round(Math.max(at.x + cornerInsetPx, Math.min(cornerInsetPx, lastX))),
      y: Math.round(Math.max(at.y + cornerInsetPx, Math.min(barPx + cornerInsetPx, lastY))),
    }
  }
  return { x: Math.round(at.x - candidate.width / 2), y: Math.round(at.y - candidate.height / 2) }
}

/** CSS pixels of the view. */
export interface TakenBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function touches({ viewport }: View, box: TakenBox): boolean {
  return box.x < viewport.width && box.y < viewport.height && box.x + box.width > 0 && box.y + box.height > 0
}

/** Boxes in cells of 64 pixels: a question costs as much as its neighbourhood is full. */
class BoxGrid {
  readonly #cells = new Map<string, TakenBox[]>()

  hits(box: TakenBox): boolean {
    return this.#cellsOf(box).some((key) => this.#cells.get(key)?.some((other) => overlap(box, other)))
  }

  add(box: TakenBox): void {
    for (const key of this.#cellsOf(box)) {
      const cell = this.#cells.get(key)
      if (cell === undefined) this.#cells.set(key, [box])
      else cell.push(box)
    }
  }

  #cellsOf(box: TakenBox): string[] {
    const keys: string[] = []
    for (let y = Math.floor(box.y / cellPx); y <= Math.floor((box.y + box.height) / cellPx); y++) {
      for (let x = Math.floor(box.x / cellPx); x <= Math.floor((box.x + box.width) / cellPx); x++)
        keys.push(`${x} ${y}`)
    }
    return keys
  }
}

function overlap(a: TakenBox, b: TakenBox): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
