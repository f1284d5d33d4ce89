/** What searching threads are told and say. The descriptor is the process's: a thread uses it, never closes it. */
import type { CommitRecord } from '../brick/commit-record.ts'
import type { SearchPattern } from './search-pattern.ts'
import type { SegmentOrder, SegmentResult } from './search-segment.ts'

/** One search: one pattern in one commit. */
export interface SearchJob {
  /** Different for every search of the process. */
  readonly id: number
  readonly brickPath: Uint8Array
  readonly brickFd: number
  readonly record: CommitRecord
  readonly pattern: SearchPattern
}

/** workerData. */
export interface SearchThreadSetup {
  /** One Int32, raised every some thousand bytes: a thread whose count stands still is stuck. */
  readonly beats: SharedArrayBuffer
}

export interface ThreadOrder {
  readonly job: SearchJob
  readonly order: SegmentOrder
}

export type ThreadAnswer =
  /** It runs. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'scanned'; readonly result: SegmentResult }
  /** `code` is that of a FoundryError or an errno's name, empty where there is neither. */
  | { readonly kind: 'failed'; readonly isFoundryError: boolean; readonly code: string; readonly message: string }
