/**
 * The one writer of a brick: appends frames, and makes what was appended a commit (spec 7.1).
 *
 * No byte below the committed end is ever written again. After a failed write or barrier the writer is broken: nothing
 * is retried on the same descriptor, the caller closes it and opens again. A new brick has a temporary name until its
 * first commit, and is gone without a trace if that never comes.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { assert, must } from '../base/assert.ts'
import { displayPath } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { encodeCommitPayload } from '../brick/commit.ts'
import { type CommitExtras, encodeExtras } from '../brick/commit-extras.ts'
import { type CommitRecord, commitId, commitRecordBytes, type MapRoot } from '../brick/commit-record.ts'
import { encodeFrame, epochBytes, FrameType } from '../brick/frame.ts'
import { encodeIdent, uuidBytes } from '../brick/ident.ts'
import { type BrickMeta, encodeMeta } from '../brick/meta.ts'
import { encodePad, padBytesAfter } from '../brick/pad.ts'
import { frameBytes, headBytes, type NodePointer, noPointer, type Pointer } from '../brick/pointer.ts'
import { tryLockExclusive } from '../linux/flock.ts'
import { BrickFile, type Head } from './brick-file.ts'
import { extendHistory } from './history.ts'
import { removeLeftovers, temporaryName } from './leftovers.ts'
import { nodeTools } from './node-tools.ts'
import { type Recovery, recover, writeSlot } from './recover.ts'
import { WritingPages } from './writing-pages.ts'

/** What a new commit says; the writer adds identity, history and the pointers of its own frames. */
export interface NewCommit {
  readonly time: Timestamp
  readonly length: number
  readonly height: number
  readonly root: NodePointer
  readonly topOverview: Pointer
  readonly entries: MapRoot
  readonly slots: MapRoot
  readonly contentRoot: Uint8Array
  readonly treeHash: Uint8Array
  readonly metaHash: Uint8Array
  readonly meta: BrickMeta
  /** Bytes of frames that the previous commit needed and this one does not. */
  readonly replacedBytes: number
  readonly extras: CommitExtras
}

export class BrickWriter {
  readonly file: BrickFile
  /** Shared by all threads that append: where the next frame goes. */
  readonly end: BigInt64Array
  readonly uuid: Uint8Array
  readonly epoch: Uint8Array
  readonly #random: Random
  #head: Head | undefined
  /** Of a brick that has no commit yet. */
  readonly #temporary: Uint8Array | undefined
  #pages: WritingPages | undefined
  #closed = false

  private constructor(parts: {
    file: BrickFile
    ident: { uuid: Uint8Array; epoch: Uint8Array }
    random: Random
    head?: Head
    end: number
    temporary?: Uint8Array
  }) {
    this.file = parts.file
    this.uuid = parts.ident.uuid
    this.epoch = parts.ident.epoch
    this.#random = parts.random
    this.#head = parts.head
    this.#temporary = parts.temporary
    this.end = new BigInt64Array(new SharedArrayBuffer(8))
    this.end[0] = BigInt(parts.end)
  }

  /** A brick that becomes visible under `path` with its first commit. Errors: DISK_FULL, DISK_FAILED. */
  static create(path: Uint8Array, random: Random): BrickWriter {
    removeLeftovers(path)
    const ident = { uuid: random.bytes(uuidBytes), epoch: random.bytes(epochBytes) }
    const { fd, temporary } = guard(path, () => openTemporary(path, random))
    try {
      const frame = encodeIdent(ident, nodeTools)
      guard(path, () => writeAt(fd, frame, headBytes))
      const file = new BrickFile(path, fd)
      return new BrickWriter({ file, ident, random, end: headBytes + frame.length, temporary })
    } catch (error) {
      closeSync(fd)
      rmSync(temporary, { force: true })
      throw error
    }
  }

  /** Errors: BRICK_MISSING, BRICK_BUSY, BRICK_READ_ONLY and those of reading a head. */
  static open(path: Uint8Array, random: Random): { writer: BrickWriter; recovery: Recovery } {
    const file = lockedFile(path)
    try {
      const recovery = recover(file)
      const { head } = recovery
      refuseLast(path, head)
      const ident = { uuid: head.record.uuid, epoch: head.record.epoch }
      return { writer: new BrickWriter({ file, ident, random, head, end: head.record.fileEnd }), recovery }
    } catch (error) {
      file.close()
      throw error
    }
  }

