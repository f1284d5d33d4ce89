/**
 * Entries and directories as shapes on the map: the boundary of the union of their slots, their box, and where a name
 * may stand. Coordinates are units from the brick's corner.
 */
import { displayPath, fromHex, utf8 } from '../../base/bytes.ts'
import { boundingBox, type Square, squaresOf } from '../../hilbert/squares.ts'
import type { DirectoryOutline, EntryOutline, PathText, RegionJson, RunTuple } from '../../wire/api.ts'
import type { Rect } from './camera.ts'
import { visibleText } from './format.ts'
import { ruleWords } from './severity.ts'

export interface Shape {
  /** Unique within its brick. */
  readonly key: string
  readonly kind: 'directory' | 'entry' | 'region'
  /** Escaped for display: the whole path, and its last part, or what a mapping or region is called instead. */
  readonly path: string
  readonly name: string
  /** Bytes of the brick's space that it covers. */
  readonly spaceBytes: number
  /** Runs of the brick's space. */
  readonly runs: readonly RunTuple[]
  readonly box: Rect
  /** The largest square inside: a name stands there. */
  readonly heart: Square
  /** Lines of the boundary, four numbers each: x0, y0, x1, y1, with x0 <= x1 and y0 <= y1. */
  readonly lines: Float64Array
  /** Where nothing could be read: the squares to hatch. */
  readonly hatched: readonly Square[]
  readonly entry: EntryOutline | undefined
  readonly region: RegionJson | undefined
}

/** Squares beyond this many are coarsened: an outline finer than that is not seen. */
const squareCountMaxPerRun = 48

export function pathLabel(text: PathText): string {
  if (text.path !== undefined) return displayPath(utf8(text.path))
  return displayPath(fromHex(text.pathHex ?? '') ?? new Uint8Array(0))
}

export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function entryShape(entry: EntryOutline): Shape | undefined {
  const { start, length } = entry.slot
  if (length === 0) return undefined
  return shapeOf({
    kind: 'entry',
    label: entry,
    runs: [[start, length]],
    spaceBytes: length,
    entry,
  })
}

/** Of a region with bytes. */
export function regionShape(region: RegionJson): Shape | undefined {
  const { start, length } = region
  if (length === 0) return undefined
  const runs: RunTuple[] = [[start, length]]
  return shapeOf({ kind: 'region', label: {}, runs, spaceBytes: length, entry: undefined, region })
}

export function directoryShape(directory: DirectoryOutline): Shape | undefined {
  if (directory.runs.length === 0) return undefined
  return shapeOf({
    kind: 'directory',
    label: directory,
    runs: directory.runs,
    spaceBytes: directory.slotBytes,
    entry: undefined,
  })
}

/** A finding without a title is called what its rule is. */
function regionName(region: RegionJson | undefined): string | undefined {
  const { name, finding } = region ?? {}
  return name === '' && finding !== undefined ? ruleWords(finding.rule) : name && visibleText(name)
}

function shapeOf(options: {
  kind: Shape['kind']
  label: PathText
  runs: readonly RunTuple[]
  spaceBytes: number
  entry: EntryOutline | undefined
  region?: RegionJson
}): Shape {
  const { kind, runs, spaceBytes, entry, region } = options
  const squares = runs.flatMap(([start, length]) => squaresOf({ start, length, countMax: squareCountMaxPerRun }))
  const boxes = runs.map(([start, length]) => boundingBox({ start, length }))
  const path = pathLabel(options.label)
  return {
    key: `${kind[0]}${options.label.path ?? options.label.pathHex ?? region?.name}@${runs[0]?.[0]}+${spaceBytes}`,
    kind,
    path,
    name: entry?.label ?? regionName(region) ?? lastPart(path),
    spaceBytes,
    runs,
    box: unionBox(boxes),
    heart: squares.reduce((best, square) => (square.side > best.side ? square : best)),
    lines: unionLines(squares),
    hatched: entry?.flags.includes('unreadable') ? contentSquares(entry) : [],
    entry,
    region,
  }
}

/** What of the slot is content, not room to grow. */
function contentSquares({ slot, size }: EntryOutline): readonly Square[] {
  const length = Math.min(size, slot.length)
  return length === 0 ? [] : squaresOf({ start: slot.start, length, countMax: squareCountMaxPerRun })
}

function unionBox(boxes: readonly Rect[]): Rect {
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}

/** Boundary of a union of squares (they may overlap): sides that two of them share are inside and fall away. */
export function unionLines(squares: readonly Pick<Square, 'x' | 'y' | 'side'>[]): Float64Array {
  const rows = new Map<number, number[]>()
  const columns = new Map<number, number[]>()
  for (const { x, y, side } of squares) {
    addSide(rows, { line: y, from: x, to: x + side, weight: 1 })
    addSide(rows, { line: y + side, from: x, to: x + side, weight: -1 })
    addSide(columns, { line: x, from: y, to: y + side, weight: 1 })
    addSide(columns, { line: x + side, from: y, to: y + side, weight: -1 })
  }
  const lines: number[] = []
  for (const [y, events] of rows) for (const [from, to] of openRuns(events)) lines.push(from, y, to, y)
  for (const [x, events] of columns) for (const [from, to] of openRuns(events)) lines.push(x, from, x, to)
  return Float64Array.from(lines)
}

function addSide(lines: Map<number, number[]>, side: { line: number; from: number; to: number; weight: 1 | -1 }): void {
  let events = lines.get(side.line)
  if (events === undefined) {
    events = []
    lines.set(side.line, events)
  }
  events.push(side.from, side.weight, side.to, -side.weight)
}

/** Where the weights do not cancel out; `events`: place, change of weight, and so on. */
function openRuns(events: readonly number[]): [number, number][] {
  const sorted: [at: number, change: number][] = []
  for (let i = 0; i < events.length; i += 2) sorted.push([events[i] as number, events[i + 1] as number])
  sorted.sort((a, b) => a[0] - b[0])
  const runs: [number, number][] = []
  let weight = 0
  let from = 0
  for (let i = 0; i < sorted.length; ) {
    const at = (sorted[i] as [number, number])[0]
    const before = weight
    while (i < sorted.length && (sorted[i] as [number, number])[0] === at) {
      weight += (sorted[i] as [number, number])[1]
      i++
    }
    if (before === 0 && weight !== 0) from = at
    else if (before !== 0 && weight === 0) runs.push([from, at])
    else if (before !== weight) {
      runs.push([from, at])
      from = at
    }
  }
  return runs
}
