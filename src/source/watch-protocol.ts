/** What the watching thread and its owner say to each other. */

import type { ExcludeSpec } from './exclude.ts'
import type { HintTuple } from './hint-batch.ts'

export type WatchProblem = 'WATCH_LIMIT' | 'ROOT_GONE' | 'UNSUPPORTED'

/** A root as the thread gets it. */
export interface RootOrder {
  readonly index: number
  /** Absolute path without links: the directory, or of kind `file` the file. */
  readonly path: Uint8Array
  readonly kind: 'tree' | 'file'
  readonly exclude: ExcludeSpec
  readonly crossFilesystems: 'no' | 'yes'
}

export interface ThreadData {
  readonly wakerFd: number
  readonly cookieFolder: Uint8Array
  /** Names of cookie files begin with this. */
  readonly cookiePrefix: string
  /** Two 32-bit cells, see `cells`. */
  readonly shared: SharedArrayBuffer
}

/** Cells of the shared memory: hint batches taken by the owner; 1 while the thread holds hints back for it. */
export const cells = { taken: 0, isHolding: 1 } as const

/** Batches on their way to the owner; then hints wait, and merge, in the thread. */
export const batchesUnderwayMax = 4

export type ToThread =
  | { readonly kind: 'add'; readonly order: RootOrder }
  | { readonly kind: 'remove'; readonly index: number }
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hints'; readonly hints: readonly HintTuple[] }
  | { readonly kind: 'overflow' }
  | { readonly kind: 'problem'; readonly root: number; readonly code: WatchProblem; readonly message: string }
  /** The root is watched as far as it can be; `missing`: it is not there, and not watched. */
  | { readonly kind: 'added'; readonly index: number; readonly watches: number; readonly missing: boolean }
  /** Every event before the creation of this cookie file has been told. */
  | { readonly kind: 'cookie'; readonly name: string }
