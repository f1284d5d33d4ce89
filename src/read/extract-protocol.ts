/** What extraction's threads say to each other. Descriptors are the process's: the worker uses them, never closes them. */
import type { EntryRecord } from '../brick/entry-record.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { Ownership } from './attributes.ts'
import type { ExtractReport } from './extract-report.ts'

/** workerData. */
export interface ExtractSetup {
  readonly brickPath: Uint8Array
  readonly brickFd: number
  readonly record: CommitRecord
  readonly dest: Uint8Array
  readonly ownership: Ownership
}

/** To the worker: files to write, one answer each. */
export interface ExtractBatch {
  readonly files: readonly EntryRecord[]
}

export type ExtractAnswer =
  | { readonly kind: 'written'; readonly report: ExtractReport }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
