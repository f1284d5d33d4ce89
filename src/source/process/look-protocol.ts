/** What the looking thread and its owner say to each other: plain data, one look of one process at a time. */
import type { Region } from '../../base/region.ts'

/** What is read beside the default, all off by default. */
export interface MemoryRules {
  /** Pages in swap: reading brings them back into memory. */
  readonly readSwapped: boolean
  /** Mappings without a right (`---p`): the owner may have taken the right away to guard them. */
  readonly readProtected: boolean
  /** What the owner keeps out of core dumps (MADV_DONTDUMP). */
  readonly readDontDump: boolean
}

/** A mapping as a look found it. Runs are pairs of first byte and length, of the content, ascending. */
export interface LookedMapping {
  /** Address of content byte 0. */
  readonly key: number
  /** Bytes of room before the mapping's first byte. */
  readonly lead: number
  /** Bytes of content: room and mapping. */
  readonly size: number
  readonly permissions: string
  readonly fileOffset: bigint
  readonly dev: bigint
  readonly ino: bigint
  readonly name: Uint8Array
  /** Of the entry: see mapping-ident.ts. */
  readonly ident: bigint
  readonly choice: bigint
  /** Why it is listed and not read. */
  readonly unreadable?: string
  /** Pages that are to be read. */
  readonly extents: Float64Array
  /** What may differ from what was folded; the whole content where that is not known. */
  readonly changed: Float64Array
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export type LookAnswer =
  /** Nothing can have changed since the last settled look. */
  | { readonly kind: 'same' }
  /** The process is gone, or its number belongs to another one. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'looked'
      readonly owner: Owner
      /** Why its mappings cannot be listed at all. */
      readonly unreadable?: string
      readonly mappings: readonly LookedMapping[]
      /** Regions of mappings of which something else is to be said than was told before. */
      readonly regions: readonly (readonly [key: number, regions: readonly Region[]])[]
    }

export type ToLookThread =
  | {
      readonly kind: 'watch'
      readonly id: number
      readonly root: Uint8Array
      readonly startTicks: bigint
      readonly rules: MemoryRules
      /** One 32-bit cell: not 0 while the look that is under way is not wanted any more. */
      readonly cancelled: SharedArrayBuffer
    }
  | { readonly kind: 'look'; readonly id: number; readonly nowMs: number }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly key: number
      readonly start: number
      readonly sums: Uint32Array
    }
  | { readonly kind: 'settled' | 'unsettled' | 'forget'; readonly id: number }
  /** The last one: the thread ends. */
  | { readonly kind: 'end'; readonly id: number }

export type FromLookThread =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: LookAnswer }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly stack: string | undefined }
