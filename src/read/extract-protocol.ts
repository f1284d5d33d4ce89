/** What extraction's threads say to each other. Descriptors are the process's: the worker uses them, never closes them. */

import type { CommitRecord } from '../brick/commit-record.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { Ownership } from './attributes.ts'
import type { ExtractReport } from './extract-report.ts'

/** workerData. */
export interface ExtractSetup {
  readonly brickPath: Uint8Array
  readonly brickFd: number
  readonly record: CommitRecord
  readonly destFd: number
  readonly ownership: Ownership
}

/** To the worker: files to write, answered each; or no more, upon which it closes what it opened and ends. */
export type ExtractOrder = { readonly kind: 'write'; readonly files: readonly EntryRecord[] } | { readonly kind: 'end' }

export type ExtractAnswer =
  | { readonly kind: 'written'; readonly report: ExtractReport }
  /** `code` is that of a FoundryError or an errno's name, empty where there is neither. */
  | { readonly kind: 'failed'; readonly isFoundryError: boolean; readonly code: string; readonly message: string }
