/** What the tile set asks of the outside: batches of tiles, by brick and level. Replies come back through TileSet. */
import type { Orientation } from '../../hilbert/orientation.ts'
import type { FlatKind } from './tile-record.ts'

export interface TileBatch {
  /** > 0, unique. */
  readonly id: number
  readonly uuid: string
  readonly commit: string
  readonly level: number
  readonly tiles: readonly { readonly index: number; readonly orientation: Orientation }[]
}

/** What a reply brings for one tile, in picture order. */
export type TilePayload =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly blockEntropy: Uint8Array }
  /** RGBA texels 128 x 64: the left half ENT MEAN COV ZERO, the right half PRINT HIGH. */
  | { readonly kind: 'planes'; readonly texels: Uint8Array }
  | { readonly kind: 'flat'; readonly flat: FlatKind }

/** `gone`: the server no longer has that commit. */
export type BatchOutcome = 'done' | 'failed' | 'gone'

export interface TileTransport {
  load(batch: TileBatch): void
  abort(batchId: number): void
}
