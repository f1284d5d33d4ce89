/**
 * The retained commits of one brick as the page knows them, oldest first, and the stops that the time strip makes of those
 * of several bricks. Pure.
 */
import type { CommitRow } from '../../wire/api.ts'

/** Rows of both lists, each generation once (`newer` wins), oldest first. */
export function mergedRows(known: readonly CommitRow[], newer: readonly CommitRow[]): CommitRow[] {
  const rows = new Map(known.map((row) => [row.generation, row]))
  for (const row of newer) rows.set(row.generation, row)
  return [...rows.values()].sort((a, b) => a.generation - b.generation)
}

/** The newest commit at or before `time`; undefined where the brick is younger, or forgot that far back. */
export function rowAt(rows: readonly CommitRow[], time: string): CommitRow | undefined {
  return rows.findLast((row) => row.time <= time)
}

/** What one brick recorded at a stop. */
export interface StopCommit {
  readonly uuid: string
  readonly row: CommitRow
}

/** A moment at which the map can stand: one or more bricks made a commit. */
export interface Stop {
  readonly time: string
  readonly commits: readonly StopCommit[]
}

/** The stops of all logs, oldest first. */
export function stopsOf(logs: Iterable<readonly [uuid: string, rows: readonly CommitRow[]]>): Stop[] {
  const byTime = new Map<string, StopCommit[]>()
  for (const [uuid, rows] of logs) {
    for (const row of rows) {
      const commits = byTime.get(row.time)
      if (commits === undefined) byTime.set(row.time, [{ uuid, row }])
      else commits.push({ uuid, row })
    }
  }
  const stops = [...byTime].map(([time, commits]) => ({ time, commits }))
  return stops.sort((a, b) => (a.time < b.time ? -1 : 1))
}

/**
 * Where one step leads from `time` (undefined: now). The newest stop looks like now, so a step back from now goes to
 * the one before it, and a step forward to it is a step to now: `'now'`. Undefined: there is no further one.
 */
export function stepFrom(
  stops: readonly Stop[],
  { time, direction }: { time: string | undefined; direction: -1 | 1 },
): Stop | 'now' | undefined {
  const last = stops.length - 1
  if (direction === -1) {
    const before = time === undefined ? last : stops.findIndex((stop) => stop.time >= time)
    return stops[(before < 0 ? stops.length : before) - 1]
  }
  if (time === undefined) return undefined
  const after = stops.findIndex((stop) => stop.time > time)
  return after < 0 || after === last ? 'now' : stops[after]
}
