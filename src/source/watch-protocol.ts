/** What the watching thread and its owner say to each other. Paths are relative to the root, one character per byte. */

import type { ByteText } from '../linux/libc.ts'
import type { ExcludeSpec } from './exclude.ts'
import type { HintTuple } from './hint-batch.ts'

/**
 * - WATCH_LIMIT: the subtree is not watched, because a limit of the system is reached; tried again by itself.
 * - ROOT_GONE: the root is not there any more; looked for by itself.
 * - ROOT_REPLACED: another directory, or another filesystem, is where the root was. What is missing there was not
 *   removed. Taken up by itself where it is a new directory of the same mount, or the old one again.
 * - SILENT: the subtree gives no events of its changes, or not of all, and has to be polled.
 */
export type WatchCode = 'WATCH_LIMIT' | 'ROOT_GONE' | 'ROOT_REPLACED' | 'SILENT'

/** What tells of a root's changes. `none`: nothing does, it has to be polled. */
export type WatchBackend = 'inotify' | 'fanotify' | 'none'

/** Which directory a root is. */
export interface RootIdentity {
  readonly dev: bigint
  readonly ino: bigint
}

export interface WatchStats {
  /** Read from the kernel since the start. */
  readonly events: number
  /** How often the kernel said that it lost events. */
  readonly overflows: number
  /** inotify watches in use for roots. */
  readonly watches: number
  /** Filesystems with a fanotify mark. */
  readonly marks: number
  /** Directories held in memory. */
  readonly directories: number
  readonly roots: readonly RootStats[]
}

export interface RootStats {
  readonly root: number
  readonly backend: WatchBackend
  readonly watches: number
  /** The problem that it has as a whole. */
  readonly lost: WatchCode | null
  /** Subtrees that a limit keeps from being watched. */
  readonly unwatched: number
}

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
  readonly backend: 'auto' | 'inotify' | 'fanotify'
  /** Process whose writes to files are not hinted where the backend can tell; 0: none. */
  readonly ignoredPid: number
}

/** Cells of the shared memory: hint batches taken by the owner; 1 while the thread holds hints back for it. */
export const cells = { taken: 0, isHolding: 1 } as const

/** Batches on their way to the owner; then hints wait, and merge, in the thread. */
export const batchesUnderwayMax = 4

export type ToThread =
  | { readonly kind: 'add'; readonly order: RootOrder }
  | { readonly kind: 'remove'; readonly index: number }
  | { readonly kind: 'stats' }
  | { readonly kind: 'close' }

export type FromThread =
  /** `isBlind`: there is nothing that could see a cookie. */
  | { readonly kind: 'ready'; readonly isBlind: boolean }
  | { readonly kind: 'hints'; readonly hints: readonly HintTuple[] }
  | { readonly kind: 'overflow'; readonly roots: readonly number[] }
  /** Cookies put so far may never be told. */
  | { readonly kind: 'cookiesLost' }
  | {
      readonly kind: 'problem'
      readonly root: number
      readonly code: WatchCode
      readonly path: ByteText
      readonly message: string
    }
  | {
      readonly kind: 'recovered'
      readonly root: number
      readonly code: WatchCode
      readonly path: ByteText
      readonly identity: RootIdentity
    }
  /** The root is watched as far as it can be. */
  | {
      readonly kind: 'added'
      readonly index: number
      readonly watches: number
      readonly backend: WatchBackend
      readonly identity: RootIdentity
    }
  /** The root is not there, and not watched. */
  | { readonly kind: 'missing'; readonly index: number }
  /** Every event before the creation of this cookie file has been told. */
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'stats'; readonly stats: WatchStats }
