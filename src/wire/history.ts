/**
 * The wire's shapes of what was: retained commits, the difference of two, how often tiles changed. Part of api.ts, which gives
 * them out; the same rules hold.
 */
import type { PathText, RunTuple } from './api.ts'

/** One retained commit as the time slider shows it. */
export interface CommitRow {
  readonly generation: number
  /** Commit id: every address /b/{uuid}/{commit}/.. takes it for as long as it is retained. */
  readonly commit: string
  /** RFC 3339 UTC. Generations ascend, times need not. */
  readonly time: string
  readonly tag: string | null
  readonly reason: string
  /** Tiles that it wrote. */
  readonly dirtyTiles: number
  /** N and height of this commit: they differ from the newest one's. */
  readonly length: number
  readonly height: number
  readonly entryCount: number
  readonly contentBytes: number
  readonly treeHash: string
}

/**
 * GET /b/{uuid}/commits?before=&limit= : retained commits, newest first; `before` is a generation (exclusive),
 * `limit` 1 .. commitsMax, by default commitsMax.
 */
export interface CommitsAnswer {
  readonly commits: readonly CommitRow[]
  /** Generations of the oldest and the newest commit that the brick has, whatever was asked for. */
  readonly oldest: number
  readonly newest: number
}
export const commitsMax = 500

/** `meta`: same content, other mode, owner, time or attributes. `moved`: gone there, new here, proven by content or inode. */
export type ChangeName = 'added' | 'removed' | 'modified' | 'meta' | 'moved'

export interface EntryChange extends PathText {
  readonly change: ChangeName
  readonly kind: string
  /** Size and place in the commit that the address names; of what was removed, in `from`. Length 0: it owns no bytes. */
  readonly size: number
  readonly slot: { readonly start: number; readonly length: number }
  /** Of `moved`: where it was. */
  readonly fromPath?: string
  readonly fromPathHex?: string
  /** Of `moved`: its content changed on the way as well. */
  readonly isModified?: true
  /** Of a moved directory: entries beneath that moved with it and are not listed. */
  readonly withEntries?: number
}

/**
 * GET /b/{uuid}/{commit}/diff?from={commit}&limit= : what is different in `commit`, seen from `from` (both retained,
 * either may be the older). `limit` 1 .. diffEntriesMax, by default that.
 */
export interface DiffAnswer {
  readonly from: { readonly generation: number; readonly commit: string }
  readonly to: { readonly generation: number; readonly commit: string }
  /** Runs of tiles whose bytes differ, ascending; at most `diffRunsMax`: beyond that they cover unchanged tiles, too. */
  readonly tiles: readonly RunTuple[] | null
  /** Tiles that differ; not the sum of coarsened runs. */
  readonly tileCount: number
  /** By path, the first `limit`. */
  readonly entries: readonly EntryChange[]
  /** True where more entries differ than are listed. */
  readonly truncated: boolean
}
export const diffEntriesMax = 2_000
export const diffRunsMax = 4_096

/** [start, length, count]: `count` >= 1 is that of each tile in the run. */
export type HeatRun = readonly [start: number, length: number, count: number]

/**
 * GET /b/{uuid}/{commit}/heat : how often each tile changed from one retained commit to the next, up to this one.
 * Tiles in no run did not change since the oldest.
 */
export interface HeatAnswer {
  /** Ascending, disjoint; at most `heatRunsMax`. */
  readonly runs: readonly HeatRun[]
  /** Runs begin and end at multiples of that many tiles (1, 4, 16, ..); above 1 a count is the largest of its block. */
  readonly blockTiles: number
  /** Steps that were counted: retained commits up to this one, minus the oldest. */
  readonly commits: number
  /** Largest count; 0 where nothing changed. */
  readonly max: number
}
export const heatRunsMax = 16_384
