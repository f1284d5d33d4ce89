/**
 * Marks what a round of placings dirties: growth and shrinking first, then freed slots, then contents. Of a content that
 * is read in part and stays where it is, only the tiles that it touches.
 */
import { must } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { BrickModel, PathKey } from './model.ts'
import { type Placing, type Reading, readableData, staysInPlace } from './placing.ts'
import type { ReadPart } from './read-part.ts'
import { bytesIn, endOf, intersection, sortedRuns, within } from './runs.ts'
import { TilePlan } from './tile-plan.ts'

const tileSizeBytes = 65_536

export interface Lengths {
  readonly before: number
  readonly after: number
}

export function markTiles(model: BrickModel, placing: Placing, lengths: Lengths): TilePlan {
  const plan = new TilePlan()
  const tilesBefore = Math.ceil(lengths.before / tileSizeBytes)
  const tilesAfter = Math.ceil(lengths.after / tileSizeBytes)
  if (tilesAfter > tilesBefore) plan.markBare({ start: tilesBefore, count: tilesAfter - tilesBefore }, 'hole')
  if (tilesAfter < tilesBefore) plan.markBare({ start: tilesAfter, count: tilesBefore - tilesAfter }, 'absent')
  const anew = new Set(placing.readings.filter((reading) => !staysInPlace(reading)).map(({ holder }) => holder))
  const smallTiles = new Set<number>()
  for (const { slot } of placing.freed) {
    if (slot === undefined || slot.start >= lengths.after) continue
    if (slot.length > tileSizeBytes) plan.markBare(tilesOf(slot), 'hole')
    else smallTiles.add(Math.floor(slot.start / tileSizeBytes))
  }
  for (const { slot, sizeBytes } of placing.unreadable) {
    if (slot.length > tileSizeBytes) {
      plan.markBare(tilesOf(slot), 'hole')
      plan.markBare(tilesOf({ start: slot.start, length: sizeBytes }), 'unreadable')
    } else smallTiles.add(Math.floor(slot.start / tileSizeBytes))
  }
  for (const each of placing.readings) {
    if (each.slot.length > tileSizeBytes) markLarge(plan, model, each)
    else smallTiles.add(Math.floor(each.slot.start / tileSizeBytes))
  }
  for (const tile of smallTiles) markSmall(plan, model, { tile, anew })
  return plan
}

function markLarge(plan: TilePlan, model: BrickModel, reading: Reading): void {
  const { slot, holder, part } = reading
  const data = readableData(reading, must(model.entries.get(holder), `entry ${holder}`))
  if (part !== undefined && staysInPlace(reading)) markTouched(plan, { slot, data, part })
  else markAnew(plan, { slot, data, part })
}

interface LargeContent {
  readonly slot: Run
  readonly data: readonly Run[]
  readonly part: ReadPart | undefined
}

function markAnew(plan: TilePlan, { slot, data, part }: LargeContent): void {
  plan.markBare(tilesOf(slot), 'hole')
  for (const run of part?.lost ?? []) plan.markBare(tilesOf(placed(slot, run)), 'unreadable')
  for (const run of data) {
    const { start, count } = tilesOf(placed(slot, run))
    for (let tile = start; tile < start + count; tile++) plan.markTile(tile, 'build')
  }
  if (part !== undefined) markPruned(plan, { slot, data, prune: part.prune })
}

function markTouched(plan: TilePlan, content: LargeContent & { readonly part: ReadPart }): void {
  const { slot, part } = content
  const touched = sortedRuns(part.touched.map((run) => wholeTiles(run)))
  for (const run of touched) plan.markBare(tilesOf(placed(slot, run)), 'hole')
  for (const run of intersection(sortedRuns(part.lost.map((each) => wholeTiles(each))), touched)) {
    plan.markBare(tilesOf(placed(slot, run)), 'unreadable')
  }
  for (const run of intersection(sortedRuns(content.data.map((each) => wholeTiles(each))), touched)) {
    for (let at = run.start; at < endOf(run); at += tileSizeBytes) {
      plan.markTile((slot.start + at) / tileSizeBytes, actionAt(at, content))
    }
  }
  markPruned(plan, { ...content, prune: part.prune })
}

/** Of a tile of the content with data that is made anew: whether anything of what it was is needed. */
function actionAt(at: number, { data, part }: { data: readonly Run[]; part: ReadPart }): 'build' | 'rebuild' {
  const dataBytes = bytesIn([...within(data, at, at + tileSizeBytes)])
  const freshBytes = bytesIn([...within(part.fresh, at, at + tileSizeBytes)])
  return freshBytes === dataBytes ? 'build' : 'rebuild'
}

function markPruned(plan: TilePlan, { slot, data, prune }: Omit<LargeContent, 'part'> & { readonly prune: Run }): void {
  for (const run of within(data, prune.start, endOf(prune))) {
    const { start, count } = tilesOf(placed(slot, run))
    for (let tile = start; tile < start + count; tile++) plan.markTile(tile, 'prune')
  }
}

/** A tile of small entries: nothing of it is needed again where all that own it are read anyway. */
function markSmall(
  plan: TilePlan,
  model: BrickModel,
  { tile, anew }: { tile: number; anew: ReadonlySet<PathKey> },
): void {
  const owners = model.inTile(tile)
  if (owners.length === 0) plan.markBare({ start: tile, count: 1 }, 'hole')
  else if (owners.every((owner) => anew.has(bytesKey(owner.path)))) plan.markTile(tile, 'build')
  else plan.markTile(tile, 'rebuild')
}

/** Tiles that a run touches. */
function tilesOf({ start, length }: Run): { start: number; count: number } {
  const first = Math.floor(start / tileSizeBytes)
  return { start: first, count: Math.ceil((start + length) / tileSizeBytes) - first }
}

/** A run of a content as a run of the brick's space. */
function placed(slot: Run, { start, length }: Run): Run {
  return { start: slot.start + start, length }
}

/** The tiles that a run of a large content touches, as a run of bytes. */
function wholeTiles(run: Run): Run {
  const { start, count } = tilesOf(run)
  return { start: start * tileSizeBytes, length: count * tileSizeBytes }
}
