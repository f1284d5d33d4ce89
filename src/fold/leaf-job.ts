/**
 * One leaf of the radix tree (256 tiles, 16 MiB) as work for a worker thread: what to read and where to put it, and
 * what came of it. Plain data only: it crosses threads by structured clone.
 */
import type { EntryMeta, Run } from '../base/entry.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { FileVersion } from '../source/read.ts'
import type { PackedFiles, PackedPieces, PackedRuns } from './job-pack.ts'
import type { NodeItem, PreviousNode } from './node-edit.ts'

/** What happens to a tile. `rebuild` starts from its previous bytes, `build` from zeros. */
export const TileAction = { keep: 0, build: 1, rebuild: 2, hole: 3, unreadable: 4, absent: 5 } as const

/** One file of a job, as `JobFiles` tells it. */
export interface JobFile {
  /** What was listed: the version that is wanted. */
  readonly wanted: FileVersion & Pick<EntryMeta, 'kind' | 'path'>
  /** Bytes that the lister has read already (pseudo files). */
  readonly content?: Uint8Array
  /** `whole`: all of its content lies in this leaf, hash it. */
  readonly digest: 'whole' | 'none'
}

/** Bytes [fileOffset, fileOffset + length) of file number `file` go to byte `at` of the leaf. */
export interface Piece {
  readonly file: number
  readonly fileOffset: number
  readonly at: number
  readonly length: number
}

/** Bytes that entries own; `at` counts within the leaf. */
export interface OwnedRun {
  readonly at: number
  readonly length: number
}

export interface LeafJob {
  readonly leafIndex: number
  readonly generation: number
  /** The leaf as it is: its node, or the one kind that all its tiles have. */
  readonly previous: PreviousNode
  /** Its level-6 page; offset 0 where nothing is owned. */
  readonly previousPage: Pointer
  /** TileAction of each tile, 256. */
  readonly actions: Uint8Array
  /** Absolute path of the directory that the paths of the files start from. */
  readonly root: Uint8Array
  /** `any`: after many attempts the bytes are taken as they come, short reads as zeros. */
  readonly accept: 'same version' | 'any'
  readonly files: PackedFiles
  /** Ascending by `at`, disjoint. */
  readonly pieces: PackedPieces
  /** Ascending, disjoint, none crossing a tile edge; only of tiles in `partlyOwned`. */
  readonly owned: PackedRuns
  /** 1 where `owned` says what is owned, 0 where all 65,536 bytes are; 256. */
  readonly partlyOwned: Uint8Array
}

export type FileOutcome =
  | {
      readonly kind: 'read'
      /** SHA-256 of the whole content where the job asked for it. */
      readonly digest?: Uint8Array
      /** It changed meanwhile and was taken all the same. */
      readonly torn?: true
      /** Runs of the file that gave EIO, as zeros. */
      readonly unreadable?: readonly Run[]
    }
  | { readonly kind: 'changed' }
  | { readonly kind: 'unreadable'; readonly why: string }

export interface LeafResult {
  readonly leafIndex: number
  readonly item: NodeItem
  /** 256 x 32 bytes. */
  readonly tileHashes: Uint8Array
  /** 1 where the tile's bytes are not what they were, 256. */
  readonly changedTiles: Uint8Array
  readonly files: readonly FileOutcome[]
  readonly bytesRead: number
}
