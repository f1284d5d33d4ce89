/** The commits that a brick still has, for a person who asks what happened and for views of what was. */
import { equalBytes } from '../base/bytes.ts'
import type { CommitExtras } from '../brick/commit-extras.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { headBytes } from '../brick/pointer.ts'
import { BrickView } from '../store/brick-view.ts'
import { type PastCommit, pastCommits } from '../store/history.ts'

export interface LoggedCommit {
  readonly record: CommitRecord
  readonly extras: CommitExtras
  /** The user's name for it; the newest commit never has one: its tag would be in a later HISTORY. */
  readonly tag: string | undefined
  /** Bytes that it appended to the file; undefined where its parent is not retained. */
  readonly writtenBytes: number | undefined
}

export interface LogRange {
  /** Generations below this one; without it from the view's own commit on. */
  readonly before?: number
  readonly limit?: number
}

/** The view's own commit, then the ones before it, newest first; reads one COMMIT frame more than it gives. Errors: BrickDamage. */
export function* loggedCommits(view: BrickView, range: LogRange = {}): Generator<LoggedCommit> {
  const { before = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = range
  const past = [...pastCommits(view)].reverse().filter(({ generation }) => generation < before)
  let left = limit
  const newest: LoggedCommit = { ...withoutParent(view.record), extras: view.extras, tag: undefined }
  let current: LoggedCommit | undefined = view.record.generation < before ? newest : undefined
  for (const each of past) {
    if (current !== undefined && left-- <= 0) return
    const { record, extras } = readCommit(view, each)
    if (current !== undefined) yield withParent(current, record)
    current = { ...withoutParent(record), extras, tag: each.tag }
  }
  if (current !== undefined && left > 0) yield current
}

/** Of a retained earlier commit. Errors: BrickDamage where the frame is not that commit. */
export function viewOfPast(newest: BrickView, past: PastCommit): BrickView {
  const { record } = readCommit(newest, past)
  return new BrickView(newest.file, { record, commit: past.commit })
}

function readCommit(newest: BrickView, past: PastCommit): { record: CommitRecord; extras: CommitExtras } {
  const { uuid, epoch, fileEnd } = newest.record
  const { record, extras } = newest.file.commit(past.commit, newest.record)
  const isThatOne =
    record.generation === past.generation &&
    equalBytes(record.id, past.id) &&
    equalBytes(record.uuid, uuid) &&
    equalBytes(record.epoch, epoch) &&
    record.fileEnd <= fileEnd
  if (isThatOne) return { record, extras }
  const detail = `HISTORY names generation ${past.generation}, the frame there is another commit`
  throw new BrickDamage('commit', detail, past.commit.offset)
}

function withoutParent(record: CommitRecord): Pick<LoggedCommit, 'record' | 'writtenBytes'> {
  return { record, writtenBytes: record.generation === 1 ? record.fileEnd - headBytes : undefined }
}

/** What it wrote lies between the two ends, where one followed the other. */
function withParent(commit: LoggedCommit, before: CommitRecord): LoggedCommit {
  const isParent = before.generation === commit.record.generation - 1
  return { ...commit, writtenBytes: isParent ? commit.record.fileEnd - before.fileEnd : undefined }
}
