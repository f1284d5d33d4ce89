/**
 * Which commit a brick is at, asked by someone about to write it (spec 7.2, steps 2 to 6).
 *
 * Everything is read from the disk, not from a page cache that a failed write-back may have left lying. Frames are
 * walked forward by their stored length; what does not check ends the walk, it is never repaired. A slot whose commit does
 * not check is emptied before what is left of that commit is cut off: readers refuse a slot that points outside the file.
 */
import { fdatasyncSync, ftruncateSync, writeSync } from 'node:fs'
import { displayPath, equalBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type Commit, parseCommitPayload } from '../brick/commit.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { decodeFrame, FrameType, openFrame, parseFrameHeader } from '../brick/frame.ts'
import { align4096, frameBytes, frameHeaderBytes, type Pointer, slotBytes } from '../brick/pointer.ts'
import { encodeSlot } from '../brick/slot.ts'
import { dropCache } from '../linux/fadvise.ts'
import type { BrickFile, Head } from './brick-file.ts'
import { nodeTools } from './node-tools.ts'

/** What recovery found and did. */
export interface Recovery {
  readonly head: Head
  /** Complete commits that no slot named. */
  readonly rolledForward: number
  /** Bytes beyond the last commit that were cut off. */
  readonly cutBytes: number
}

/** `file` is open for writing and locked. Errors: BRICK_DAMAGED, BRICK_READ_ONLY, BRICK_FOREIGN, BRICK_VERSION_NEWER. */
export function recover(file: BrickFile): Recovery {
  try {
    fdatasyncSync(file.fd)
  } catch (error) {
    throw new FoundryError('BRICK_READ_ONLY', `${displayPath(file.path)} cannot be synced; it is only read.`, error)
  }
  dropCache(file.fd)
  let head = newestChecked(file)
  let rolledForward = 0
  for (let next = nextCommit(file, head); next !== undefined; next = nextCommit(file, head)) {
    head = next
    rolledForward++
  }
  if (rolledForward > 0) writeSlot(file, head)
  const cutBytes = file.size - head.record.fileEnd
  if (cutBytes > 0) ftruncateSync(file.fd, head.record.fileEnd)
  return { head, rolledForward, cutBytes }
}

/** Names the head's commit in its slot and syncs: the commit point. */
export function writeSlot(file: BrickFile, head: Head): void {
  const { record, commit } = head
  const { node } = record.root
  const inline = file.readAt(node.offset, frameHeaderBytes + node.storedLength)
  const bytes = encodeSlot({ commit, record, tools: nodeTools, ...(inline.length <= inlineBytesMax && { inline }) })
  putSlot(file, record.generation, bytes)
}

/** Spec 3.1: what is left of a slot for the copy of the root node. */
const inlineBytesMax = 7_488

/** Into the slot of that generation, and synced. */
function putSlot(file: BrickFile, generation: number, bytes: Uint8Array): void {
  const position = (generation % 2) * slotBytes
  for (let done = 0; done < bytes.length; )
    done += writeSync(file.fd, bytes, done, bytes.length - done, position + done)
  fdatasyncSync(file.fd)
}

/** The newest slot whose frames check; newer ones, whose frames do not, are emptied. */
function newestChecked(file: BrickFile): Head {
  const slots = file.readSlots('anywhere')
  const candidates = slots
    .flatMap((slot) =>
      slot.kind === 'valid' ? [{ record: slot.record, commit: slot.commit, readOnly: slot.readOnly }] : [],
    )
    .sort((x, y) => y.record.generation - x.record.generation)
  const problems: string[] = slots.flatMap((slot) => (slot.kind === 'damaged' ? [slot.why] : []))
  for (const [index, head] of candidates.entries()) {
    if (head.readOnly) {
      throw new FoundryError(
        'BRICK_READ_ONLY',
        `${displayPath(file.path)} uses features that this build may not write.`,
      )
    }
    const problem = whyUnchecked(file, head, candidates)
    if (problem === undefined) {
      for (const { record } of candidates.slice(0, index)) putSlot(file, record.generation, new Uint8Array(slotBytes))
      return head
    }
    problems.push(problem)
  }
  throw new BrickDamage('slot', `no commit of ${displayPath(file.path)} checks (${problems.join('; ')})`, 0)
}

