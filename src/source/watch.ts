/**
 * Hints of change from the kernel, by fanotify where it can be had and inotify else, in a thread of its own.
 *
 * A hint says that something may have changed at a path; what, the caller finds out by looking. Nothing is silently
 * lost: when events were, `overflow` says so after everything is watched again; what cannot be watched is a problem,
 * and its end is told. Not seen at all: writes through mmap, through hard links outside the root, and with inotify
 * directories whose absolute path exceeds 4,095 bytes; for those there are the slow rescan and the scrub. The daemon's
 * own files are to be excluded by the inode of their folder.
 */

import type { ExcludeMatcher } from './exclude.ts'
import type { HintScope } from './hint-batch.ts'
import { ThreadWatcher } from './thread-watcher.ts'
import type { RootIdentity, WatchBackend, WatchCode, WatchStats } from './watch-protocol.ts'

export type { RootIdentity, RootStats, WatchBackend, WatchCode, WatchStats } from './watch-protocol.ts'

export interface Hint {
  /** As given to addRoot. */
  readonly root: number
  /** Path of the entry, as in EntryMeta. */
  readonly path: Uint8Array
  /** `subtree`: the entry and everything beneath it. */
  readonly scope: HintScope
}

/** Part of a root that is not told of, or all of it. The code says what is to be done meanwhile. */
export interface WatchProblem {
  /** As given to addRoot. */
  readonly root: number
  readonly code: WatchCode
  /** The subtree, as in EntryMeta; empty: the whole root. */
  readonly path: Uint8Array
  readonly message: string
}

/** A problem of that code and path is over. Everything at the path has been hinted before. */
export interface WatchRecovery {
  readonly root: number
  readonly code: WatchCode
  readonly path: Uint8Array
  /** The root as it is watched now. */
  readonly identity: RootIdentity
}

export interface WatchSink {
  /** Each path once in a batch. A directory whose listing changed is hinted itself too. */
  hints(batch: readonly Hint[]): void
  /** Events were lost; these roots may have changed anywhere. Comes when everything is watched again. */
  overflow(roots: readonly number[]): void
  problem(problem: WatchProblem): void
  recovered(recovery: WatchRecovery): void
}

export interface WatchRoot {
  readonly index: number
  /** Absolute, without links: a directory, or of kind `file` the file itself. */
  readonly path: Uint8Array
  readonly kind: 'tree' | 'file'
  /** Excluded directories are not watched. Single excluded files may be hinted when they are excluded by inode. */
  readonly exclude?: ExcludeMatcher
  /** `no` is the default. */
  readonly crossFilesystems?: 'no' | 'yes'
}

export interface WatchedSource {
  /** Directories with a watch of their own. */
  readonly watches: number
  readonly backend: WatchBackend
  readonly identity: RootIdentity
}

export interface Watcher {
  /**
   * Resolves when all directories of the root are watched: what is listed from then on misses nothing that is not
   * hinted. Problems are told before. SOURCE_MISSING where the root is not there; then it is not looked for either.
   */
  addRoot(root: WatchRoot): Promise<WatchedSource>
  /** No hint of this root is delivered any more. */
  removeRoot(index: number): void
  /** Resolves when everything the kernel queued before the call has been delivered to the sink. */
  flush(): Promise<void>
  stats(): Promise<WatchStats>
  close(): Promise<void>
}

export interface WatcherOptions {
  /** Absolute path of an existing folder of our own; `flush` creates and removes a file in it. */
  readonly cookieFolder: Uint8Array
  /**
   * `auto`, the default: fanotify for trees where rights and filesystem allow it, else inotify. `fanotify`: also for
   * single files; LIBC_FAILED without the right to it. `inotify`: only that.
   */
  readonly backend?: 'auto' | 'inotify' | 'fanotify'
  /**
   * What this process writes to files need not be hinted, where that can be told apart (fanotify): for who writes
   * nothing into watched trees but what they exclude.
   */
  readonly ownWrites?: 'hinted' | 'ignored'
}

/** Without a free inotify instance roots are WATCH_LIMIT problems as a whole, until one is free. */
export async function startWatcher(sink: WatchSink, options: WatcherOptions): Promise<Watcher> {
  const watcher = new ThreadWatcher(sink, options)
  await watcher.started
  return watcher
}
