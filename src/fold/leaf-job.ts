/**
 * One leaf of the radix tree (256 tiles, 16 MiB) as work for a worker thread: what to read and where to put it, and
 * what came of it. Plain data only: it crosses threads by structured clone.
 */
import type { Run } from '../base/entry.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { ReaderKind } from '../source/artifact.ts'
import type { Accept, WantedContent } from '../source/content-reader.ts'
import type { PackedCopies, PackedFiles, PackedPieces, PackedRuns } from './job-pack.ts'
import type { NodeItem, PreviousNode } from './node-edit.ts'
import type { TileItem } from './tree-reader.ts'

/** What happens to a tile. `rebuild` starts from its previous bytes, `build` from zeros; `prune` leaves it its hash. */
export const TileAction = { keep: 0, build: 1, rebuild: 2, hole: 3, unreadable: 4, absent: 5, prune: 6 } as const

/** One file of a job, as `JobFiles` tells it. */
export interface JobFile {
  /** What was listed: the version that is wanted. */
  readonly wanted: WantedContent
  /** Bytes that the lister has read already (pseudo files). */
  readonly content?: Uint8Array
  /** `whole`: all of its content lies in this leaf, hash it. */
  readonly digest: 'whole' | 'none'
  /** `part`: the brick has the rest. It is not opened where there is nothing to read. */
  readonly extent: 'whole' | 'part'
}

/** Bytes [fileOffset, fileOffset + length) of file number `file` go to byte `at` of the leaf. */
export interface Piece {
  readonly file: number
  readonly fileOffset: number
  readonly at: number
  readonly length: number
}

/** Bytes that came with a listing, for byte `at` of the leaf. */
export interface GivenBytes {
  readonly at: number
  readonly bytes: Uint8Array
}

/** Bytes of another tile of the brick, from its byte `from` on, go to byte `at` of the leaf. */
export interface TileCopy {
  readonly at: number
  readonly length: number
  readonly from: number
  readonly tile: Pick<TileItem, 'kind' | 'fill' | 'frame'>
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
  readonly reader: ReaderKind
  /** `any`: after many attempts the bytes are taken as they come, short reads as zeros. */
  readonly accept: Accept
  readonly files: PackedFiles
  /** Ascending by `at`, disjoint. */
  readonly pieces: PackedPieces
  readonly given: readonly GivenBytes[]
  readonly copies: PackedCopies
  /** Data of contents that are read in part and hashed as a whole; ascending by file and by place. */
  readonly hashed: PackedPieces
  /** Of pruned tiles that had another place before. */
  readonly prunedHashes: ReadonlyMap<number, Uint8Array>
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
      /** Runs of the file that could not be read, as zeros. */
      readonly unreadable?: readonly Run[]
      /** An errno's name; left out: EIO. */
      readonly why?: string
      readonly pages?: readonly PageChecks[]
    }
  | { readonly kind: 'changed' }
  | { readonly kind: 'unreadable'; readonly why: string }

/** crc32 of each whole page of 4,096 bytes of the file as it was read, from byte `start` on. */
export interface PageChecks {
  readonly start: number
  readonly crcs: Uint32Array
}

export interface LeafResult {
  readonly leafIndex: number
  readonly item: NodeItem
  /** 1 where the tile's bytes are not what they were, 256. */
  readonly changedTiles: Uint8Array
  readonly files: readonly FileOutcome[]
  /** Tiles that were to be made from bytes that are not in the brick any more: they have to be read whole. */
  readonly missing: readonly number[]
  readonly bytesRead: number
}
