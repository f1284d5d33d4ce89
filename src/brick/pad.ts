/** PAD frames: what fills the file from a COMMIT frame to the next multiple of 4,096, and space that was never used. */
import { assert } from '../base/assert.ts'
import { encodeFrame, FrameType } from './frame.ts'
import { frameHeaderBytes } from './pointer.ts'
import type { Tools } from './tools.ts'

/** How many bytes of PAD frames follow a COMMIT frame that ends at `offset`: 0, or 32 .. 4,112. */
export function padBytesAfter(offset: number): number {
  assert(offset % 16 === 0, `frames end at multiples of 16, not at ${offset}`)
  const left = (4096 - (offset % 4096)) % 4096
  return left === 16 ? left + 4096 : left
}

/** A PAD frame of `totalBytes` in all, a multiple of 16 from 32 to 1 MiB + 32. */
export function encodePad(input: { totalBytes: number; epoch: Uint8Array; tools: Tools }): Uint8Array {
  const payloadBytes = input.totalBytes - frameHeaderBytes
  assert(payloadBytes >= 0 && input.totalBytes % 16 === 0, `a PAD frame cannot have ${input.totalBytes} bytes`)
  const { epoch, tools } = input
  return encodeFrame({ type: FrameType.pad, id: 0n, payload: new Uint8Array(payloadBytes), epoch, tools, codec: 'raw' })
    .bytes
}