/** Why the frames from the parent's end to the commit's own end do not all check; undefined where they do. */
function whyUnchecked(file: BrickFile, head: Head, candidates: readonly Head[]): string | undefined {
  const { record } = head
  try {
    file.commit(head.commit, record)
    // Published by rename after its barrier: a first fold, or a compaction that dropped the parent.
    if (record.parent.offset === 0) return undefined
    const other = candidates.find((each) => equalBytes(each.record.id, record.parentId))
    const start = other?.record.fileEnd ?? file.commit(record.parent, record).record.fileEnd
    const end = walkFrames(file, record, { start, end: record.fileEnd })
    return end === record.fileEnd ? undefined : `frames end at ${end}, not at ${record.fileEnd}`
  } catch (error) {
    if (error instanceof BrickDamage) return error.message
    throw error
  }
}

/** Checks frame after frame and returns where they end. */
function walkFrames(
  file: BrickFile,
  record: Pick<CommitRecord, 'epoch'>,
  span: { start: number; end: number },
): number {
  let offset = span.start
  while (offset < span.end) {
    const frame = readFrameAt(file, record.epoch, { offset, fileEnd: span.end })
    offset += frameBytes(frame.storedLength)
  }
  return offset
}

interface WalkedFrame {
  readonly type: FrameType
  readonly storedLength: number
  readonly bytes: Uint8Array
}

function readFrameAt(file: BrickFile, epoch: Uint8Array, place: { offset: number; fileEnd: number }): WalkedFrame {
  const { offset, fileEnd } = place
  const common = { offset, epoch, fileEnd, tools: nodeTools }
  const header = parseFrameHeader(file.readAt(offset, frameHeaderBytes), common)
  const bytes = file.readAt(offset, frameBytes(header.storedLength))
  openFrame(bytes, { ...common, expectType: header.type })
  return { type: header.type, storedLength: header.storedLength, bytes }
}

/** The complete commit that begins at this one's end, if there is one. */
function nextCommit(file: BrickFile, head: Head): Head | undefined {
  const { record } = head
  const fileEnd = file.size
  try {
    let offset = record.fileEnd
    while (offset < fileEnd) {
      const frame = readFrameAt(file, record.epoch, { offset, fileEnd })
      const next = offset + frameBytes(frame.storedLength)
      if (frame.type === FrameType.commit)
        return acceptCommit(file, head, { offset, storedLength: frame.storedLength }, frame.bytes)
      offset = next
    }
  } catch (error) {
    if (!(error instanceof BrickDamage)) throw error
  }
  return undefined
}

function acceptCommit(file: BrickFile, head: Head, pointer: Pointer, bytes: Uint8Array): Head | undefined {
  const { record: parent } = head
  const fileEnd = file.size
  const expect = {
    offset: pointer.offset,
    epoch: parent.epoch,
    fileEnd,
    tools: nodeTools,
    expectType: FrameType.commit,
  }
  const { payload } = decodeFrame(bytes, expect)
  const { record }: Commit = parseCommitPayload(payload, {
    offset: pointer.offset,
    fileSize: fileEnd,
    tools: nodeTools,
  })
  const follows = record.generation === parent.generation + 1 && equalBytes(record.parentId, parent.id)
  if (!follows || !equalBytes(record.uuid, parent.uuid) || record.fileEnd > fileEnd) return undefined
  const padStart = pointer.offset + frameBytes(pointer.storedLength)
  if (record.fileEnd < padStart || record.fileEnd - padStart > align4096(32) * 2) return undefined
  if (walkFrames(file, record, { start: padStart, end: record.fileEnd }) !== record.fileEnd) return undefined
  return { record, commit: pointer, readOnly: head.readOnly }
}
