/**
 * The last bytes of a stream, from the beginning of a tile on: whoever folds rewrites whole tiles, and those before the
 * new bytes are in no file any more. They are remembered, or read from the brick.
 */
import { concatBytes } from '../../base/bytes.ts'

const tileSizeBytes = 65_536

export interface StreamTail {
  /** Offset in the stream, a multiple of the tile size. */
  readonly start: number
  readonly bytes: Uint8Array
}

export const emptyTail: StreamTail = { start: 0, bytes: new Uint8Array(0) }

/** Where the tail of a stream of that size begins: at its last tile that has bytes. */
export function tailStart(sizeBytes: number): number {
  return Math.max(0, Math.ceil(sizeBytes / tileSizeBytes) - 1) * tileSizeBytes
}

/** The tail and the bytes that follow it: what changed, as one piece. */
export function extended({ start, bytes }: StreamTail, more: Uint8Array): StreamTail {
  return { start, bytes: more.length === 0 ? bytes : concatBytes([bytes, more]) }
}

/** Only what the next bytes will be put behind. */
export function shortened({ start, bytes }: StreamTail): StreamTail {
  const from = tailStart(start + bytes.length)
  return from <= start ? { start, bytes } : { start: from, bytes: bytes.slice(from - start) }
}
