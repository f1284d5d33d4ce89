/**
 * One tile or overview page as the cache knows it.
 *
 * Life: nothing -> loading -> arrived -> resident (a texture slot, or a flat kind that needs none) -> evicted = nothing.
 * A resident record may be stale: it is drawn all the same until what replaces it has arrived.
 */
import type { Orientation } from '../../hilbert/orientation.ts'
import type { SlotOwner } from './slot-pool.ts'

/** Pages without bytes of their own: one flat kind, drawn as a rectangle. */
export type FlatKind =
  | { readonly kind: 'fill'; readonly byte: number }
  | { readonly kind: 'absent' | 'hole' | 'unreadable' | 'pruned' }

export interface TileRecord extends SlotOwner {
  readonly uuid: string
  readonly level: number
  readonly index: number
  /** Top-left corner in units from the brick's corner, and the side. */
  readonly x: number
  readonly y: number
  readonly side: number
  readonly orientation: Orientation
  flat: FlatKind | undefined
  /** Of a resident tile of level 0: its 65,536 bytes in picture order, else undefined. */
  bytes: Uint8Array | undefined
  /** Of a resident tile of level 0: entropy of its 16 x 16 blocks in picture order, 255 = 8 bits. */
  blockEntropy: Uint8Array | undefined
  /** What is held is older than the brick's commit. */
  stale: boolean
  /** How often it has been marked stale: a reply asked for earlier is older. */
  revision: number
  /** Number of the batch that will bring it, or 0. */
  loading: number
  /** It has arrived and waits for its upload. */
  arrived: boolean
  /** Frame that wanted it last. */
  wantedFrame: number
  /** Failed attempts in a row, and when the next may start. */
  failures: number
  retryAtMs: number
}

export function hasContent(record: TileRecord): boolean {
  return record.slot >= 0 || record.flat !== undefined
}
