/** Pointers, node pointers and the alignment rules (spec 3.2, 3.3). */

export const headBytes = 16_384
export const slotBytes = 8_192
export const frameHeaderBytes = 32

/** A frame's place. `offset` 0 means none. */
export interface Pointer {
  readonly offset: number
  /** Length of the stored payload, without header and padding. */
  readonly storedLength: number
}

export const noPointer: Pointer = { offset: 0, storedLength: 0 }

export interface NodePointer {
  readonly node: Pointer
  readonly hashes: Pointer
}

export function align16(offset: number): number {
  return Math.ceil(offset / 16) * 16
}

export function align4096(offset: number): number {
  return Math.ceil(offset / 4096) * 4096
}

/** Bytes that a frame with this stored payload takes in the file, padding included. */
export function frameBytes(storedLength: number): number {
  return align16(frameHeaderBytes + storedLength)
}
