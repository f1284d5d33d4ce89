/** The IDENT frame, first in every file: which brick this is, and in which epoch its offsets mean something. */
import { assert } from '../base/assert.ts'
import { BrickDamage } from './damage.ts'
import { encodeFrame, epochBytes, FrameType } from './frame.ts'
import { headBytes } from './pointer.ts'
import type { Tools } from './tools.ts'

export const uuidBytes = 16

export interface Ident {
  /** 16 bytes. */
  readonly uuid: Uint8Array
  /** 8 bytes. */
  readonly epoch: Uint8Array
}

/** The frame at 16,384, with its padding. */
export function encodeIdent(ident: Ident, tools: Tools): Uint8Array {
  const { uuid, epoch } = ident
  assert(uuid.length === uuidBytes, `uuid had ${uuid.length} bytes`)
  const payload = new Uint8Array(uuidBytes + epochBytes)
  payload.set(uuid)
  payload.set(epoch, uuidBytes)
  return encodeFrame({ type: FrameType.ident, id: 0n, payload, epoch, tools, codec: 'raw' }).bytes
}

/** BrickDamage `frame` unless the payload of the IDENT frame names this brick in this epoch. */
export function checkIdent(payload: Uint8Array, ident: Ident): void {
  const isSame =
    payload.length === uuidBytes + epochBytes &&
    ident.uuid.every((byte, i) => payload[i] === byte) &&
    ident.epoch.every((byte, i) => payload[uuidBytes + i] === byte)
  if (!isSame) throw new BrickDamage('frame', 'its IDENT names another brick or epoch', headBytes)
}
