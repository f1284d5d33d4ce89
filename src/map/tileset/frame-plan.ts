/**
 * What one frame draws and what it lacks. Pure but for the marks it leaves on records: the frame that wanted them, the frame
 * that drew them, their place in the order of use.
 */
import { tileSpan } from '../../wire/api.ts'
import { intersection, type Rect, type View, visibleRect } from '../view/camera.ts'
import type { Want } from './batches.ts'
import type { BrickTiles, TiledBrick } from './brick-tiles.ts'
import type { SlotPool } from './slot-pool.ts'
import { ancestorIndex, gridCount, gridRange, levelFor, sideOf } from './tile-address.ts'
import { hasContent, type TileRecord } from './tile-record.ts'

/** Above this share of the slots in view a coarser level is shown, so that the rest can hold covers and neighbours. */
const visibleShareMax = 0.7
/** A cover is this many levels above what is wanted: a sixteenth of its squares or fewer. */
const coverLevels = 4

/** One square to draw: all of `record`, or that part of it that lies in `part` (units from the brick's corner). */
export interface Drawn {
  readonly record: TileRecord
  readonly brick: TiledBrick
  readonly part: Rect | undefined
}

export interface Pools {
  readonly bytes: SlotPool<TileRecord>
  readonly overview: SlotPool<TileRecord>
}

export interface FramePlan {
  readonly under: Drawn[]
  readonly over: Drawn[]
  readonly wants: Want[]
  /** All in view is held at the wanted level and is of the present commit. */
  complete: boolean
  /** Nothing of the margin is missing either. */
  ready: boolean
}

interface FrameInput {
  readonly view: View
  readonly frame: number
  readonly pools: Pools
  /** Also want a margin around the view, once the view itself is complete. */
  readonly ahead: boolean
}

export function planFrame(input: FrameInput & { readonly bricks: Iterable<BrickTiles> }): FramePlan {
  const plan: FramePlan = { under: [], over: [], wants: [], complete: true, ready: true }
  const bricks = [...input.bricks]
  for (const tiles of bricks) planBrick(tiles, input, plan)
  if (plan.complete && input.ahead) for (const tiles of bricks) planMargin(tiles, input, plan)
  return plan
}

/** Wants what lies one square around the view and is not held: the next small move then finds it there. */
function planMargin(tiles: BrickTiles, input: FrameInput, plan: FramePlan): void {
  const { brick } = tiles
  const { view, frame, pools } = input
  const seen = seenOf(view, brick)
  if (seen === undefined) return
  const level = affordableLevel({ scale: view.camera.scale, topLevel: brick.topLevel, rect: seen, pools })
  const side = sideOf(level)
  const wide = { x: seen.x - side, y: seen.y - side, width: seen.width + 2 * side, height: seen.height + 2 * side }
  const rect = intersection(wide, brick.box) ?? seen
  const range = gridRange({ rect, level })
  const pool = level === 0 ? pools.bytes : pools.overview
  if (gridCount(range) > pool.capacity * visibleShareMax) return
  for (const record of tiles.visible({ range, level, purpose: 'margin' })) {
    record.wantedFrame = frame
    if (hasContent(record)) continue
    plan.ready = false
    plan.wants.push({ record, brick, rank: 5, distance: 0 })
  }
}

/** The part of `brick` that is in view, units from its corner; undefined where there is none. */
function seenOf(view: View, brick: TiledBrick): Rect | undefined {
  if (brick.length === 0 || brick.commit === '') return undefined
  const seen = visibleRect(view)
  return intersection({ ...seen, x: seen.x - brick.x, y: seen.y - brick.y }, brick.box)
}

function planBrick(tiles: BrickTiles, input: FrameInput, plan: FramePlan): void {
  const { brick } = tiles
  const { view, frame, pools } = input
  const rect = seenOf(view, brick)
  if (rect === undefined) return
  const level = affordableLevel({ scale: view.camera.scale, topLevel: brick.topLevel, rect, pools })
  const centre = { x: view.camera.x - brick.x, y: view.camera.y - brick.y }
  for (const record of tiles.visible({ range: gridRange({ rect, level }), level, purpose: 'view' })) {
    record.wantedFrame = frame
    const distance = Math.hypot(record.x + record.side / 2 - centre.x, record.y + record.side / 2 - centre.y)
    const held = hasContent(record)
    if (held) draw(plan.over, { record, brick, part: undefined }, input)
    if (held && !record.stale) continue
    plan.complete = false
    plan.wants.push({ record, brick, rank: held ? 3 : 2, distance })
    if (!held) standIn(tiles, record, input, plan)
  }
  wantRoot(tiles, input, plan)
}

/** The page above all others is always kept: whatever else is missing, it can stand in. */
function wantRoot(tiles: BrickTiles, { frame, pools }: FrameInput, plan: FramePlan): void {
  const { brick } = tiles
  const root = tiles.make(brick.topLevel, 0)
  root.wantedFrame = frame
  if (!hasContent(root)) plan.wants.push({ record: root, brick, rank: 0, distance: 0 })
  else if (root.stale) plan.wants.push({ record: root, brick, rank: 4, distance: 0 })
  pools.overview.touch(root)
}

/** Draws the nearest page above a missing record and the finer tiles below it, and wants a cover where none is near. */
function standIn(tiles: BrickTiles, record: TileRecord, input: FrameInput, plan: FramePlan): void {
  const { brick } = tiles
  const above = nearestAbove(tiles, record)
  if (above !== undefined) {
    const part = { x: record.x, y: record.y, width: record.side, height: record.side }
    draw(plan.under, { record: above, brick, part }, input)
    above.wantedFrame = input.frame
  }
  const coverLevel = Math.min(brick.topLevel, record.level + coverLevels)
  if (coverLevel > record.level && (above === undefined || above.level > coverLevel)) {
    const cover = tiles.make(coverLevel, ancestorIndex({ from: record.level, index: record.index, level: coverLevel }))
    if (cover.wantedFrame !== input.frame) plan.wants.push({ record: cover, brick, rank: 1, distance: 0 })
    cover.wantedFrame = input.frame
  }
  if (record.level < 2) return
  const finer = record.level - 2
  const ratio = tileSpan(record.level) / tileSpan(finer)
  for (let child = 0; child < ratio; child++) {
    const below = tiles.get(finer, record.index * ratio + child)
    if (below !== undefined && hasContent(below)) draw(plan.over, { record: below, brick, part: undefined }, input)
  }
}

function nearestAbove(tiles: BrickTiles, record: TileRecord): TileRecord | undefined {
  for (let level = record.level + 2; level <= tiles.brick.topLevel; level += 2) {
    const above = tiles.get(level, ancestorIndex({ from: record.level, index: record.index, level }))
    if (above !== undefined && hasContent(above)) return above
  }
  return undefined
}

function draw(list: Drawn[], drawn: Drawn, { frame, pools }: FrameInput): void {
  const { record } = drawn
  if (record.drawnFrame !== frame) {
    record.drawnFrame = frame
    if (record.slot >= 0) (record.level === 0 ? pools.bytes : pools.overview).touch(record)
  }
  list.push(drawn)
}

/** The wanted level, or the first coarser one whose squares in view leave room in the pool. */
function affordableLevel(options: { scale: number; topLevel: number; rect: Rect; pools: Pools }): number {
  const { topLevel, rect, pools } = options
  let level = levelFor(options)
  while (level < topLevel) {
    const pool = level === 0 ? pools.bytes : pools.overview
    if (gridCount(gridRange({ rect, level })) <= pool.capacity * visibleShareMax) break
    level += 2
  }
  return level
}
