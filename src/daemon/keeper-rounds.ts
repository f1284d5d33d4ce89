/** What a keeper does with its source in one go: a reconcile, or a slice of a scrub. When, it is told. */
import { opendirSync, statSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { LeafPool } from '../fold/leaf-pool.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import { type Progress, type ReconcileResult, reconcile } from '../fold/reconcile.ts'
import type { Lister } from '../source/artifact.ts'
import { absolutePath } from '../source/open.ts'
import type { RootIdentity } from '../source/watch.ts'
import type { SyncReason } from '../sync/brick-sync.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import { goneGraceMs } from '../sync/sync-policy.ts'
import type { Assignment } from './assignment.ts'
import type { KeptBrick } from './kept-brick.ts'
import { KeptLister } from './kept-lister.ts'
import { Scrubber, type ScrubSlice } from './scrubber.ts'

export interface KeeperRoundsParts {
  readonly assignment: Assignment
  readonly kept: KeptBrick
  /** Never part of a source. */
  readonly ownFolders: readonly Uint8Array[]
  readonly clock: Clock
  readonly pool: LeafPool
  readonly signal: AbortSignal
  /** Makes sure that hints arrive; called before a first listing, and again after `unwatch`. */
  readonly watch: () => Promise<RootIdentity>
  readonly onProgress: (progress: Progress) => void
}

export class KeeperRounds {
  readonly #parts: KeeperRoundsParts
  readonly #lister: KeptLister
  readonly #scrubber: Scrubber
  /** The root as it is watched; undefined: it is not. */
  #watched: RootIdentity | undefined

  constructor(parts: KeeperRoundsParts) {
    this.#parts = parts
    this.#lister = new KeptLister(parts)
    this.#scrubber = new Scrubber(parts.clock)
  }

  /** Files that were left out because there are more than the assignment wants. */
  get leftOut(): number {
    return this.#lister.leftOut
  }

  /** Another file could come in now: all has to be listed. */
  get wantsListing(): boolean {
    return this.#lister.wantsListing
  }

  /** Hints of the root come, and it is the one that the brick is of. */
  get isWatched(): boolean {
    return this.#watched !== undefined
  }

  /** After a failure, hints may have been missed. */
  unwatch(): void {
    this.#watched = undefined
  }

  /** The root is another directory now, and is meant. */
  watchedAs(identity: RootIdentity): void {
    this.#watched = identity
  }

  /** Errors: those of `reconcile`, SOURCE_MISSING also where another filesystem lies empty in its place. */
  async reconcile(scopes: readonly DirtyScope[], reason: SyncReason): Promise<ReconcileResult> {
    const { kept, clock, pool, signal, watch, assignment, onProgress } = this.#parts
    this.#watched ??= await watch()
    this.#refuseOtherRoot()
    const brick = kept.open()
    const isFirst = brick.writer.head === undefined
    return reconcile(brick, {
      scopes,
      lister: this.#listerOf(brick),
      root: assignment.source.root,
      meta: (length) => kept.meta(length),
      clock,
      pool,
      signal,
      reason: isFirst ? 'first fold' : reasonText[reason],
      commit: isFirst ? 'always' : 'changed',
      goneGraceMs: reason === 'sync' ? 0 : goneGraceMs,
      onProgress,
    })
  }

  /** Errors: those of Scrubber. */
  scrub(bytesMax: number): Promise<ScrubSlice> {
    const { kept, assignment, signal } = this.#parts
    const brick = kept.open()
    const target = { model: brick.model, lister: this.#listerOf(brick), root: assignment.source.root }
    return this.#scrubber.slice(target, { bytesMax, signal })
  }

  #listerOf(brick: OpenBrick): Lister {
    return this.#lister.of(brick, { watched: this.#watched, meta: this.#parts.kept.remembered })
  }

  /** A mount that is away leaves an empty folder of another filesystem: nothing was deleted. */
  #refuseOtherRoot(): void {
    const { kept, assignment } = this.#parts
    const { source } = assignment
    const known = kept.rootIdentity()
    if (source.kind !== 'tree' || known === undefined) return
    const stat = statSync(Buffer.from(source.root), { bigint: true, throwIfNoEntry: false })
    if (stat === undefined || stat.dev === known.dev || !isEmptyFolder(source.root)) return
    const shown = displayPath(absolutePath(source))
    const message = `${shown} is an empty folder of another filesystem than before. The brick is left as it is until it is mounted again.`
    throw new FoundryError('SOURCE_MISSING', message)
  }
}

const reasonText: Record<SyncReason, string> = {
  opened: 'looked at anew',
  overflow: 'events were lost',
  changed: 'source changed',
  scrub: 'content changed without an event',
  rescan: 'found by the rescan',
  poll: 'source changed',
  again: 'source changed',
  retry: 'tried again',
  sync: 'source changed',
}

function isEmptyFolder(path: Uint8Array): boolean {
  const folder = opendirSync(Buffer.from(path))
  try {
    return folder.readSync() === null
  } finally {
    folder.closeSync()
  }
}
