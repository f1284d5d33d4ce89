/**
 * The one writer of a brick: appends frames, and makes what was appended a commit (spec 7.1).
 *
 * No byte below the committed end is ever written again. After a failed write or barrier the writer is broken: nothing
 * is retried on the same descriptor, the caller closes it and opens again. A new brick has a temporary name until its
 * first commit, and is gone without a trace if that never comes.
 */
import { closeSync, fdatasyncSync, rmSync, writeSync } from 'node:fs'
import { assert, must } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import type { Random } from '../base/ports.ts'
import { encodeCommitPayload } from '../brick/commit.ts'
import { type CommitExtras, encodeExtras } from '../brick/commit-extras.ts'
import { type CommitRecord, commitId, commitRecordBytes, type MapRoot } from '../brick/commit-record.ts'
import { encodeFrame, epochBytes, FrameType } from '../brick/frame.ts'
import { encodeIdent, uuidBytes } from '../brick/ident.ts'
import { type BrickMeta, encodeMeta, parseMeta } from '../brick/meta.ts'
import type { MetaAnalysis } from '../brick/meta-analysis.ts'
import { encodePad, padBytesAfter } from '../brick/pad.ts'
import { emptyMap } from '../brick/page-map.ts'
import { frameBytes, headBytes, type NodePointer, noPointer, type Pointer } from '../brick/pointer.ts'
import { makeNameDurable, refuseLast } from './before-writing.ts'
import { BrickFile, type Head } from './brick-file.ts'
import { guard } from './disk-error.ts'
import { openLocked, openTemporary, publish } from './exclusive-file.ts'
import { extendHistory, type HistoryChange } from './history.ts'
import { removeLeftovers } from './leftovers.ts'
import { nodeTools } from './node-tools.ts'
import { contentsText, PastContents } from './past-contents.ts'
import { type Recovery, recover, writeSlot } from './recover.ts'
import { defaultRetention, type RetentionPolicy } from './retention.ts'
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
  /** Left out: as before. */
  readonly regions?: MapRoot
  readonly contentRoot: Uint8Array
  readonly treeHash: Uint8Array
  readonly metaHash: Uint8Array
  /** What it does not say of `retention` and `forgotten` stays as it is; of `analysis` it says nothing. */
  readonly meta: BrickMeta
  /** What analyzers said; left out: as before. */
  readonly analysis?: MetaAnalysis
  /** Which earlier commits are kept from now on; left out: as before. */
  readonly retention?: RetentionPolicy
  /** An earlier commit gets a name, or loses it. */
  readonly tag?: NonNullable<HistoryChange['tag']>
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
  #meta: BrickMeta | undefined
  readonly #contents: PastContents
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
    this.#contents = new PastContents(parts.file)
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
      rmSync(Buffer.from(temporary), { force: true })
      throw error
    }
  }

  /** Errors: BRICK_MISSING, BRICK_BUSY, BRICK_READ_ONLY and those of reading a head. */
  static open(path: Uint8Array, random: Random): { writer: BrickWriter; recovery: Recovery } {
    const file = openLocked(path)
    try {
      removeLeftovers(path)
      makeNameDurable(path)
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

  /** False after `close`. */
  get isOpen(): boolean {
    return !this.#closed
  }

  /** META of the last commit; undefined before the first. Errors: BrickDamage. */
  get meta(): BrickMeta | undefined {
    if (this.#head === undefined) return undefined
    const { pointer } = this.#head.record.meta
    this.#meta ??= parseMeta(this.file.frame(FrameType.meta, pointer, this.#head.record), pointer.offset)
    return this.#meta
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
    const newMeta = this.#metaOf(commit)
    const policy = newMeta.retention ?? defaultRetention
    const history = this.#historyOf(commit, policy)
    const metaBytes = encodeMeta(newMeta)
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
    this.#meta = newMeta
    return head
  }

  /** Closes; an uncommitted new brick is removed, an uncommitted tail is left for the next opening to cut. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#head === undefined && this.#temporary !== undefined) rmSync(Buffer.from(this.#temporary), { force: true })
    this.file.close()
  }

  /** Callers that make META anew need not know what else it remembers. */
  #metaOf({ meta: { analysis: _stale, ...meta }, analysis, retention }: NewCommit): BrickMeta {
    const before = this.meta
    const said = analysis ?? before?.analysis
    const policy = retention ?? meta.retention ?? before?.retention
    const forgotten = union(before?.forgotten, meta.forgotten)
    return {
      ...meta,
      ...(policy !== undefined && { retention: policy }),
      ...(forgotten !== undefined && { forgotten }),
      ...(said !== undefined && { analysis: said }),
    }
  }

  #historyOf(commit: NewCommit, policy: RetentionPolicy): MapRoot {
    const { time, tag } = commit
    const head = this.#head
    if (head === undefined) return emptyMap
    this.#contents.note(head.record.generation, head.record)
    const contentsOf: HistoryChange['contentsOf'] = ({ generation, commit: place }) =>
      place === undefined ? contentsText(commit) : this.#contents.of({ generation, commit: place }, head.record)
    return extendHistory(this.pages, head, { policy, time, contentsOf, ...(tag !== undefined && { tag }) })
  }

  #nextEnd(): number {
    return Number(Atomics.load(this.end, 0))
  }

  #recordOf(
    commit: NewCommit,
    parts: { history: MapRoot; meta: CommitRecord['meta'] },
  ): { record: CommitRecord; extras: Uint8Array } {
    const { meta: _meta, analysis: _said, retention: _policy, tag: _tag, extras: extrasFields, ...rest } = commit
    const { replacedBytes, ...fields } = rest
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
      regions: commit.regions ?? parent?.record.regions ?? emptyMap,
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
    const { path, fd } = this.file
    guard(path, () => publish({ fd, path, temporary: must(this.#temporary, 'temporary name') }))
  }
}

/** What was forgotten stays so. */
function union(
  a: readonly Uint8Array[] | undefined,
  b: readonly Uint8Array[] | undefined,
): readonly Uint8Array[] | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const known = new Set(a.map(bytesKey))
  return [...a, ...b.filter((path) => !known.has(bytesKey(path)))]
}

function writeAt(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
}
