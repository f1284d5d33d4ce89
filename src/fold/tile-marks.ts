/** Marks what a round of placings dirties: growth and shrinking first, then freed slots, then contents. */
import { must } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { dataRuns } from './leaf-jobs.ts'
import type { BrickModel, PathKey } from './model.ts'
import type { Placing, Reading } from './placing.ts'
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
  const reading = new Set(placing.readings.map(({ holder }) => holder))
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
  for (const tile of smallTiles) markSmall(plan, model, { tile, reading })
  return plan
}

function markLarge(plan: TilePlan, model: BrickModel, { slot, holder }: Reading): void {
  plan.markBare(tilesOf(slot), 'hole')
  for (const run of dataRuns(must(model.entries.get(holder), `entry ${holder}`))) {
    const { start, count } = tilesOf({ start: slot.start + run.start, length: run.length })
    for (let tile = start; tile < start + count; tile++) plan.markBuild(tile, 'build')
  }
}

/** A tile of small entries: nothing of it is needed again where all that own it are read anyway. */
function markSmall(
  plan: TilePlan,
  model: BrickModel,
  { tile, reading }: { tile: number; reading: ReadonlySet<PathKey> },
): void {
  const owners = model.inTile(tile)
  if (owners.length === 0) plan.markBare({ start: tile, count: 1 }, 'hole')
  else if (owners.every((owner) => reading.has(bytesKey(owner.path)))) plan.markBuild(tile, 'build')
  else plan.markBuild(tile, 'rebuild')
}

/** Tiles that a run touches. */
function tilesOf({ start, length }: Run): { start: number; count: number } {
  const first = Math.floor(start / tileSizeBytes)
  return { start: first, count: Math.ceil((start + length) / tileSizeBytes) - first }
}
