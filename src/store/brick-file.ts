/**
 * A brick's file as a reader has it: head, frames, nothing interpreted beyond them.
 *
 * Readers take no lock, use pread, never map and never repair. Frames below a commit's fileEnd never change, so what
 * was read once may be kept for as long as the file is open.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type Commit, parseCommitPayload } from '../brick/commit.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { decodeFrame, FrameType, openFrame } from '../brick/frame.ts'
import { frameHeaderBytes, headBytes, type Pointer } from '../brick/pointer.ts'
import { checkPointer } from '../brick/pointer-io.ts'
import { type Head as ParsedHead, type ParsedSlot, parseHead } from '../brick/slot.ts'
import { nodeTools } from './node-tools.ts'

const headAttempts = 5
const headRetryMs = 200

export interface Head {
  readonly record: CommitRecord
  /** Of the COMMIT frame. */
  readonly commit: Pointer
  /** This build must not write it: an unknown ro_compat bit. */
  readonly readOnly: boolean
}

export class BrickFile {
  readonly path: Uint8Array
  readonly fd: number
  #open = true

  constructor(path: Uint8Array, fd: number) {
    this.path = path
    this.fd = fd
  }

  /** Errors: BRICK_MISSING, BRICK_FOREIGN. The head is not read yet. */
  static open(path: Uint8Array): BrickFile {
    let fd: number
    try {
      // Without O_NONBLOCK a fifo by that name would wait for a writer.
      fd = openSync(Buffer.from(path), constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      throw openError(path, error)
    }
    return new BrickFile(path, fd).checked()
  }

  /** Itself, where it is a regular file; else closed, and BRICK_FOREIGN. */
  checked(): this {
    if (fstatSync(this.fd).isFile()) return this
    this.close()
    throw new FoundryError('BRICK_FOREIGN', `${displayPath(this.path)} is not a regular file; name a .brick file.`)
  }

  get size(): number {
    return fstatSync(this.fd).size
  }

  /** The bytes that are there: fewer than asked at the end of the file. */
  readAt(offset: number, length: number): Uint8Array {
    // Its descriptor may be another file's by now.
    if (!this.#open)
      throw new FoundryError('CANCELLED', `${displayPath(this.path)} was closed while it was read; ask again.`)
    const bytes = new Uint8Array(length)
    let have = 0
    while (have < length) {
      const got = readSync(this.fd, bytes, have, length - have, offset + have)
      if (got === 0) break
      have += got
    }
    return have === length ? bytes : bytes.subarray(0, have)
  }

  /** The newest valid slot; both invalid: read again, 5 times in a second. */
  async readHead(): Promise<Head> {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.readHeadOnce()
      } catch (error) {
        if (!(error instanceof BrickDamage) || attempt === headAttempts) throw error
      }
      await sleep(headRetryMs)
    }
  }

  readHeadOnce(): Head {
    const { record, commit, readOnly } = this.#parseHead('inside the file').current
    return { record, commit, readOnly }
  }

  /** Errors: BRICK_FOREIGN, BRICK_VERSION_NEWER, BrickDamage where a slot is refused or none is valid. */
  readSlots(frames: FramesPlace = 'inside the file'): readonly [ParsedSlot, ParsedSlot] {
    return this.#parseHead(frames).slots
  }

  /** The size is asked after the head: a growing file never seems shorter than its newest commit. */
  #parseHead(frames: FramesPlace): ParsedHead {
    const head = this.readAt(0, headBytes)
    const fileSize = frames === 'inside the file' ? this.size : Number.MAX_SAFE_INTEGER
    return parseHead(head, { fileSize, tools: nodeTools, name: displayPath(this.path) })
  }

  /** The decoded payload of the frame that a pointer of a commit names. */
  frame(type: FrameType, pointer: Pointer, commit: CommitBounds): Uint8Array {
    return decodeFrame(this.#frameBytes(type, pointer, commit), this.#expect(type, pointer, commit)).payload
  }

  /** The payload as it is stored, checked but not decoded: 0 raw, 1 zstd, 2 deflate-raw. */
  storedFrame(
    type: FrameType,
    pointer: Pointer,
    commit: CommitBounds,
  ): { codec: number; stored: Uint8Array; rawLength: number } {
    const { header, stored } = openFrame(this.#frameBytes(type, pointer, commit), this.#expect(type, pointer, commit))
    return { codec: header.codec, stored, rawLength: header.rawLength }
  }

  commit(pointer: Pointer, from: CommitBounds): Commit {
    const payload = this.frame(FrameType.commit, pointer, from)
    return parseCommitPayload(payload, { offset: pointer.offset, fileSize: this.size, tools: nodeTools })
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    closeSync(this.fd)
  }

  /** Maps and histories of a hostile brick name any offset and length: nothing is allocated for what cannot be. */
  #frameBytes(type: FrameType, pointer: Pointer, { fileEnd }: CommitBounds): Uint8Array {
    checkPointer(pointer, { fileEnd, type, what: 'frame', offset: -1 })
    return this.readAt(pointer.offset, frameHeaderBytes + pointer.storedLength)
  }

  #expect(type: FrameType, pointer: Pointer, { epoch, fileEnd }: CommitBounds) {
    const { offset, storedLength } = pointer
    return { expectType: type, expectStoredLength: storedLength, offset, epoch, fileEnd, tools: nodeTools }
  }
}

/** Where the frames of a slot's commit must lie: a reader refuses a brick that was cut, a writer looks at the other slot. */
type FramesPlace = 'inside the file' | 'anywhere'

/** What of a commit says where its frames may lie. */
export type CommitBounds = Pick<CommitRecord, 'epoch' | 'fileEnd'>

function openError(path: Uint8Array, error: unknown): FoundryError {
  const shown = displayPath(path)
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return new FoundryError('BRICK_MISSING', `There is no brick ${shown}.`, error)
  return new FoundryError('BRICK_MISSING', `The brick ${shown} cannot be opened (${code}).`, error)
}
