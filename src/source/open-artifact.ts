/** From a source to what can be kept of it: one way of looking, listing and reading for each kind of source. */
import { statSync } from 'node:fs'
import { displayPath, equalBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { Artifact, Lister } from './artifact.ts'
import { ExcludeMatcher } from './exclude.ts'
import type { FileQuota } from './file-quota.ts'
import { IncludeMatcher } from './include.ts'
import { type Listed, listTree, statEntry } from './list.ts'
import { AccountNames } from './names.ts'
import { absolutePath, type Source, sourceName } from './open.ts'

export interface ArtifactOptions {
  /** Globs, and paths that the brick must never hold again. */
  readonly exclude: readonly (string | Uint8Array)[]
  readonly crossFilesystems: 'no' | 'yes'
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Descriptors of our own files, which are never part of a source. */
  readonly ownFiles: readonly number[]
  /** Folders of ours. */
  readonly ownFolders?: readonly Uint8Array[]
  /** Globs of the files that are wanted; none: all. */
  readonly include?: readonly string[]
  /** Lets files in, and says how many are left out; the same one for all listings of a source. */
  readonly quota?: FileQuota
  /** Device of the root as it is watched; on another one every listing is SOURCE_REPLACED. */
  readonly expectedDev?: bigint
}

/** Errors: SOURCE_KIND of a kind that this build cannot keep. The caller closes it. */
export function openArtifact(source: Source, options: ArtifactOptions): Artifact {
  if (source.kind === 'tree' || source.kind === 'file') return { lister: filesOf(source, options), reader: 'files' }
  throw new FoundryError('SOURCE_KIND', `${displayPath(sourceName(source))} is of a kind that cannot be kept yet.`)
}

/** Files as they are. Names of accounts are those of now, or of the last walk. */
function filesOf(source: Source, options: ArtifactOptions): Lister {
  const inodes = [
    ...options.ownFiles.map((fd) => inodeOfFd(fd)),
    ...(options.ownFolders ?? []).map((folder) => statSync(Buffer.from(folder), { bigint: true })),
  ].map(({ dev, ino }) => ({ dev, ino }))
  const exclude = new ExcludeMatcher({ patterns: options.exclude, inodes })
  const { clock, crossFilesystems, signal, quota, expectedDev } = options
  const common = {
    root: source.root,
    clock,
    names: new AccountNames(),
    exclude,
    crossFilesystems,
    include: new IncludeMatcher(options.include),
    ...(quota === undefined ? {} : { quota }),
    ...(expectedDev === undefined ? {} : { expectedDev }),
  }
  if (source.kind === 'file') {
    const theFile = (): Listed => onlyFile(source, statEntry({ ...common, path: source.path }))
    return {
      stat: (path) => (equalBytes(path, source.path) ? theFile() : undefined),
      walk: () => [theFile()],
    }
  }
  return {
    stat: (path) => statEntry({ ...common, path }),
    walk: (path) => listTree({ ...common, subtree: path, cancelled: () => signal.aborted }),
  }
}

/** A brick of one file has exactly one entry: where the file is gone there is nothing that it could say. */
function onlyFile(source: Source, listed: Listed | undefined): Listed {
  const shown = displayPath(absolutePath(source))
  if (listed === undefined) throw new FoundryError('SOURCE_MISSING', `${shown} is not there any more.`)
  if (listed.meta.kind === 'file') return listed
  throw new FoundryError(
    'SOURCE_KIND',
    `${shown} was a file and is a ${listed.meta.kind} now. Fold it into another brick.`,
  )
}

function inodeOfFd(fd: number): { dev: bigint; ino: bigint } {
  return statSync(`/proc/self/fd/${fd}`, { bigint: true })
}
