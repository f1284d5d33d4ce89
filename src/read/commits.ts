/** The retained commits of a brick, for a person who asks what happened. */
import type { CommitExtras } from '../brick/commit-extras.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { headBytes } from '../brick/pointer.ts'
import type { BrickView } from '../store/brick-view.ts'
import { pastCommits } from '../store/history.ts'

export interface LoggedCommit {
  readonly record: CommitRecord
  readonly extras: CommitExtras
  /** Bytes that it appended to the file; undefined where its parent is not retained. */
  readonly writtenBytes: number | undefined
}

/** The view's own commit, then the ones before it, newest first. Errors: BrickDamage. */
export function* loggedCommits(view: BrickView): Generator<LoggedCommit> {
  const past = [...pastCommits(view)].reverse()
  let { record, extras } = view
  for (const { commit } of past) {
    const before = view.file.commit(commit, view.record)
    yield { record, extras, writtenBytes: record.fileEnd - before.record.fileEnd }
    record = before.record
    extras = before.extras
  }
  yield { record, extras, writtenBytes: record.generation === 1 ? record.fileEnd - headBytes : undefined }
}
