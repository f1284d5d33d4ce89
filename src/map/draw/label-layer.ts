/**
 * The names on the map: gathers candidates from districts and shapes, lets `placeLabels` choose, and fades what comes and
 * goes. Chosen anew at most every `chooseMs` while the view moves; in between the chosen names move with the map.
 */
import { severityRank } from '../../base/region.ts'
import { isDegraded } from '../ui/status.ts'
import { toScreen, type View } from '../view/camera.ts'
import { groupedInteger, iecSize, middleCut } from '../view/format.ts'
import { type LabelCandidate, labelCorner, labelCountMax, placeLabels, type TakenBox } from '../view/labels.ts'
import type { Shape } from '../view/shapes.ts'
import type { WorldBrick } from '../world.ts'
import { entryName, nameLengthMax } from './entry-name.ts'
import type { Overlay, OverlayLabel } from './overlay.ts'
import type { LabelStyle } from './sprites.ts'

const chooseMs = 90
const fadeMs = 140
/** An entry's name needs this much of its shape on the screen; a directory's a little less. */
const entrySideMin = 32
const directorySideMin = 44
/** A region's name gives way to those of entries. */
const regionSideMin = 40
const regionWeight = 0.7
/** What has to be looked at is named first, however few bytes it is about. */
const urgentWeight = 1e6
/** Any other finding is named before the entry's other regions. */
const findingWeight = 0.95
/** A finding that is not urgent is named where its bytes are what one looks at. */
const mildSideMin = 150
/** A directory larger than this share of the view has said its name. */
const directoryShareMax = 1.1
const districtGapPx = 6
const shortenedLengthMin = 12
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
  readonly regions: readonly Shape[]
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
    /** Where no name should stand. */
    taken: readonly TakenBox[]
    /** Why a brick needs care, by its name. */
    careOf(brickName: string): string | undefined
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

  #signatureOf({
    view,
    shapes,
    taken,
  }: {
    view: View
    shapes: readonly ShapesOnView[]
    taken: readonly TakenBox[]
  }): string {
    const { camera, viewport } = view
    const sets = shapes.map(
      ({ brick, shapes: list, regions }) =>
        `${brick.uuid}${list.length}${list[0]?.key}${list.at(-1)?.key}${regions.length}${regions[0]?.key}`,
    )
    return `${camera.x} ${camera.y} ${camera.scale} ${viewport.width} ${viewport.height} ${taken.length} ${sets.join(' ')}`
  }

  #choose(options: {
    view: View
    overlay: Overlay
    shapes: readonly ShapesOnView[]
    taken: readonly TakenBox[]
    nowMs: number
  }): void {
    const { view, overlay, taken, nowMs } = options
    const candidates: Candidate[] = []
    for (const { brick, shapes, regions } of options.shapes) {
      for (const shape of [...shapes, ...regions]) {
        const candidate = candidateOf({ shape, brick, view, overlay })
        if (candidate !== undefined) candidates.push(candidate)
      }
    }
    const staying = new Set<string>()
    for (const [key, shown] of this.#shown) if (shown.leftMs === undefined) staying.add(key)
    const placed = placeLabels({ view, candidates, shown: staying, taken, countMax: labelCountMax })
    const chosen = new Map(placed.map(({ candidate }) => [candidate.key, candidate]))
    for (const [key, shown] of this.#shown) if (!chosen.has(key)) shown.leftMs ??= nowMs
    for (const [key, candidate] of chosen) {
      const shown = this.#shown.get(key)
      if (shown?.leftMs === undefined && shown !== undefined) this.#shown.set(key, { ...shown, candidate })
      else this.#shown.set(key, { candidate, bornMs: nowMs, leftMs: undefined })
    }
  }

  /** Captions above the districts: always there, they have room of their own. */
  #districtLabels(options: {
    view: View
    overlay: Overlay
    bricks: Iterable<WorldBrick>
    careOf(brickName: string): string | undefined
  }): OverlayLabel[] {
    const { view, overlay } = options
    const labels: OverlayLabel[] = []
    const bricks = [...options.bricks]
    for (const { info, newest, era, rect } of bricks) {
      const corner = toScreen(view, rect)
      const roomPx = rect.width * view.camera.scale
      const { height } = overlay.measure(info.name, 'district')
      if (roomPx < 40 || corner.y < -height || corner.y - height > view.viewport.height) continue
      const y = corner.y - height - 2
      // As far as the next district on the same line.
      const nextX = Math.min(
        ...bricks.filter((other) => other.rect.y === rect.y && other.rect.x > rect.x).map((other) => other.rect.x),
      )
      const endX = (nextX - rect.x) * view.camera.scale + corner.x - districtGapPx
      const text = fittingName(info.name, (one) => corner.x - 3 + overlay.measure(one, 'district').width <= endX)
      const name = overlay.measure(text, 'district')
      labels.push({ text, style: 'district', x: corner.x - 3, y, alpha: Math.min(1, (roomPx - 40) / 40) })
      let detailX = corner.x - 3 + name.width + 2
      const chipEnd = Math.min(endX, view.viewport.width)
      const care = careWords(newest, options.careOf(info.name))
      const chip = shortened(care, (one) => detailX + overlay.measure(one, 'chip').width <= chipEnd)
      if (chip !== undefined && info.state !== 'failed') {
        labels.push({ text: chip, style: 'chip', x: detailX + 3, y: y + 1, alpha: 1 })
        detailX += overlay.measure(chip, 'chip').width + 8
      }
      // A failure may be told beyond the district's edge, as far as the view goes.
      const end = Math.min(endX, info.state === 'failed' ? view.viewport.width : corner.x + roomPx + 24)
      const detail = fittingDetail(info, era, (text) => detailX + overlay.measure(text, 'detail').width <= end)
      if (detail === undefined) continue
      labels.push({ text: detail, style: 'detail', x: detailX, y: y + 1.5, alpha: 1 })
    }
    return labels
  }
}

