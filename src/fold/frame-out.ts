/**
 * Appends frames to a brick that several threads write at once.
 *
 * Frames are made in an arena of the thread; space is reserved by an atomic add on the shared end of the file, one run a
 * flush, exactly as long as the frames in it: no gap is ever left. Frames of one flush are contiguous. Offsets exist only after `flush`.
 */
import { writeSync } from 'node:fs'
import { encodeFrameInto, type FrameType } from '../brick/frame.ts'
import { frameBytes, type Pointer } from '../brick/pointer.ts'
import type { Tools } from '../brick/tools.ts'

/** Room for frames that wait for their place. */
const arenaBytes = 1 << 20

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

/** A frame that has been appended; `offset` is relative to its flush until then. */
export interface PendingPointer {
  offset: number
  storedLength: number
}

/** Of this thread: a FrameOut is flushed before another one appends. */
const arena = new Uint8Array(arenaBytes)

export class FrameOut {
  readonly #output: BrickOutput
  #pointers: PendingPointer[] = []
  #bytes = 0

  constructor(output: BrickOutput) {
    this.#output = output
  }

  append({ type, id, payload }: FrameRequest): PendingPointer {
    const { epoch, tools } = this.#output
    if (this.#bytes + frameBytes(payload.length) > arenaBytes) this.flush()
    const storedLength = encodeFrameInto(arena, this.#bytes, { type, id, payload, epoch, tools })
    const pointer: PendingPointer = { offset: this.#bytes, storedLength }
    this.#pointers.push(pointer)
    this.#bytes += frameBytes(storedLength)
    return pointer
  }

  /** Appends and flushes: for a frame whose place must be known at once. */
  place(request: FrameRequest): Pointer {
    const pointer = this.append(request)
    this.flush()
    return pointer
  }

  flush(): void {
    if (this.#bytes === 0) return
    const base = Number(Atomics.add(this.#output.end, 0, BigInt(this.#bytes)))
    for (let done = 0; done < this.#bytes; ) {
      done += writeSync(this.#output.fd, arena, done, this.#bytes - done, base + done)
    }
    for (const pointer of this.#pointers) pointer.offset += base
    this.#pointers = []
    this.#bytes = 0
  }
}
