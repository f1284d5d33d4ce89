/**
 * The names on the map: gathers candidates from districts and shapes, lets `placeLabels` choose, and fades what comes and
 * goes. Chosen anew at most every `chooseMs` while the view moves; in between the chosen names move with the map.
 */
import type { View } from '../view/camera.ts'
import { toScreen } from '../view/camera.ts'
import { groupedInteger, iecSize } from '../view/format.ts'
import { type LabelCandidate, labelCorner, labelCountMax, placeLabels } from '../view/labels.ts'
import type { Shape } from '../view/shapes.ts'
import type { WorldBrick } from '../world.ts'
import type { Overlay, OverlayLabel } from './overlay.ts'
import type { LabelStyle } from './sprites.ts'

const chooseMs = 90
const fadeMs = 140
/** An entry's name needs this much of its shape on the screen; a directory's a little less. */
const entrySideMin = 36
const directorySideMin = 44
/** A directory larger than this share of the view has said its name. */
const directoryShareMax = 1.1
const nameLengthMax = 44
const failureLengthMin = 12
const failureLengthMax = 160

interface Candidate extends LabelCandidate {
  readonly text: string
  readonly style: LabelStyle
}

interface Shown {
  readonly candidate: Candidate
  bornMs: number
  /** When it began to leave, or undefined. */
  leftMs: number | undefined
}

export interface ShapesOnView {
  readonly brick: { readonly uuid: string; readonly x: number; readonly y: number }
  readonly shapes: readonly Shape[]
}

export class LabelLayer {
  readonly #shown = new Map<string, Shown>()
  #chosenMs = Number.NEGATIVE_INFINITY
  #signature = ''

  get count(): number {
    return this.#shown.size
  }

  /** True while names are coming or going, so another frame is needed. */
  labels(options: {
    view: View
    overlay: Overlay
    bricks: Iterable<WorldBrick>
    shapes: readonly ShapesOnView[]
    nowMs: number
  }): { labels: OverlayLabel[]; againAtMs: number } {
    const { view, nowMs } = options
    const signature = this.#signatureOf(options)
    const due = signature !== this.#signature
    let againAtMs = Number.POSITIVE_INFINITY
    if (due && nowMs - this.#chosenMs >= chooseMs) {
      this.#choose(options)
      this.#signature = signature
      this.#chosenMs = nowMs
    } else if (due) againAtMs = this.#chosenMs + chooseMs
    const labels = this.#districtLabels(options)
    for (const [key, shown] of this.#shown) {
      const age = nowMs - (shown.leftMs ?? shown.bornMs)
      const alpha = shown.leftMs === undefined ? Math.min(1, age / fadeMs) : 1 - age / fadeMs
      if (alpha <= 0 && shown.leftMs !== undefined) {
        this.#shown.delete(key)
        continue
      }
      if (age < fadeMs) againAtMs = Math.min(againAtMs, nowMs)
      const { text, style } = shown.candidate
      labels.push({ text, style, alpha: Math.max(0, alpha), ...labelCorner(view, shown.candidate) })
    }
    return { labels, againAtMs }
  }