/** A name that would run into the next district's loses its middle. */
function fittingName(name: string, fits: (text: string) => boolean): string {
  if (fits(name)) return name
  for (let length = Math.min(nameLengthMax, name.length - 1); length > 5; length--) {
    const text = middleCut(name, length)
    if (fits(text)) return text
  }
  return middleCut(name, 5)
}

/** What is said of a district beside its name, if it fits; why it failed is said shorter rather than not at all. */
function fittingDetail(
  info: WorldBrick['info'],
  era: WorldBrick['era'],
  fits: (text: string) => boolean,
): string | undefined {
  const detail = era === 'before' ? 'not kept yet at this time' : districtDetail(info)
  if (info.state === 'failed') return shortened(detail, fits)
  return fits(detail) ? detail : undefined
}

/** As much of it as fits; undefined where that would say nothing. */
function shortened(text: string | undefined, fits: (text: string) => boolean): string | undefined {
  if (text === undefined || fits(text)) return text
  for (let count = text.length - 1; count >= shortenedLengthMin; count--) {
    const shorter = `${text.slice(0, count).trimEnd()}…`
    if (fits(shorter)) return shorter
  }
  return undefined
}

const careLengthMax = 48

/** In short, why what a brick shows may be less than the truth; undefined where it is the truth. */
function careWords(brick: WorldBrick['newest'], ofTasks: string | undefined): string | undefined {
  const why = isDegraded(brick) ? brick.message : ofTasks
  if (why === undefined || why === null) return undefined
  return why.length > careLengthMax ? `${why.slice(0, careLengthMax - 1).trimEnd()}…` : why
}

function districtDetail(info: WorldBrick['info']): string {
  if (info.state === 'failed') return `failed: ${info.message ?? info.source}`.slice(0, failureLengthMax)
  if (info.generation === 0) return info.source
  return `${info.source}   ${iecSize(info.contentBytes)}   ${groupedInteger(info.entryCount)} entries`
}

const sideMin = { entry: entrySideMin, directory: directorySideMin, region: regionSideMin } as const

function candidateOf(options: {
  shape: Shape
  brick: ShapesOnView['brick']
  view: View
  overlay: Overlay
}): Candidate | undefined {
  const { shape, brick, view, overlay } = options
  const { scale } = view.camera
  const side = Math.sqrt(shape.spaceBytes) * scale
  const severity = shape.region?.finding?.severity
  const isMild = severity !== undefined && severityRank(severity) < severityRank('medium')
  if (side < (isMild ? mildSideMin : sideMin[shape.kind])) return undefined
  const { heart } = shape
  const key = `${brick.uuid}${shape.key}`
  if (shape.kind !== 'directory') {
    const style = severity === undefined ? shape.kind : (`finding-${severity}` as const)
    if (shape.name === '') return undefined
    // A finding may cover all of its entry, whose name stands in the corner: it is named beneath.
    const below = shape.region?.finding === undefined ? 0 : overlay.measure('', 'entry').height / scale
    const { text, room } = entryName({ shape, scale, measure: (name) => overlay.measure(name, style).width })
    return {
      key,
      text,
      style,
      anchor: 'corner',
      x: brick.x + room.x,
      y: brick.y + room.y + below,
      ...overlay.measure(text, style),
      roomWidth: room.width,
      roomHeight: room.height - below,
      weight: weightOf(shape) * side,
    }
  }
  const text = middleCut(shape.name, nameLengthMax)
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

/** A finding is named before the entry that it is in; other regions after. */
function weightOf({ kind, region }: Shape): number {
  if (kind === 'entry') return 1
  if (region?.finding === undefined) return regionWeight
  return severityRank(region.finding.severity) >= severityRank('medium') ? urgentWeight : findingWeight
}
