/** A source as its assignment and its brick want it listed: what is left out, let in, counted, or forgotten. */
import type { Clock } from '../base/ports.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { forgottenPatterns, withoutForgotten } from '../fold/forgotten.ts'
import type { BrickModel } from '../fold/model.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import type { Lister } from '../source/artifact.ts'
import { FileQuota } from '../source/file-quota.ts'
import { openArtifact } from '../source/open-artifact.ts'
import type { RootIdentity } from '../source/watch.ts'
import type { Assignment } from './assignment.ts'

export interface KeptListerParts {
  readonly assignment: Assignment
  /** Never part of a source. */
  readonly ownFolders: readonly Uint8Array[]
  readonly clock: Clock
  readonly signal: AbortSignal
}

export class KeptLister {
  readonly #parts: KeptListerParts
  /** Where the assignment says how many files at most. */
  #quota: FileQuota | undefined

  constructor(parts: KeptListerParts) {
    this.#parts = parts
  }

  /** Files that were left out because there are more than the assignment wants. */
  get leftOut(): number {
    return this.#quota?.leftOut ?? 0
  }

  /** A file is gone and another could come in: all has to be listed. */
  get wantsListing(): boolean {
    return this.#quota?.wantsListing ?? false
  }

  /**
   * `watched`: where it lies on another device, listing fails: SOURCE_REPLACED. `meta`: of a brick that has no commit
   * yet, but had one before it was made anew: what was forgotten stays so.
   */
  of(
    { writer, model }: Pick<OpenBrick, 'writer' | 'model'>,
    { watched, meta }: { readonly watched: RootIdentity | undefined; readonly meta: BrickMeta | undefined },
  ): Lister {
    const { assignment, ownFolders, clock, signal } = this.#parts
    const { exclude, include, maxFiles } = assignment.rules
    if (maxFiles !== null) this.#quota ??= new FileQuota(maxFiles, filesOf(model))
    const { lister } = openArtifact(assignment.source, {
      exclude: [...exclude, ...forgottenPatterns(writer.meta ?? meta)],
      include,
      ...(this.#quota !== undefined && { quota: this.#quota }),
      ...(watched !== undefined && assignment.source.kind === 'tree' && { expectedDev: watched.dev }),
      crossFilesystems: 'no',
      clock,
      signal,
      ownFiles: [writer.file.fd],
      ownFolders,
    })
    return withoutForgotten(lister, writer.meta ?? meta)
  }
}

function* filesOf(model: BrickModel): Generator<Uint8Array> {
  for (const [, { kind, path }] of model.entries) if (kind === 'file') yield path
}
