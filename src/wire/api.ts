/**
 * What server and clients say to each other: the shapes of every JSON answer and feed message, and the tile request.
 *
 * Integers are exact (<= 2^53 - 1). Times are RFC 3339 UTC with nanoseconds. Hashes are lower-case hex. A path is
 * `path` where its bytes are valid UTF-8, else `pathHex`. Internal types never travel; these do.
 */

import type { MetaKind } from '../brick/meta.ts'
import type { MappingJson, RegionJson } from './regions.ts'

export * from './findings.ts'
export * from './history.ts'
export * from './model.ts'
export * from './regions.ts'
export * from './search.ts'
export * from './series.ts'

/** Half-open run as [start, length]. */
export type RunTuple = readonly [start: number, length: number]

export interface PathText {
  readonly path?: string
  readonly pathHex?: string
}

export interface DistrictRect {
  /** World units: one unit is one byte-pixel. The brick's curve position 0 is drawn at (x, y). */
  readonly x: number
  readonly y: number
}

/** `folding`: the first fold runs and no commit may exist yet. `stale`: changes are known that are not committed. */
export type BrickState = 'folding' | 'live' | 'stale' | 'polled' | 'failed' | 'stored'

export interface BrickInfo {
  readonly uuid: string
  readonly name: string
  /** Absolute path of the source, escaped for display. */
  readonly source: string
  readonly kind: MetaKind
  readonly state: BrickState
  /** Why it is `failed` or what is missing, else null. */
  readonly message: string | null
  /** 0 before the first commit. */
  readonly generation: number
  /** Commit id, hex; empty before the first commit. Tile addresses contain it. */
  readonly commit: string
  readonly time: string | null
  /** N: bytes of the brick's space. */
  readonly length: number
  /** Directory height 1..4: overview levels 2, 4, .. 4 * height + 2 exist. */
  readonly height: number
  readonly district: DistrictRect
  readonly entryCount: number
  /** Sum of the sizes of all files. */
  readonly contentBytes: number
  readonly unreadableCount: number
  readonly progress: { readonly doneBytes: number; readonly totalBytes: number } | null
  /** Since when all content is known to be what the brick says: the start of the last full reading. RFC 3339; null: not known. */
  readonly verifiedAt: string | null
}

export interface BricksAnswer {
  readonly version: string
  readonly host: string
  /** Changes when the feed's numbers start again; a client that sees a new one fetches everything anew. */
  readonly epoch: string
  /** Number of the last feed message that this answer includes. */
  readonly sequence: number
  readonly bricks: readonly BrickInfo[]
}

export interface EntryOutline extends PathText {
  readonly kind: string
  readonly size: number
  readonly slot: { readonly start: number; readonly length: number }
  /** torn, racy, unreadable, special, sparse. */
  readonly flags: readonly string[]
  /** Of a mapping of memory, instead of its path, for people: `[heap] rw-p`, `libc.so.6 r-xp`; escaped for display. */
  readonly label?: string
  /** Of a mapping: virtual address of byte 0 of its content, `0x` and hex. */
  readonly address?: string
  /** Of a mapping: so many bytes at the beginning are not mapped yet, room into which it may grow down. */
  readonly lead?: number
}

export interface DirectoryOutline extends PathText {
  /** Where the slots of everything beneath lie, ascending; neighbours merged. At most 64 runs; then the largest. */
  readonly runs: readonly RunTuple[]
  /** Sum of all runs, also of those left out. */
  readonly slotBytes: number
  readonly depth: number
}

/** GET /b/{uuid}/{commit}/outlines?from=&to=&min= : what lies in [from, to) and owns at least `min` bytes of space. */
export interface OutlinesAnswer {
  readonly entries: readonly EntryOutline[]
  readonly directories: readonly DirectoryOutline[]
  /** True where more matched than `outlinesMax`; the largest are given. */
  readonly truncated: boolean
}
export const outlinesMax = 4096

/** GET /b/{uuid}/{commit}/at?offset= : what is under the cursor. */
export interface InspectAnswer {
  readonly offset: number
  /** null where no bytes are stored there. */
  readonly byte: number | null
  readonly tile: { readonly index: number; readonly kind: TileKindName; readonly hash: string | null }
  /** Of the 256-byte block around it, bits per byte; null where the block is not owned. */
  readonly entropy: number | null
  readonly entry:
    | (EntryOutline & {
        readonly offset: number
        readonly mode: string
        readonly owner: string
        readonly mtime: string
        readonly contentId: string | null
        readonly unreadable: string | null
        readonly mapping: MappingJson | null
        /** Virtual address of the byte at `offset`, where the entry is a mapping and the byte its content; else null. */
        readonly byteAddress: string | null
      })
    | null
  /** What it lies in or at, innermost first; at most `inspectRegionsMax`, the innermost. */
  readonly regions: readonly RegionJson[]
  /** They cannot be read: `regions` says nothing. */
  readonly regionsDamaged?: true
}

/** GET /b/{uuid}/{commit}/entries?prefix=&limit= and /api/find?q= : entries by path. */
export interface FindAnswer {
  /** `offset`: of the content, where the question was an address that lies in it. */
  readonly hits: readonly (EntryOutline & { readonly uuid: string; readonly offset?: number })[]
  readonly truncated: boolean
}

export type TileKindName = 'absent' | 'stored' | 'fill' | 'hole' | 'unreadable' | 'pruned' | 'shared'
/** Index = kind number of the format. */
export const tileKindNames: readonly TileKindName[] = [
  'absent',
  'stored',
  'fill',
  'hole',
  'unreadable',
  'pruned',
  'shared',
]

