/** Pointers as 16 bytes, and the rule that every one of them keeps (spec 3.3). */

import type { ByteReader, ByteWriter } from './byte-io.ts'
import { BrickDamage, type DamageRule } from './damage.ts'
import { type FrameType, rawLengthMax, storedSlackMax } from './frame.ts'
import { frameBytes, headBytes, noPointer, type Pointer } from './pointer.ts'

export function writePointer(writer: ByteWriter, pointer: Pointer): void {
  writer.u64(pointer.offset)
  writer.u32(pointer.storedLength)
  writer.u32(0)
}

/** noPointer where all 16 bytes are zero; damage by the reader's rule where they are neither that nor a pointer. */
export function readPointer(reader: ByteReader): Pointer {
  const offset = reader.u64()
  const storedLength = reader.u32()
  if (reader.u32() !== 0) reader.fail('the last 4 bytes of a pointer are not 0')
  if (offset !== 0) return { offset, storedLength }
  if (storedLength !== 0) reader.fail('a pointer to nothing has a length')
  return noPointer
}

export interface PointerPlace {
  /** The frame's padded end must not lie beyond it. */
  readonly fileEnd: number
  /** Type of the frame that belongs there. */
  readonly type: FrameType
  /** What is pointed to, for the message. */
  readonly what: string
  readonly rule?: DamageRule
  /** Of the frame or slot that holds the pointer. */
  readonly offset: number
}

/** BrickDamage (`pointer` unless another rule is given) unless a whole frame of that type can lie there. */
export function checkPointer(pointer: Pointer, place: PointerPlace): void {
  const { offset, storedLength } = pointer
  const { what } = place
  const fail = (detail: string): never => {
    throw new BrickDamage(place.rule ?? 'pointer', detail, place.offset)
  }
  if (offset === 0) fail(`there is no pointer to the ${what}`)
  if (offset % 16 !== 0) fail(`the pointer to the ${what}, ${offset}, is not a multiple of 16`)
  if (offset < headBytes) fail(`the pointer to the ${what}, ${offset}, is inside the head`)
  if (storedLength > rawLengthMax(place.type) + storedSlackMax) fail(`the ${what} stores ${storedLength} bytes`)
  if (offset + frameBytes(storedLength) > place.fileEnd) fail(`the ${what} at ${offset} ends beyond ${place.fileEnd}`)
}
