/**
 * The extras of a commit: what a person and a cache want to know of it, as JSON (spec 7).
 *
 * The commit id covers their bytes: whoever moves a commit keeps the bytes, and does not encode them again.
 */
import { assert } from '../base/assert.ts'
import { utf8 } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { BrickDamage } from './damage.ts'
import { parseJson } from './json.ts'

export const extrasBytesMax = 65_536
export const dirtyRunsMax = 4_096
/** A longer reason is cut by the writer. Characters. */
export const reasonLengthMax = 1_000

export interface CommitCounts {
  readonly entries: number
  readonly bytes: number
  readonly unreadable: number
  readonly torn: number
}

export interface CommitExtras {
  /** Why this commit was made, for a person. */
  readonly reason: string
  /** Runs of tiles that differ from the parent, ascending, apart from each other; may cover unchanged tiles between. */
  readonly dirty: readonly Run[]
  /** Tiles that were written; not the sum of coarsened runs. */
  readonly dirtyTiles: number
  readonly counts: CommitCounts
}

/** At most extrasBytesMax bytes: dirty runs are coarsened until they fit. */
export function encodeExtras(extras: CommitExtras): Uint8Array {
  assert(areApart(extras.dirty), 'dirty runs ascend and do not touch')
  const reason = extras.reason.slice(0, reasonLengthMax)
  for (let runsMax = dirtyRunsMax; ; runsMax = Math.floor(runsMax / 2)) {
    const dirty = coarsenRuns(extras.dirty, runsMax).map((run) => [run.start, run.length])
    const bytes = utf8(JSON.stringify({ reason, dirty, dirtyTiles: extras.dirtyTiles, counts: extras.counts }))
    if (bytes.length <= extrasBytesMax) return bytes
  }
}

/** Unknown keys are ignored, missing ones are empty. BrickDamage `extras`. */
export function parseExtras(bytes: Uint8Array, offset = -1): CommitExtras {
  const fail = (detail: string): never => {
    throw new BrickDamage('extras', detail, offset)
  }
  const root = object(parseJson(bytes, { rule: 'extras', sizeMax: extrasBytesMax, offset })) ?? fail('not an object')
  const { reason = '', dirty = [], dirtyTiles = 0, counts: countsField = {} } = root
  const counts = object(countsField) ?? fail('counts is not an object')
  if (typeof reason !== 'string') return fail('reason is not a text')
  if (!isCount(dirtyTiles)) return fail('dirtyTiles is not a count')
  const count = (key: keyof CommitCounts): number => {
    const value = counts[key] ?? 0
    return isCount(value) ? value : fail(`counts.${key} is not a count`)
  }
  return {
    reason,
    dirty: parseRuns(dirty, fail),
    dirtyTiles,
    counts: { entries: count('entries'), bytes: count('bytes'), unreadable: count('unreadable'), torn: count('torn') },
  }
}

/** At most `runsMax` >= 1 runs that cover the same tiles and the smallest gaps between them. `runs` ascend, apart. */
export function coarsenRuns(runs: readonly Run[], runsMax: number): readonly Run[] {
  assert(runsMax >= 1, `runsMax was ${runsMax}`)
  if (runs.length <= runsMax) return runs
  const gaps = runs.slice(1).map((run, i) => ({ at: i + 1, tiles: run.start - endOf(runs[i] as Run) }))
  gaps.sort((a, b) => b.tiles - a.tiles || a.at - b.at)
  const starts = gaps.slice(0, runsMax - 1).map((gap) => gap.at)
  const bounds = [0, ...starts.sort((a, b) => a - b), runs.length]
  return bounds.slice(1).map((next, i) => {
    const { start } = runs[bounds[i] as number] as Run
    return { start, length: endOf(runs[next - 1] as Run) - start }
  })
}

function parseRuns(value: unknown, fail: (detail: string) => never): Run[] {
  if (!Array.isArray(value)) return fail('dirty is not a list')
  if (value.length > dirtyRunsMax) fail(`dirty has ${value.length} runs`)
  const runs = value.map((pair: unknown): Run => {
    if (!Array.isArray(pair) || pair.length !== 2) return fail('a dirty run is not a pair')
    const [start, length] = pair as readonly unknown[]
    if (!isCount(start) || !isCount(length) || length === 0) return fail('a dirty run is not [firstTile, count]')
    return { start, length }
  })
  const isAscending = runs.every((run, i) => i === 0 || endOf(runs[i - 1] as Run) <= run.start)
  if (!isAscending) fail('dirty runs are not ascending')
  return runs
}

function areApart(runs: readonly Run[]): boolean {
  return runs.every((run, i) => run.length > 0 && (i === 0 || endOf(runs[i - 1] as Run) < run.start))
}

function endOf(run: Run): number {
  return run.start + run.length
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function object(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}
