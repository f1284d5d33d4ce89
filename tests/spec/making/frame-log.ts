/**
 * The frames of a fixture, one after another behind the head. A change may make any of them wrong, with crcs that hold.
 */
import { concatBytes, toHex } from '../../../src/base/bytes.ts'
import { Codec, FrameType } from '../../../src/brick/frame.ts'
import { padBytesAfter } from '../../../src/brick/pad.ts'
import { frameBytes, frameHeaderBytes, headBytes, type Pointer } from '../../../src/brick/pointer.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import { deflateFixed, zstdOfRuns } from './codecs.ts'

export interface FrameDraft {
  readonly type: number
  readonly codec: number
  readonly flags: number
  readonly stored: Uint8Array
  readonly rawLength: number
  readonly id: bigint
  /** Covered by the header's crc; that of the brick unless a change wants another. */
  readonly epoch: Uint8Array
}

export type FrameChange = (draft: FrameDraft) => FrameDraft

export interface NewFrame {
  readonly type: number
  readonly id: bigint
  readonly payload: Uint8Array
  /** `smallest` (the default) takes what is shortest of raw, zstd and deflate-raw. */
  readonly codec?: 'smallest' | 'raw'
}

export class FrameLog {
  readonly #epoch: Uint8Array
  readonly #change: FrameChange
  readonly #frames: Uint8Array[] = []
  /** Of the commits so far: where a frame of the same place and content is. */
  readonly #written = new Map<string, { readonly pointer: Pointer; readonly birth: number }>()
  readonly #payloads = new Map<number, Uint8Array>()
  end = headBytes

  constructor(epoch: Uint8Array, change: FrameChange = (draft) => draft) {
    this.#epoch = epoch
    this.#change = change
  }

  append(frame: NewFrame): Pointer {
    const draft = this.#change(draftOf(frame, this.#epoch))
    const pointer = { offset: this.end, storedLength: draft.stored.length }
    this.#put(sealedFrame(draft))
    this.#payloads.set(pointer.offset, frame.payload)
    return pointer
  }

  /** As append, but the frame of an earlier commit where it holds the same: `birth` is of the commit that wrote it. */
  keepOrAppend(frame: NewFrame, generation: number): { readonly pointer: Pointer; readonly birth: number } {
    const key = `${frame.type} ${frame.id} ${toHex(nodeTools.sha256(frame.payload))}`
    const known = this.#written.get(key)
    if (known !== undefined) return known
    const written = { pointer: this.append(frame), birth: generation }
    this.#written.set(key, written)
    return written
  }

  /** The payload of an appended frame, as it was before compression. */
  payloadAt(offset: number): Uint8Array {
    const payload = this.#payloads.get(offset)
    if (payload === undefined) throw new Error(`no frame was appended at ${offset}`)
    return payload
  }

  /** Header and stored payload without padding. */
  frameAt({ offset, storedLength }: Pointer): Uint8Array {
    return concatBytes(this.#frames).subarray(offset - headBytes, offset - headBytes + frameHeaderBytes + storedLength)
  }

  /** PAD up to the next multiple of 4,096. */
  pad(): void {
    const padBytes = padBytesAfter(this.end)
    if (padBytes === 0) return
    const payload = new Uint8Array(padBytes - frameHeaderBytes)
    this.append({ type: FrameType.pad, id: 0n, payload, codec: 'raw' })
  }

  /** All frames, without the head. */
  bytes(): Uint8Array {
    return concatBytes(this.#frames)
  }

  #put(bytes: Uint8Array): void {
    this.#frames.push(bytes)
    this.end += bytes.length
  }
}

/** The frame's bytes, crcs and padding included. */
export function sealedFrame({ type, codec, flags, stored, rawLength, id, epoch }: FrameDraft): Uint8Array {
  const bytes = new Uint8Array(frameBytes(stored.length))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x424c4b31)
  view.setUint8(4, type)
  view.setUint8(5, codec)
  view.setUint16(6, flags, true)
  view.setUint32(8, stored.length, true)
  view.setUint32(12, rawLength, true)
  view.setBigUint64(16, id, true)
  view.setUint32(24, nodeTools.crc32(stored), true)
  view.setUint32(28, nodeTools.crc32(epoch, nodeTools.crc32(bytes.subarray(0, 28))), true)
  bytes.set(stored, frameHeaderBytes)
  return bytes
}

function draftOf({ type, id, payload, codec = 'smallest' }: NewFrame, epoch: Uint8Array): FrameDraft {
  const encoded = codec === 'raw' ? { codec: Codec.raw, stored: payload } : smallest(payload)
  return { type, id, flags: 0, rawLength: payload.length, epoch, ...encoded }
}

interface Encoded {
  readonly codec: Codec
  readonly stored: Uint8Array
}

/** By hash of the payload: most fixtures have most frames in common. */
const encodings = new Map<string, Encoded>()

function smallest(payload: Uint8Array): Encoded {
  const key = toHex(nodeTools.sha256(payload))
  const known = encodings.get(key)
  if (known !== undefined) return known
  const zstd = { codec: Codec.zstd, stored: zstdOfRuns(payload) }
  const deflate = { codec: Codec.deflateRaw, stored: deflateFixed(payload) }
  const best = [zstd, deflate].reduce<Encoded>(
    (shortest, encoded) => (encoded.stored.length < shortest.stored.length ? encoded : shortest),
    { codec: Codec.raw, stored: payload },
  )
  encodings.set(key, best)
  return best
}
