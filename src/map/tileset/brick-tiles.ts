/**
 * The records of one brick by level and index, and what a new commit does to them.
 *
 * A commit never drops what is held: changed tiles and the pages above them are marked stale, the others are simply of
 * the new commit too.
 */
import { boundingBox, type Square, squaresOf } from '../../hilbert/squares.ts'
import { tileSpan } from '../../wire/api.ts'
import type { Rect } from '../view/camera.ts'
import { ancestorIndex, type GridRange, indexesIn, placeOf, sideOf, topLevelOf } from './tile-address.ts'
import { hasContent, type TileRecord } from './tile-record.ts'

/** What the tile set has to know of a brick. Immutable: a new commit is a new object. */
export interface TiledBrick {
  readonly uuid: string
  readonly commit: string
  /** World units of the brick's corner. */
  readonly x: number
  readonly y: number
  /** N in bytes. */
  readonly length: number
  readonly topLevel: number
  /** Box of [0, N), units from the brick's corner. */
  readonly box: Rect
  /** [0, N) as squares, units from the brick's corner: nothing is drawn outside of them. */
  readonly squares: readonly Square[]
}

export function tiledBrick(options: {
  uuid: string
  commit: string
  x: number
  y: number
  length: number
  height: number
}): TiledBrick {
  const { uuid, commit, x, y, length, height } = options
  const run = { start: 0, length }
  const squares = length === 0 ? [] : squaresOf(run)
  return { uuid, commit, x, y, length, topLevel: topLevelOf(height), box: boundingBox(run), squares }
}

type Runs = readonly (readonly [start: number, length: number])[]

export interface BrickTiles {
  readonly brick: TiledBrick
  readonly recordCount: number
  records(): IterableIterator<TileRecord>
  get(level: number, index: number): TileRecord | undefined
  make(level: number, index: number): TileRecord
  owns(record: TileRecord): boolean
  /** Records of the squares of `level` in `range`; made where missing. The array is kept: read only. */
  visible(options: { range: GridRange; level: number; purpose: 'view' | 'margin' }): readonly TileRecord[]
  /** `dirty` as in TileSet.setBrick. */
  update(brick: TiledBrick, dirty: Runs | null | undefined): void
  /** Drops records without content that no recent frame wanted. */
  forgetIdle(frame: number): void
}

export function makeBrickTiles(first: TiledBrick): BrickTiles {
  let brick = first
  const levels = new Map<number, Map<number, TileRecord>>()
  const seen = new Map<'view' | 'margin', { key: string; records: TileRecord[] }>()

  const levelMap = (level: number): Map<number, TileRecord> => {
    let map = levels.get(level)
    if (map === undefined) {
      map = new Map()
      levels.set(level, map)
    }
    return map
  }
  const make = (level: number, index: number): TileRecord => {
    const map = levelMap(level)
    let record = map.get(index)
    if (record === undefined) {
      record = newRecord({ brick, level, index })
      map.set(index, record)
    }
    return record
  }
  return {
    get brick() {
      return brick
    },
    get recordCount() {
      let count = 0
      for (const map of levels.values()) count += map.size
      return count
    },
    *records() {
      for (const map of levels.values()) yield* map.values()
    },
    get: (level, index) => levels.get(level)?.get(index),
    make,
    owns: (record) => levels.get(record.level)?.get(record.index) === record,
    visible({ range, level, purpose }) {
      const key = `${level} ${range.x0} ${range.y0} ${range.x1} ${range.y1} ${brick.length}`
      const last = seen.get(purpose)
      if (last?.key === key) return last.records
      const records = indexesIn({ range, level, length: brick.length }).map((index) => make(level, index))
      seen.set(purpose, { key, records })
      return records
    },
    update(next, dirty) {
      const previous = brick
      brick = next
      if (next.commit === previous.commit) return
      if (dirty === null) for (const map of levels.values()) for (const record of map.values()) markStale(record)
      else if (dirty !== undefined) markRunsStale(levels, dirty)
      if (next.length !== previous.length) markEndsStale(levels, Math.min(next.length, previous.length))
    },
    forgetIdle(frame) {
      for (const map of levels.values()) {
        for (const [index, record] of map) {
          const idle = !hasContent(record) && record.loading === 0 && !record.arrived && record.wantedFrame < frame - 8
          if (idle) map.delete(index)
        }
      }
      seen.clear()
    },
  }
}

function newRecord(options: { brick: TiledBrick; level: number; index: number }): TileRecord {
  const { brick, level, index } = options
  const place = placeOf({ level, index })
  return {
    uuid: brick.uuid,
    level,
    index,
    x: place.x,
    y: place.y,
    side: sideOf(level),
    orientation: place.orientation,
    pinned: level === brick.topLevel,
    slot: -1,
    drawnFrame: -1,
    flat: undefined,
    bytes: undefined,
    blockEntropy: undefined,
    stale: false,
    revision: 0,
    loading: 0,
    arrived: false,
    wantedFrame: -1,
    failures: 0,
    retryAtMs: Number.NEGATIVE_INFINITY,
  }
}

function markStale(record: TileRecord): void {
  record.revision++
  record.stale = hasContent(record)
}

/** Marks the tiles of `runs` and every page above them, in time that grows with what is held, not with the runs' lengths. */
function markRunsStale(levels: ReadonlyMap<number, ReadonlyMap<number, TileRecord>>, runs: Runs): void {
  for (const [level, map] of levels) {
    const spans = runs.map(([start, length]) => ({
      first: level === 0 ? start : ancestorIndex({ from: 0, index: start, level }),
      last: level === 0 ? start + length - 1 : ancestorIndex({ from: 0, index: start + length - 1, level }),
    }))
    spans.sort((a, b) => a.first - b.first || a.last - b.last)
    for (const record of map.values()) if (isWithin(spans, record.index)) markStale(record)
  }
}

/** `spans`: ascending by first, then last; they overlap at most at their ends, as pages above neighbouring runs do. */
function isWithin(spans: readonly { first: number; last: number }[], index: number): boolean {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((spans[middle] as { first: number }).first <= index) low = middle + 1
    else high = middle
  }
  return low > 0 && (spans[low - 1] as { last: number }).last >= index
}

/** Where the brick grew or shrank: the square that holds its end is another one on every level. */
function markEndsStale(levels: ReadonlyMap<number, ReadonlyMap<number, TileRecord>>, end: number): void {
  for (const [level, map] of levels) {
    const first = Math.floor(end / tileSpan(level))
    for (const record of map.values()) if (record.index >= first) markStale(record)
  }
}
