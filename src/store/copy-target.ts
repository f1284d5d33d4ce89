/**
 * The file that a compaction writes: frames copied as they are stored, new ones encoded, one after another without gaps.
 *
 * Every copied frame is checked against its checksums first: damage is never carried into a new file. Written in order
 * through one arena; what was appended can be read back at once.
 */
import { fdatasync, fdatasyncSync, fsyncSync, readSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { BrickDamage } from '../brick/damage.ts'
import { encodeFrame, FrameType, openFrame, setFrameEpoch } from '../brick/frame.ts'
import { encodeIdent } from '../brick/ident.ts'
import { encodePad, padBytesAfter } from '../brick/pad.ts'
import type { PageStore } from '../brick/page-map.ts'
import { frameBytes, headBytes, type Pointer } from '../brick/pointer.ts'
import { BrickFile, type CommitBounds } from './brick-file.ts'
import { diskError, guard } from './disk-error.ts'
import { nodeTools } from './node-tools.ts'

const arenaBytes = 1 << 20
const syncData = promisify(fdatasync)

/** A frame to be copied: where it lies in which commit's frames. */
export interface FrameSource {
  readonly file: BrickFile
  readonly bounds: CommitBounds
}

export class CopyTarget implements PageStore {
  readonly tools = nodeTools
  readonly file: BrickFile
  readonly epoch: Uint8Array
  /** Of the commit that is being written. */
  generation = 0
  readonly #arena = new Uint8Array(arenaBytes)
  #used = 0
  #flushed = headBytes

  /** `fd` is an empty file of ours; closed with this. */
  constructor(path: Uint8Array, fd: number, ident: { readonly uuid: Uint8Array; readonly epoch: Uint8Array }) {
    this.file = new BrickFile(path, fd)
    this.epoch = ident.epoch
    this.#put(encodeIdent(ident, nodeTools))
  }

  /** Where the next frame goes. */
  get end(): number {
    return this.#flushed + this.#used
  }

  /** As it is stored, not compressed again. Errors: BrickDamage, DISK_*. */
  copy(type: FrameType, pointer: Pointer, { file, bounds }: FrameSource): Pointer {
    const length = frameBytes(pointer.storedLength)
    const frame = this.#room(length)
    readFully(file.fd, frame, pointer.offset)
    const { epoch, fileEnd } = bounds
    const { offset, storedLength } = pointer
    openFrame(frame, { expectType: type, expectStoredLength: storedLength, offset, epoch, fileEnd, tools: nodeTools })
    setFrameEpoch(frame, { epoch: this.epoch, tools: nodeTools })
    return { offset: this.#take(frame), storedLength }
  }

  append(frame: { type: FrameType; id: bigint; payload: Uint8Array; codec?: 'auto' | 'raw' }): Pointer {
    const { bytes, storedLength } = encodeFrame({ ...frame, epoch: this.epoch, tools: nodeTools })
    return { offset: this.#put(bytes), storedLength }
  }

  /** PAD frames up to a multiple of 4,096, as after a COMMIT frame. */
  pad(): void {
    const totalBytes = padBytesAfter(this.end)
    if (totalBytes > 0) this.#put(encodePad({ totalBytes, epoch: this.epoch, tools: nodeTools }))
  }

  /** Decoded payload of a frame of this file. */
  read(type: FrameType, pointer: Pointer): Uint8Array {
    if (pointer.offset + frameBytes(pointer.storedLength) > this.#flushed) this.flush()
    return this.file.frame(type, pointer, { epoch: this.epoch, fileEnd: this.end })
  }

  readPage(pointer: Pointer): Uint8Array {
    return this.read(FrameType.pages, pointer)
  }

  writePage(payload: Uint8Array): Pointer {
    return this.append({ type: FrameType.pages, id: 0n, payload })
  }

  flush(): void {
    if (this.#used === 0) return
    guard(this.file.path, () => writeFully(this.file.fd, this.#arena.subarray(0, this.#used), this.#flushed))
    this.#flushed += this.#used
    this.#used = 0
  }

  /** Lets the disk begin, while others work, with what `sync` will then wait for. Errors: DISK_*. */
  async writeOut(): Promise<void> {
    this.flush()
    try {
      await syncData(this.file.fd)
    } catch (error) {
      throw diskError(this.file.path, error)
    }
  }

  /** All frames are durable after it. */
  sync(): void {
    this.flush()
    guard(this.file.path, () => fdatasyncSync(this.file.fd))
  }

  /** Writes below the first frame, then syncs the file with its metadata. */
  writeHead(slots: readonly { readonly offset: number; readonly bytes: Uint8Array }[]): void {
    guard(this.file.path, () => {
      for (const { offset, bytes } of slots) writeFully(this.file.fd, bytes, offset)
      fsyncSync(this.file.fd)
    })
  }

  close(): void {
    this.file.close()
  }

  /** Memory for a frame; whoever asked for it fills it and gives it to `#take`. */
  #room(length: number): Uint8Array {
    if (this.#used + length > arenaBytes) this.flush()
    return length > arenaBytes ? new Uint8Array(length) : this.#arena.subarray(this.#used, this.#used + length)
  }

  #put(bytes: Uint8Array): number {
    const room = this.#room(bytes.length)
    room.set(bytes)
    return this.#take(room)
  }

  #take(frame: Uint8Array): number {
    const offset = this.end
    if (frame.buffer === this.#arena.buffer) this.#used += frame.length
    else {
      guard(this.file.path, () => writeFully(this.file.fd, frame, offset))
      this.#flushed += frame.length
    }
    return offset
  }
}

function readFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const got = readSync(fd, bytes, done, bytes.length - done, position + done)
    if (got === 0) throw new BrickDamage('frame', 'the file ends inside a frame', position)
    done += got
  }
}

function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}
