/** What the page and its tile worker say to each other. Buffers are transferred, never copied. */

import type { Orientation } from '../../hilbert/orientation.ts'
import type { BatchOutcome, TilePayload } from '../tileset/transport.ts'

export type ToTileWorker =
  | {
      readonly kind: 'load'
      readonly id: number
      readonly url: string
      readonly level: number
      readonly tiles: readonly { readonly index: number; readonly orientation: Orientation }[]
    }
  | { readonly kind: 'abort'; readonly id: number }

export type FromTileWorker =
  | {
      readonly kind: 'tiles'
      readonly id: number
      readonly tiles: readonly { readonly index: number; readonly payload: TilePayload }[]
    }
  | {
      readonly kind: 'end'
      readonly id: number
      readonly outcome: BatchOutcome
      /** HTTP status, 0 where there was no answer. */
      readonly status: number
      /** Decoded bytes that came. */
      readonly bodyBytes: number
    }
