/** From a source to what can be kept of it: one way of looking, listing and reading for each kind of source. */
import { statSync } from 'node:fs'
import { displayPath, equalBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { Artifact, Lister } from './artifact.ts'
import { devicesArtifact } from './device/devices-artifact.ts'
import { ExcludeMatcher } from './exclude.ts'
import type { FileQuota } from './file-quota.ts'
import { IncludeMatcher } from './include.ts'
import { type Listed, listTree, type SourceOptions, statEntry } from './list.ts'
import type { Held } from './log/held.ts'
import { journalArtifact } from './log/journal-artifact.ts'
import { logArtifact } from './log/log-artifact.ts'
import { modulesArtifact } from './module/modules-artifact.ts'
import { AccountNames } from './names.ts'
import { absolutePath, type Source } from './open.ts'
import { processArtifact } from './process/process-artifact.ts'

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
  /** Of a process: what is read beside the default, and whether it is held still meanwhile. */
  readonly memory?: MemoryChoice
  /** What the brick holds at the moment, for what goes on from there; left out, or undefined: nothing. */
  readonly held?: () => Held | undefined
}

/** As a task says it; all off where nobody does. */
export interface MemoryChoice {
  readonly readSwapped: boolean
  readonly readProtected: boolean
  readonly readDontDump: boolean
  readonly freeze: 'no' | 'stop' | 'cgroup'
}

/** The caller closes it. Errors: SOURCE_*, where the source cannot be opened. */
export function openArtifact(source: Source, options: ArtifactOptions): Artifact {
  switch (source.kind) {
    case 'tree':
    case 'file':
      return { lister: filesOf(source, options), reader: 'files' }
    case 'process':
      return processArtifact(source, options)
    case 'log':
      return source.name === undefined ? logArtifact(source, options) : journalArtifact(source, options)
    case 'modules':
      return modulesArtifact(listingOf(source, options))
    case 'devices':
      return devicesArtifact({ clock: options.clock })
  }
}

/** How the files of a source are listed. Names of accounts are those of now, or of the last walk. */
function listingOf(source: Source, options: ArtifactOptions): SourceOptions & { readonly include: IncludeMatcher } {
  const inodes = [
    ...options.ownFiles.map((fd) => inodeOfFd(fd)),
    ...(options.ownFolders ?? []).map((folder) => statSync(Buffer.from(folder), { bigint: true })),
  ].map(({ dev, ino }) => ({ dev, ino }))
  const exclude = new ExcludeMatcher({ patterns: options.exclude, inodes })
  const { clock, crossFilesystems, quota, expectedDev } = options
  return {
    root: source.root,
    clock,
    names: new AccountNames(),
    exclude,
    crossFilesystems,
    include: new IncludeMatcher(options.include),
    ...(quota === undefined ? {} : { quota }),
    ...(expectedDev === undefined ? {} : { expectedDev }),
  }
}

/** Files as they are. */
function filesOf(source: Source, options: ArtifactOptions): Lister {
  const common = listingOf(source, options)
  const { signal } = options
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
