/** Reads frames of the brick that is being written, earlier frames of the same commit included. */
import { readSync } from 'node:fs'
import { BrickDamage } from '../brick/damage.ts'
import { decodeFrame, type FrameType } from '../brick/frame.ts'
import { frameHeaderBytes, type Pointer } from '../brick/pointer.ts'
import type { BrickOutput } from './frame-out.ts'

export function readFrame(output: BrickOutput, type: FrameType, pointer: Pointer): Uint8Array {
  const bytes = new Uint8Array(frameHeaderBytes + pointer.storedLength)
  let have = 0
  while (have < bytes.length) {
    const got = readSync(output.fd, bytes, have, bytes.length - have, pointer.offset + have)
    if (got === 0) throw new BrickDamage('frame', `the file ends inside a frame of type ${type}`, pointer.offset)
    have += got
  }
  return decodeFrame(bytes, {
    expectType: type,
    expectStoredLength: pointer.storedLength,
    epoch: output.epoch,
    offset: pointer.offset,
    tools: output.tools,
  }).payload
}
