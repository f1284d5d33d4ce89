/** What the format needs from its surroundings: the same code then runs in Node, in workers and in a browser. */

export interface Tools {
  /** SHA-256 of the parts one after another; 32 fresh bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array
  /** CRC-32 (IEEE, as zlib has it), continued from `seed` (0 to begin). */
  crc32(bytes: Uint8Array, seed?: number): number
  /** One zstd frame with its content size in the header, level 1. */
  zstdCompress(bytes: Uint8Array): Uint8Array
  /** The same into `target`: bytes written, or 0 where they do not fit. */
  zstdCompressInto(bytes: Uint8Array, target: Uint8Array): number
  /**
   * The content of exactly one frame of exactly `rawLength` bytes. The caller has checked the frame's header
   * (`zstd-frame.ts`); throws anything where decoding fails. Never allocates more than rawLength + a constant.
   */
  zstdDecompress(stored: Uint8Array, rawLength: number): Uint8Array
  /** The same for codec 2, deflate-raw. */
  inflateRaw(stored: Uint8Array, rawLength: number): Uint8Array
}
