/** What a keeper does with its source in one go: a reconcile, or a slice of a scrub. When, it is told. */
import { opendirSync, statSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { LeafPool } from '../fold/leaf-pool.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import { type Progress, type ReconcileResult, reconcile } from '../fold/reconcile.ts'
import type { Artifact } from '../source/artifact.ts'
import { absolutePath } from '../source/open.ts'
import type { RootIdentity } from '../source/watch.ts'
import type { SyncReason } from '../sync/brick-sync.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import { goneGraceMs } from '../sync/sync-policy.ts'
import type { Assignment } from './assignment.ts'
import { type ArtifactOfBrick, KeptArtifact } from './kept-artifact.ts'
import type { KeptBrick } from './kept-brick.ts'
import { Scrubber, type ScrubSlice } from './scrubber.ts'

export interface KeeperRoundsParts {
  readonly assignment: Assignment
  readonly kept: KeptBrick
  /** Never part of a source. */
  readonly ownFolders: readonly Uint8Array[]
  readonly clock: Clock
  readonly pool: LeafPool
  readonly signal: AbortSignal
  /** Makes sure that hints arrive; called before a first listing, and again after a failure. */
  readonly watch: () => Promise<Watched>
  /** Does what keeps nobody from working, while others work. */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>
  readonly onProgress: (progress: Progress) => void
}

/** `lookMs`: what a look at the whole source took, where one was made. */
export type RoundResult = ReconcileResult & { readonly lookMs?: number }

/** Null: of this source the kernel tells nothing, and it is looked at every so often. */
export type Watched = RootIdentity | null

export class KeeperRounds {
  readonly #parts: KeeperRoundsParts
  readonly #artifact: KeptArtifact
  readonly #scrubber: Scrubber
  /** The root as it is watched; undefined: it is not. */
  #watched: Watched | undefined
  /** Memory was folded that may not be what was there at one instant: it is read again. */
  #isDoubtful = false

  constructor(parts: KeeperRoundsParts) {
    this.#parts = parts
    this.#artifact = new KeptArtifact(parts)
    this.#scrubber = new Scrubber(parts.clock)
  }

  /** Files that were left out because there are more than the assignment wants. */
  get leftOut(): number {
    return this.#artifact.leftOut
  }

  /** Another file could come in now: all has to be listed. */
  get wantsListing(): boolean {
    return this.#artifact.wantsListing
  }

  /** Hints of the root come, and it is the one that the brick is of. */
  get isWatched(): boolean {
    return this.#watched !== undefined
  }

  /** Hints may have been missed, and what the brick holds is read again from its file. */
  failed(): void {
    this.#watched = undefined
    this.#artifact.unsettled()
  }

  /** The source is let go: the brick begins anew, or is kept no longer. */
  letGo(): void {
    this.#artifact.drop()
  }

  /** There will be no other round. */
  close(): Promise<void> {
    return this.#artifact.close()
  }

  /** The root is another directory now, and is meant. */
  watchedAs(identity: RootIdentity): void {
    this.#watched = identity
  }

  /** Errors: those of `look` and `reconcile`, SOURCE_MISSING also where another filesystem lies empty in its place. */
  async reconcile(scopes: readonly DirtyScope[], reason: SyncReason): Promise<RoundResult> {
    const { kept, clock, pool, signal, watch, assignment, onProgress } = this.#parts
    if (this.#watched === undefined) this.#watched = await watch()
    this.#refuseOtherRoot()
    const brick = kept.open()
    const isFirst = brick.writer.head === undefined
    const { artifact, lister } = this.#artifactOf(brick)
    const look = await this.#look(artifact, isFirst ? 'first' : 'again')
    if (look?.found === 'same' && !isFirst && !this.#isDoubtful) {
      return { kind: 'unchanged', torn: [], writtenBytes: 0, lookMs: look.lookMs }
    }
    const result = await reconcile(brick, {
      // A look is at all of the source, and is settled as a whole.
      scopes: look === undefined ? scopes : [{ path: assignment.source.path, reach: 'subtree' }],
      lister,
      artifact,
      root: assignment.source.root,
      meta: (length) => kept.meta(length, artifact.about?.()),
      clock,
      pool,
      signal,
      reason: isFirst ? 'first fold' : reasonText[reason],
      commit: isFirst ? 'always' : 'changed',
      goneGraceMs: reason === 'sync' || look !== undefined ? 0 : goneGraceMs,
      onProgress,
    })
    const isRacy = result.kind === 'committed' && result.racy.length > 0
    this.#isDoubtful = artifact.reader === 'memory' && (isRacy || result.torn.length > 0)
    return look === undefined ? result : { ...result, lookMs: look.lookMs }
  }

  /** Undefined where the lister looks by itself. Errors: those of `Artifact.look`. */
  async #look(
    artifact: Artifact,
    when: 'first' | 'again',
  ): Promise<{ readonly found: 'looked' | 'same'; readonly lookMs: number } | undefined> {
    if (artifact.look === undefined) return undefined
    const { clock, signal, aside, assignment } = this.#parts
    const beganMs = clock.monotonicMs()
    let lookMs = 0
    const look = async (): Promise<'looked' | 'same'> => {
      const found = (await artifact.look?.(signal)) ?? 'looked'
      lookMs = clock.monotonicMs() - beganMs
      return found
    }
    // A process that is held still must not wait for our turn, and those who have one may wait for the place of a first fold.
    const isAside = when === 'again' && (assignment.rules.memory?.freeze ?? 'no') === 'no'
    return { found: await (isAside ? aside(look) : look()), lookMs }
  }

  /** Errors: those of Scrubber. */
  scrub(bytesMax: number): Promise<ScrubSlice> {
    const { kept, assignment, signal } = this.#parts
    const brick = kept.open()
    const { lister } = this.#artifactOf(brick)
    const target = { model: brick.model, lister, root: assignment.source.root }
    return this.#scrubber.slice(target, { bytesMax, signal })
  }

  #artifactOf(brick: OpenBrick): ArtifactOfBrick {
    return this.#artifact.of(brick, { watched: this.#watched ?? undefined, meta: this.#parts.kept.remembered })
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
