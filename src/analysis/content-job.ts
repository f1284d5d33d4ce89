/** What crosses between the caller and an analysis thread: which content, of whom, and what came of it. Plain data. */
import type { EntryMeta, Run } from '../base/entry.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { ReaderKind } from '../source/artifact.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { ContentReport } from './analyzer.ts'

/** One commit of a brick, as threads open it: by the descriptor that the caller has, so that a rename does not matter. */
export interface BrickTicket {
  /** Another one for each view, so that a number of a descriptor that is used again means nothing. */
  readonly id: number
  readonly fd: number
  readonly path: Uint8Array
  readonly record: CommitRecord
}

export type ContentPlace =
  /** A file with content, no hard link; `missing`: runs that nobody has, as zeros. */
  | {
      readonly kind: 'brick'
      readonly ticket: BrickTicket
      readonly entry: EntryRecord
      readonly missing: readonly Run[]
    }
  /** A file as it lies there, of the version that `meta` tells. */
  | { readonly kind: 'live'; readonly root: Uint8Array; readonly reader: ReaderKind; readonly meta: EntryMeta }
  /** Bytes that came with the listing. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly meta: EntryMeta }

export interface ContentJob {
  /** Absolute, as the source's system names it. */
  readonly path: Uint8Array
  readonly place: ContentPlace
}

export type ContentAnswer =
  | { readonly kind: 'report'; readonly report: ContentReport }
  /** It is not, or not any more, the version that was listed: list it again. */
  | { readonly kind: 'changed' }
  /** `why`: an errno's name, or what is wrong with the brick. */
  | { readonly kind: 'unreadable'; readonly why: string }

/** Content id of a live content, as a brick of it would have it. */
export type IdAnswer = { readonly kind: 'id'; readonly id: Uint8Array } | Exclude<ContentAnswer, { kind: 'report' }>

export type ThreadRequest =
  /** Analyzers named in `skip` are left out: they ended a thread with this content. */
  | { readonly kind: 'analyze'; readonly job: ContentJob; readonly skip: readonly string[] }
  | { readonly kind: 'identify'; readonly job: ContentJob }
  /** Closes what is kept open of that view. */
  | { readonly kind: 'release'; readonly ticketId: number }

export type ThreadAnswer =
  /** Once, unasked: it takes requests now. `task`: what /proc knows the thread by, `PID/task/TID`; empty where it does not. */
  | { readonly kind: 'ready'; readonly task: string }
  /** `isWorn`: the thread should look at nothing else. */
  | (ContentAnswer & { readonly isWorn?: true })
  | IdAnswer
  /** A defect: nothing that was read can lead to it. */
  | { readonly kind: 'failed'; readonly message: string }

/** Of each content, that many bytes from its beginning are looked at. */
export const lookBytesMax = 2 ** 30

let ticketsGiven = 0

export function ticketOf({ file, record }: BrickView): BrickTicket {
  ticketsGiven++
  return { id: ticketsGiven, fd: file.fd, path: file.path, record }
}

export function metaOf(place: ContentPlace): EntryMeta {
  return place.kind === 'brick' ? place.entry : place.meta
}
