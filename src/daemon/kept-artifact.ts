/**
 * A source as its assignment and its brick want it kept: what is left out, let in, counted, or forgotten.
 *
 * Files are opened anew for each round. What remembers between looks (a process, a log) is one for as long as the brick
 * is; after a failure nobody knows what the brick holds of its last look, so it forgets, or asks the brick.
 */
import type { Clock } from '../base/ports.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { forgottenPatterns, withoutForgotten } from '../fold/forgotten.ts'
import { heldContent } from '../fold/held-content.ts'
import type { BrickModel } from '../fold/model.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import type { Artifact, Lister } from '../source/artifact.ts'
import { FileQuota } from '../source/file-quota.ts'
import { openArtifact } from '../source/open-artifact.ts'
import type { RootIdentity } from '../source/watch.ts'
import type { Assignment } from './assignment.ts'

export interface KeptArtifactParts {
  readonly assignment: Assignment
  /** Never part of a source. */
  readonly ownFolders: readonly Uint8Array[]
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface ArtifactOfBrick {
  readonly artifact: Artifact
  /** The artifact's, without what was forgotten. */
  readonly lister: Lister
}

export class KeptArtifact {
  readonly #parts: KeptArtifactParts
  /** Where the assignment says how many files at most. */
  #quota: FileQuota | undefined
  #lasting: Artifact | undefined
  /** As it is open now: what it holds is asked when it is needed. */
  #brick: Pick<OpenBrick, 'writer' | 'model'> | undefined
  #closing: Promise<unknown> = Promise.resolve()

  constructor(parts: KeptArtifactParts) {
    this.#parts = parts
  }

  /** Files that were left out because there are more than the assignment wants. */
  get leftOut(): number {
    return this.#quota?.leftOut ?? 0
  }

  /** A file is gone and another could come in, or a look did not take all: all has to be listed. */
  get wantsListing(): boolean {
    return this.#quota?.wantsListing === true || this.#lasting?.isBehind === true
  }

  /**
   * `watched`: where it lies on another device, listing fails: SOURCE_REPLACED. `meta`: of a brick that has no commit
   * yet, but had one before it was made anew: what was forgotten stays so.
   */
  of(
    brick: Pick<OpenBrick, 'writer' | 'model'>,
    { watched, meta }: { readonly watched: RootIdentity | undefined; readonly meta: BrickMeta | undefined },
  ): ArtifactOfBrick {
    this.#brick = brick
    const forgotten = brick.writer.meta ?? meta
    const artifact = this.#lasting ?? this.#open(brick, { watched, forgotten })
    if (artifact.look !== undefined) this.#lasting = artifact
    return { artifact, lister: withoutForgotten(artifact.lister, forgotten) }
  }

  /** A round failed: what the brick holds of the last look is not known. */
  unsettled(): void {
    const { reader } = this.#lasting ?? {}
    if (reader === 'memory' || reader === 'logs') this.#lasting?.unsettled?.()
    else this.drop()
  }

  /** The brick begins anew, or is not kept any more. */
  drop(): void {
    const lasting = this.#lasting
    this.#lasting = undefined
    this.#closing = Promise.all([this.#closing, lasting?.close?.()])
  }

  /** Errors: those of `Artifact.close`. */
  async close(): Promise<void> {
    this.drop()
    await this.#closing
  }

  #open(
    { writer, model }: Pick<OpenBrick, 'writer' | 'model'>,
    { watched, forgotten }: { watched: RootIdentity | undefined; forgotten: BrickMeta | undefined },
  ): Artifact {
    const { assignment, ownFolders, clock, signal } = this.#parts
    const { exclude, include, maxFiles, memory } = assignment.rules
    if (maxFiles !== null) this.#quota ??= new FileQuota(maxFiles, filesOf(model))
    return openArtifact(assignment.source, {
      exclude: [...exclude, ...forgottenPatterns(forgotten)],
      include,
      ...(this.#quota !== undefined && { quota: this.#quota }),
      ...(watched !== undefined && assignment.source.kind === 'tree' && { expectedDev: watched.dev }),
      ...(memory !== null && { memory }),
      held: () => this.#brick && heldContent(this.#brick),
      crossFilesystems: 'no',
      clock,
      signal,
      ownFiles: [writer.file.fd],
      ownFolders,
    })
  }
}

function* filesOf(model: BrickModel): Generator<Uint8Array> {
  for (const [, { kind, path }] of model.entries) if (kind === 'file') yield path
}