/**
 * GET /b/{uuid}/{commit}/tiles?l=LEVEL&i=RUNS — at most `tilesMax` tiles or pages, `tileBytesMax` bytes decoded.
 * RUNS: `a` or `a-b` (inclusive), comma-separated, in the order wanted.
 * The header `x-sfd-tiles` holds one item for each tile asked for, comma-separated, in that order: `s` = its bytes are
 * in the body; `f` + two hex digits = filled with that byte (level 0 only); `a` absent, `h` hole, `u` unreadable,
 * `p` pruned = nothing in the body. The decoded body is the `s` tiles one after the other, each `tileBytes(level)`
 * long, in curve order (not folded). Body bytes are zstd frames under Content-Encoding: zstd.
 */
export const tilesMax = 256
export const tileBytesMax = 8 * 1024 * 1024
export const tileKindsHeader = 'x-sfd-tiles'

/** Decoded bytes of one tile or overview page: level 0: 65,536; level 2: 7,680; from level 4: 24,576. */
export function tileBytes(level: number): number {
  if (level === 0) return 65_536
  return level === 2 ? 7_680 : 24_576
}

/** Bytes of the brick that one tile or overview page of `level` (0, 2, 4, ..) covers. */
export function tileSpan(level: number): number {
  return level === 0 ? 65_536 : 4_096 * 4 ** level
}

/**
 * One WebSocket at /feed?since=N&epoch=E; the first message is `hello`, and another comes whenever the epoch changes.
 * With `since` the kept messages after that number follow, then what happens. Without `epoch` this one is meant.
 * A reader that is closed with 1013 was too slow: it comes again with the last number it has.
 */
export type FeedMessage =
  | FeedHello
  | FeedGap
  /** How far a fold is. Not numbered, not kept: a reader that misses one misses nothing. */
  | { readonly kind: 'progress'; readonly uuid: string; readonly progress: BrickInfo['progress'] }
  | NumberedMessage

export interface FeedHello {
  readonly kind: 'hello'
  /** Random. Numbers of different epochs cannot be compared. */
  readonly epoch: string
  /** Number of the newest message; 0: none yet. */
  readonly sequence: number
  /** Number of the oldest message that is kept; `sequence` + 1: none is. */
  readonly oldest: number
  /** True where what came before cannot be continued (another epoch, a number that was never given): fetch all anew. */
  readonly fresh: boolean
}

/** Messages `from` .. `to` (inclusive) happened and are not kept any more. */
export interface FeedGap {
  readonly kind: 'gap'
  readonly from: number
  readonly to: number
}

/** Durable before anyone hears it; `sequence` is one higher than the one before it in the epoch. */
export type NumberedMessage = FeedStamp & FeedBody

export interface FeedStamp {
  readonly sequence: number
  /** RFC 3339 UTC, of the wall clock: may go backwards where `sequence` does not. */
  readonly time: string
}

export type FeedBody =
  /** Its state changed, not its content. */
  | { readonly kind: 'brick'; readonly brick: BrickInfo }
  | {
      readonly kind: 'commit'
      readonly brick: BrickInfo
      /** The generation that `dirtyTiles` is counted from; not always the one before: several may be told at once. */
      readonly fromGeneration: number
      /** Runs of tile indexes whose bytes changed; null: too many to name, take all as changed. */
      readonly dirtyTiles: readonly RunTuple[] | null
      /** The same contents; what is said of them, regions and findings, is different. */
      readonly changed?: 'none'
      readonly tag?: string
    }
  | { readonly kind: 'removed'; readonly uuid: string }
  /** Hints were lost; a rescan follows. `uuid` null: of every brick. `lostCount` null: nobody knows how many. */
  | { readonly kind: 'loss'; readonly uuid: string | null; readonly cause: string; readonly lostCount: number | null }
  /** Its conditions changed; `status` as in /api/tasks. */
  | { readonly kind: 'task'; readonly status: TaskStatusJson }
  | ({ readonly kind: 'hook' } & HookReport)

/** A run of a task's hook that ended, or a decision not to run it. */
export interface HookReport {
  readonly task: string
  /** uuid:generation, the same for every attempt. */
  readonly key: string
  readonly outcome: 'ok' | 'failed' | 'timeout' | 'refused'
  /** Exit code, or the name of the signal or error that ended it; of `refused` the reason, as in the status. */
  readonly code: number | string | null
  readonly seconds: number
  /** Of this key so far, this one included; 0 where it was not run. */
  readonly attempts: number
  /** The end of what it printed, where it did not succeed. */
  readonly output?: string
}

export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string }
}

/** POST, by scripts: what changes something. Bodies and answers are the daemon's. */
export const controlPaths = [
  '/api/sync',
  '/api/stop',
  '/api/remove',
  '/api/tag',
  '/api/compact',
  '/api/forget',
  '/api/analyze',
] as const
export type ControlPath = (typeof controlPaths)[number]

/** GET /api/tasks */
export interface TasksAnswer {
  /** Absolute path of the folder that is watched; null where there is none. */
  readonly folder: string | null
  readonly tasks: readonly TaskStatusJson[]
}

/** One task as `sfd task ls --json` prints it. */
export interface TaskStatusJson {
  /** Null of a file that does not say it. */
  readonly task_id: string | null
  readonly file: string
  readonly type: string | null
  readonly source: string | null
  /** Name of its brick; of several the first. */
  readonly brick: string | null
  /** Raised with every change of the specification. */
  readonly generation: number
  /** The generation that the bricks are kept by. */
  readonly observedGeneration: number
  readonly conditions: readonly ConditionJson[]
}

export interface ConditionJson {
  readonly type: 'Ready' | 'Degraded' | 'Invalid' | 'Conflict'
  readonly status: 'True' | 'False' | 'Unknown'
  /** CamelCase. */
  readonly reason: string
  readonly message: string
  readonly line?: number
  readonly column?: number
}
