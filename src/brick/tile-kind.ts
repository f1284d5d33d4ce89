/** What an item of a NODE section is (spec section 4): a tile, a child node or an overview page. */

export const TileKind = {
  /** Beyond N, in B and C: nothing owned beneath. */
  absent: 0,
  /** Has a frame. */
  stored: 1,
  /** Every byte is the byte given, and is owned. */
  fill: 2,
  /** Zeros that nobody stored. */
  hole: 3,
  unreadable: 4,
  /** The bytes are not here, their hash is. */
  pruned: 5,
  /** As stored; the frame is also used elsewhere. */
  shared: 6,
} as const
export type TileKind = (typeof TileKind)[keyof typeof TileKind]

export function hasFrame(kind: number): boolean {
  return kind === TileKind.stored || kind === TileKind.shared
}
