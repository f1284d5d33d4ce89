/** What a brick was and what changed: its retained commits, the difference of two, how often each tile changed. */
import { toHex } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import { coarsenRuns } from '../brick/commit-extras.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { type LoggedCommit, loggedCommits } from '../read/commits.ts'
import { diffEntrySteps, type EntryDifference } from '../read/diff-entries.ts'
import { diffTileSteps, RunMerger } from '../read/diff-tiles.ts'
import { type Heat, heatSteps } from '../read/heat.ts'
import type { BrickView } from '../store/brick-view.ts'
import { pastCommits } from '../store/history.ts'
import {
  type CommitRow,
  type CommitsAnswer,
  type DiffAnswer,
  diffRunsMax,
  type EntryChange,
  type HeatAnswer,
  heatRunsMax,
} from '../wire/api.ts'
import { pathText, timeText } from './entry-text.ts'

/** Differing entries that one answer looks at; above it is truncated, and what moved among the rest is not known. */
const entriesSeenMax = 200_000
/** Steps of a descent between two pauses: some milliseconds. */
const tilesPerStep = 2_048
/** More runs than this are coarsened before the end. */
const runsHeldMax = 16 * diffRunsMax

export function commitsAnswer(newest: BrickView, page: { before?: number; limit: number }): CommitsAnswer {
  const [oldest] = pastCommits(newest)
  return {
    commits: [...loggedCommits(newest, page)].map(commitRow),
    oldest: oldest?.generation ?? newest.record.generation,
    newest: newest.record.generation,
  }
}

/** Both of one file. */
export function* diffAnswer(
  { before, after }: { before: BrickView; after: BrickView },
  limit: number,
): Generator<void, DiffAnswer> {
  let runs: Run[] = []
  let tileCount = 0
  let steps = 0
  const merger = new RunMerger()
  const keep = (run: Run | undefined): void => {
    if (run !== undefined) runs.push(run)
    if (runs.length >= runsHeldMax) runs = [...coarsenRuns(runs, diffRunsMax)]
  }
  for (const run of diffTileSteps(before, after)) {
    tileCount += run.length
    keep(merger.add(run))
    if (++steps % tilesPerStep === 0) yield
  }
  keep(merger.take())
  const { differences, isWhole } = yield* diffEntrySteps(before, after, { entriesMax: entriesSeenMax })
  return {
    from: nameOf(before),
    to: nameOf(after),
    tiles: coarsenRuns(runs, diffRunsMax).map(({ start, length }) => [start, length] as const),
    tileCount,
    entries: differences.slice(0, limit).map((difference) => entryChange(difference, { before, after })),
    truncated: !isWhole || differences.length > limit,
  }
}

export function* heatAnswer(question: { newest: BrickView; view: BrickView }): Generator<void, HeatAnswer> {
  const { runs, blockTiles, steps, countMax }: Heat = yield* heatSteps({ ...question, runsMax: heatRunsMax })
  return {
    runs: runs.map(({ start, length, count }) => [start, length, count] as const),
    blockTiles,
    commits: steps,
    max: countMax,
  }
}

function commitRow({ record, extras, tag }: LoggedCommit): CommitRow {
  return {
    generation: record.generation,
    commit: toHex(record.id),
    time: timeText(record.time),
    tag: tag ?? null,
    reason: extras.reason,
    dirtyTiles: extras.dirtyTiles,
    length: record.length,
    height: record.height,
    entryCount: extras.counts.entries,
    contentBytes: extras.counts.bytes,
    treeHash: toHex(record.treeHash),
  }
}

function nameOf({ record }: BrickView): DiffAnswer['from'] {
  return { generation: record.generation, commit: toHex(record.id) }
}

function entryChange(difference: EntryDifference, views: { before: BrickView; after: BrickView }): EntryChange {
  const { change } = difference
  if (change === 'removed') return { change, ...entryText(difference.before, views.before) }
  const text = { change, ...entryText(difference.after, views.after) }
  if (difference.change !== 'moved') return text
  const { path, pathHex } = pathText(difference.before.path)
  return {
    ...text,
    ...(path !== undefined && { fromPath: path }),
    ...(pathHex !== undefined && { fromPathHex: pathHex }),
    ...(difference.fields.length > 0 && { isModified: true }),
    ...(difference.withEntries > 0 && { withEntries: difference.withEntries }),
  }
}

const noSlot = { start: 0, length: 0 }

/** A hard link has the slot of the entry that holds its content. */
function entryText(entry: EntryRecord, view: BrickView): Omit<EntryChange, 'change'> {
  const { path, kind, size, linkTo } = entry
  const slot = (linkTo === undefined ? entry : view.entry(linkTo))?.slot
  return { ...pathText(path), kind, size, slot: slot === undefined ? noSlot : { ...slot } }
}