  #signatureOf({ view, shapes }: { view: View; shapes: readonly ShapesOnView[] }): string {
    const { camera, viewport } = view
    const sets = shapes.map(
      ({ brick, shapes: list }) => `${brick.uuid}${list.length}${list[0]?.key}${list.at(-1)?.key}`,
    )
    return `${camera.x} ${camera.y} ${camera.scale} ${viewport.width} ${viewport.height} ${sets.join(' ')}`
  }

  #choose(options: { view: View; overlay: Overlay; shapes: readonly ShapesOnView[]; nowMs: number }): void {
    const { view, overlay, nowMs } = options
    const candidates: Candidate[] = []
    for (const { brick, shapes } of options.shapes) {
      for (const shape of shapes) {
        const candidate = candidateOf({ shape, brick, view, overlay })
        if (candidate !== undefined) candidates.push(candidate)
      }
    }
    const staying = new Set<string>()
    for (const [key, shown] of this.#shown) if (shown.leftMs === undefined) staying.add(key)
    const placed = placeLabels({ view, candidates, shown: staying, countMax: labelCountMax })
    const chosen = new Map(placed.map(({ candidate }) => [candidate.key, candidate]))
    for (const [key, shown] of this.#shown) if (!chosen.has(key)) shown.leftMs ??= nowMs
    for (const [key, candidate] of chosen) {
      const shown = this.#shown.get(key)
      if (shown?.leftMs === undefined && shown !== undefined) this.#shown.set(key, { ...shown, candidate })
      else this.#shown.set(key, { candidate, bornMs: nowMs, leftMs: undefined })
    }
  }

  /** Captions above the districts: always there, they have room of their own. */
  #districtLabels(options: { view: View; overlay: Overlay; bricks: Iterable<WorldBrick> }): OverlayLabel[] {
    const { view, overlay } = options
    const labels: OverlayLabel[] = []
    for (const { info, rect } of options.bricks) {
      const corner = toScreen(view, rect)
      const roomPx = rect.width * view.camera.scale
      const name = overlay.measure(info.name, 'district')
      if (roomPx < 40 || corner.y < -name.height || corner.y - name.height > view.viewport.height) continue
      const y = corner.y - name.height - 2
      labels.push({ text: info.name, style: 'district', x: corner.x - 3, y, alpha: Math.min(1, (roomPx - 40) / 40) })
      const detailX = corner.x - 3 + name.width + 2
      // A failure may be told beyond the district's edge, as far as the view goes.
      const end = info.state === 'failed' ? view.viewport.width : corner.x + roomPx + 24
      const detail = fittingDetail(info, (text) => detailX + overlay.measure(text, 'detail').width <= end)
      if (detail === undefined) continue
      labels.push({ text: detail, style: 'detail', x: detailX, y: y + 1.5, alpha: 1 })
    }
    return labels
  }
}

/** What is said of a district beside its name, if it fits; why it failed is said shorter rather than not at all. */
function fittingDetail(info: WorldBrick['info'], fits: (text: string) => boolean): string | undefined {
  const detail = districtDetail(info)
  if (info.state !== 'failed' || fits(detail)) return fits(detail) ? detail : undefined
  for (let count = detail.length - 1; count >= failureLengthMin; count--) {
    const shorter = `${detail.slice(0, count).trimEnd()}…`
    if (fits(shorter)) return shorter
  }
  return undefined
}

function districtDetail(info: WorldBrick['info']): string {
  if (info.state === 'failed') return `failed: ${info.message ?? info.source}`.slice(0, failureLengthMax)
  if (info.generation === 0) return info.source
  return `${info.source}   ${iecSize(info.contentBytes)}   ${groupedInteger(info.entryCount)} entries`
}

function candidateOf(options: {
  shape: Shape
  brick: ShapesOnView['brick']
  view: View
  overlay: Overlay
}): Candidate | undefined {
  const { shape, brick, view, overlay } = options
  const { scale } = view.camera
  const side = Math.sqrt(shape.spaceBytes) * scale
  if (side < (shape.kind === 'entry' ? entrySideMin : directorySideMin)) return undefined
  const text = shape.name.length > nameLengthMax ? `${shape.name.slice(0, nameLengthMax - 1)}…` : shape.name
  const { heart } = shape
  const key = `${brick.uuid}${shape.key}`
  if (shape.kind === 'entry') {
    const size = overlay.measure(text, 'entry')
    const room = cornerRoom(shape)
    return {
      key,
      text,
      style: 'entry',
      anchor: 'corner',
      x: brick.x + room.x,
      y: brick.y + room.y,
      ...size,
      roomWidth: room.width,
      roomHeight: room.height,
      weight: side,
    }
  }
  const viewSide = Math.min(view.viewport.width, view.viewport.height)
  if (heart.side * scale > viewSide * directoryShareMax) return undefined
  return {
    key,
    text,
    style: 'directory',
    anchor: 'middle',
    x: brick.x + heart.x + heart.side / 2,
    y: brick.y + heart.y + heart.side / 2,
    ...overlay.measure(text, 'directory'),
    roomWidth: heart.side,
    roomHeight: heart.side,
    weight: 2.5 * side,
  }
}

/** Where an entry's name may run: all of the shape's box where the shape fills it, else its largest square. */
function cornerRoom(shape: Shape): { x: number; y: number; width: number; height: number } {
  const { box, heart } = shape
  if (box.width * box.height <= shape.spaceBytes * 1.001) return box
  return { x: heart.x, y: heart.y, width: heart.side, height: heart.side }
}