  /** The last commit; undefined before the first. */
  get head(): Head | undefined {
    return this.#head
  }

  /** Generation of the commit that is being prepared. */
  get generation(): number {
    return (this.#head?.record.generation ?? 0) + 1
  }

  /** The pages of this brick's maps, new ones of the commit being prepared included. */
  get pages(): WritingPages {
    this.#pages ??= new WritingPages(this)
    return this.#pages
  }

  /** Appends one frame and returns where it is. */
  append(type: FrameType, id: bigint, payload: Uint8Array, codec: 'auto' | 'raw' = 'auto'): Pointer {
    const { bytes, storedLength } = encodeFrame({ type, id, payload, epoch: this.epoch, tools: nodeTools, codec })
    const offset = Number(Atomics.add(this.end, 0, BigInt(bytes.length)))
    guard(this.file.path, () => writeAt(this.file.fd, bytes, offset))
    return { offset, storedLength }
  }

  /** The commit point. All other threads have finished appending. Returns the new head. */
  commit(commit: NewCommit): Head {
    const history = extendHistory(this.pages, this.#head)
    const metaBytes = encodeMeta(commit.meta)
    const meta = { pointer: this.append(FrameType.meta, 0n, metaBytes), hash: nodeTools.sha256(metaBytes) }
    const { record, extras } = this.#recordOf(commit, { history, meta })
    const payload = encodeCommitPayload({ record, extras, tools: nodeTools })
    const pointer = this.append(FrameType.commit, BigInt(record.generation), payload, 'raw')
    assert(
      this.#nextEnd() === pointer.offset + frameBytes(pointer.storedLength),
      'another thread appended during a commit',
    )
    this.#pad(record.fileEnd)
    const head = { record, commit: pointer, readOnly: false }
    guard(this.file.path, () => {
      fdatasyncSync(this.file.fd)
      writeSlot(this.file, head)
    })
    if (this.#head === undefined) this.#publish()
    this.#head = head
    return head
  }

  /** Closes; an uncommitted new brick is removed, an uncommitted tail is left for the next opening to cut. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#head === undefined && this.#temporary !== undefined) rmSync(Buffer.from(this.#temporary), { force: true })
    this.file.close()
  }

  #nextEnd(): number {
    return Number(Atomics.load(this.end, 0))
  }

  #recordOf(
    commit: NewCommit,
    parts: { history: MapRoot; meta: CommitRecord['meta'] },
  ): { record: CommitRecord; extras: Uint8Array } {
    const { meta: _meta, extras: extrasFields, replacedBytes, ...fields } = commit
    const extras = encodeExtras(extrasFields)
    const parent = this.#head
    const start = this.#nextEnd()
    // The COMMIT frame is kept raw: fileEnd stands in its payload, so its length must not depend on it.
    const end = start + frameBytes(commitRecordBytes + extras.length)
    const before = parent?.record.liveBytes ?? 0
    const grown = before + end - (parent?.record.fileEnd ?? headBytes) - replacedBytes
    const liveBytes = Math.min(end, Math.max(0, grown))
    const draft: Omit<CommitRecord, 'id' | 'fileEnd'> = {
      ...fields,
      ...parts,
      uuid: this.uuid,
      epoch: this.epoch,
      generation: this.generation,
      liveBytes,
      regions: parent?.record.regions ?? emptyMap,
      parent: parent?.commit ?? noPointer,
      parentId: parent?.record.id ?? new Uint8Array(32),
      random: this.#random.bytes(uuidBytes),
      extrasHash: nodeTools.sha256(extras),
    }
    const unnamed = { ...draft, fileEnd: end + padBytesAfter(end) }
    return { record: { ...unnamed, id: commitId(unnamed, nodeTools) }, extras }
  }

  #pad(fileEnd: number): void {
    const start = this.#nextEnd()
    const totalBytes = fileEnd - start
    if (totalBytes === 0) return
    const pad = encodePad({ totalBytes, epoch: this.epoch, tools: nodeTools })
    Atomics.add(this.end, 0, BigInt(pad.length))
    guard(this.file.path, () => writeAt(this.file.fd, pad, start))
  }

  /** The first commit is durable: give it its name. */
  #publish(): void {
    const { path } = this.file
    guard(path, () => {
      fsyncSync(this.file.fd)
      refuseExisting(path)
      renameSync(Buffer.from(must(this.#temporary, 'temporary name')), Buffer.from(path))
      syncFolderOf(path)
    })
  }
}

const emptyMap: MapRoot = { pointer: noPointer, count: 0, hash: new Uint8Array(32) }

/** Locked, and still there: before it was locked another maker of the same brick may have taken it for a leftover. */
function openTemporary(path: Uint8Array, random: Random): { fd: number; temporary: Buffer } {
  for (;;) {
    const temporary = temporaryName(path, random)
    const fd = openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    if (tryLockExclusive(fd) && fstatSync(fd).nlink > 0) return { fd, temporary }
    closeSync(fd)
    rmSync(temporary, { force: true })
  }
}

/** Another brick may have appeared meanwhile: it is not overwritten. */
function refuseExisting(path: Uint8Array): void {
  if (statSync(Buffer.from(path), { throwIfNoEntry: false }) === undefined) return
  throw new FoundryError(
    'BRICK_EXISTS',
    `${displayPath(path)} appeared while it was being made; nothing was overwritten.`,
  )
}

/** A hostile brick may say that it is at the end of what numbers can count. */
function refuseLast(path: Uint8Array, { record }: Head): void {
  const { generation, time } = record
  if (generation < Number.MAX_SAFE_INTEGER && Math.abs(time.seconds) < historySecondsEnd) return
  const shown = displayPath(path)
  throw new FoundryError(
    'BRICK_LIMIT',
    `${shown} is at generation ${generation} of second ${time.seconds}: no commit can follow. Fold into a new brick.`,
  )
}

/** HISTORY holds times as zigzag numbers. */
const historySecondsEnd = 2 ** 52

function lockedFile(path: Uint8Array): BrickFile {
  for (;;) {
    const file = openReadWrite(path)
    if (!tryLockExclusive(file.fd)) {
      file.close()
      throw new FoundryError('BRICK_BUSY', `${displayPath(path)} is being written by another process; stop it or wait.`)
    }
    const here = fstatSync(file.fd, { bigint: true })
    const named = statSync(Buffer.from(path), { bigint: true, throwIfNoEntry: false })
    if (named !== undefined && named.ino === here.ino && named.dev === here.dev) return file
    file.close()
  }
}

function openReadWrite(path: Uint8Array): BrickFile {
  try {
    return new BrickFile(path, openSync(Buffer.from(path), constants.O_RDWR | constants.O_NONBLOCK)).checked()
  } catch (error) {
    if (error instanceof FoundryError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') throw new FoundryError('BRICK_MISSING', `There is no brick ${displayPath(path)}.`, error)
    throw new FoundryError('BRICK_READ_ONLY', `${displayPath(path)} cannot be written (${code}).`, error)
  }
}

function writeAt(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
}

function syncFolderOf(path: Uint8Array): void {
  const text = Buffer.from(path)
  const slash = text.lastIndexOf(0x2f)
  const folder = slash < 0 ? Buffer.from('.') : text.subarray(0, Math.max(1, slash))
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Disk failures in our own words. */
export function guard<T>(path: Uint8Array, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw diskError(path, error)
  }
}

export function diskError(path: Uint8Array, error: unknown): unknown {
  if (error instanceof FoundryError || !(error instanceof Error) || !('code' in error)) return error
  const code = String(error.code)
  const shown = displayPath(path)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FoundryError(
      'DISK_FULL',
      `No space is left for ${shown} (${code}); its last commit is untouched. Free some space and try again.`,
      error,
    )
  }
  return new FoundryError('DISK_FAILED', `Writing ${shown} failed (${code}); its last commit is untouched.`, error)
}
