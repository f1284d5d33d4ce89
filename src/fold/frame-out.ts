/**
 * Appends frames to a brick that several threads write at once.
 *
 * Space is reserved by an atomic add on the shared end of the file, one run a flush, exactly as long as the frames in
 * it: no gap is ever left. Frames of one flush are contiguous. Offsets exist only after `flush`.
 */
import { writevSync } from 'node:fs'
import { assert } from '../base/assert.ts'
import { encodeFrame, type FrameType } from '../brick/frame.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { Tools } from '../brick/tools.ts'

const flushBytes = 1 << 20
/** Linux's IOV_MAX is 1,024. */
const flushFrames = 512

export interface BrickOutput {
  readonly fd: number
  /** One element: where the next frame goes. Shared by all writing threads. */
  readonly end: BigInt64Array
  readonly epoch: Uint8Array
  readonly tools: Tools
}

export interface FrameRequest {
  readonly type: FrameType
  readonly id: bigint
  readonly payload: Uint8Array
}

/** A frame that has been appended; `offset` is 0 until its flush. */
export interface PendingPointer {
  offset: number
  storedLength: number
}

export class FrameOut {
  readonly #output: BrickOutput
  #frames: Uint8Array[] = []
  #pointers: PendingPointer[] = []
  #bytes = 0

  constructor(output: BrickOutput) {
    this.#output = output
  }

  append({ type, id, payload }: FrameRequest): PendingPointer {
    const { epoch, tools } = this.#output
    const { bytes, storedLength } = encodeFrame({ type, id, payload, epoch, tools })
    const pointer: PendingPointer = { offset: this.#bytes, storedLength }
    this.#frames.push(bytes)
    this.#pointers.push(pointer)
    this.#bytes += bytes.length
    pointer.offset = -pointer.offset - 1 // relative until flushed
    if (this.#bytes >= flushBytes || this.#frames.length >= flushFrames) this.flush()
    return pointer
  }

  /** Appends and flushes: for a frame whose place must be known at once. */
  place(request: FrameRequest): Pointer {
    const pointer = this.append(request)
    this.flush()
    return pointer
  }

  flush(): void {
    if (this.#frames.length === 0) return
    const base = Number(Atomics.add(this.#output.end, 0, BigInt(this.#bytes)))
    writeAll(this.#output.fd, this.#frames, base)
    for (const pointer of this.#pointers) pointer.offset = base - (pointer.offset + 1)
    this.#frames = []
    this.#pointers = []
    this.#bytes = 0
  }
}

/** pwritev until all is written: the kernel may write less than asked. */
function writeAll(fd: number, frames: readonly Uint8Array[], position: number): void {
  let pending = frames
  let at = position
  while (pending.length > 0) {
    const written = writevSync(fd, pending, at)
    assert(written > 0, 'pwritev wrote nothing')
    at += written
    pending = after(pending, written)
  }
}

function after(frames: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written
  let index = 0
  while (index < frames.length && skip >= (frames[index] as Uint8Array).length) {
    skip -= (frames[index] as Uint8Array).length
    index++
  }
  if (index === frames.length) return []
  const [head, ...rest] = frames.slice(index) as [Uint8Array, ...Uint8Array[]]
  return [head.subarray(skip), ...rest]
}
