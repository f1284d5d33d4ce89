/** `sfd fold`: one source into one brick file, a new one or one more commit of the same source. */
import { statSync } from 'node:fs'
import { displayPath, equalBytes, toHex, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { toolVersion } from '../base/version.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { ExcludeMatcher } from '../source/exclude.ts'
import type { FileQuota } from '../source/file-quota.ts'
import { IncludeMatcher } from '../source/include.ts'
import { type Listed, listTree, statEntry } from '../source/list.ts'
import { AccountNames } from '../source/names.ts'
import { absolutePath, openSource, type Source } from '../source/open.ts'
import { BrickView } from '../store/brick-view.ts'
import { forgottenPatterns } from './forgotten.ts'
import { LeafPool } from './leaf-pool.ts'
import type { Lister } from './listing.ts'
import { createBrick, type OpenBrick, openBrick } from './open-brick.ts'
import { type Progress, reconcile } from './reconcile.ts'

export interface FoldRequest {
  /** As given: absolute, or relative to the working directory. */
  readonly source: Uint8Array
  readonly brick: Uint8Array
  readonly exclude: readonly string[]
  readonly crossFilesystems: 'no' | 'yes'
  /** 0: in the calling thread. */
  readonly workers: number
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly reason: string
  readonly onProgress: (progress: Progress) => void
}

export interface FoldReport {
  readonly uuid: string
  readonly generation: number
  readonly contentRoot: string
  readonly treeHash: string
  /** Bytes of content. */
  readonly bytes: number
  readonly entries: number
  readonly unreadable: number
  readonly torn: number
}

export const toolName = `system-foundry ${toolVersion}`

/** Errors: SOURCE_*, BRICK_*, DISK_*, CANCELLED. A failed fold leaves an existing brick at its last commit. */
export async function foldSource(request: FoldRequest): Promise<FoldReport> {
  const source = openSource(request.source)
  const brick = openOrCreate(request, source)
  const pool = new LeafPool({ workers: request.workers, idleThreads: 'end' })
  try {
    const { onProgress, clock, signal, reason } = request
    const exclude = [...request.exclude, ...forgottenPatterns(brick.writer.meta)]
    const lister = listerOf(source, { ...request, exclude, ownFiles: [brick.writer.file.fd] })
    const meta = async (): Promise<BrickMeta> => metaOf(source, request, brick)
    const scopes = [{ path: source.path, reach: 'subtree' as const }]
    const root = source.root
    await reconcile(brick, { scopes, lister, root, meta, clock, pool, signal, reason, commit: 'always', onProgress })
    return reportOf(brick)
  } finally {
    await pool.close()
    brick.writer.close()
  }
}

function openOrCreate(request: FoldRequest, source: Source): OpenBrick {
  if (statSync(Buffer.from(request.brick), { throwIfNoEntry: false }) === undefined) {
    return createBrick(request.brick, request.random)
  }
  const brick = openBrick(request.brick, request.random)
  try {
    refuseOtherSource(brick, request, source)
    return brick
  } catch (error) {
    brick.writer.close()
    throw error
  }
}

function refuseOtherSource(
  { writer, recovery }: ReturnType<typeof openBrick>,
  request: FoldRequest,
  source: Source,
): void {
  const { meta } = new BrickView(writer.file, recovery.head)
  if (meta.kind === source.kind && equalBytes(meta.source, absolutePath(source))) return
  const shown = displayPath(request.brick)
  throw new FoundryError(
    'BRICK_OTHER_SOURCE',
    `${shown} holds ${displayPath(meta.source)}, not ${displayPath(absolutePath(source))}; fold into another file.`,
  )
}

export interface ListerOptions {
  /** With `forgottenPatterns` of the brick's META. */
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

/** The source as a reconcile asks for it. Names of accounts are those of now, or of the last walk. */
export function listerOf(source: Source, options: ListerOptions): Lister {
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

function metaOf(source: Source, request: FoldRequest, { writer }: OpenBrick): BrickMeta {
  const path = absolutePath(source)
  const before = writer.head === undefined ? undefined : new BrickView(writer.file, writer.head).meta
  return {
    unknown: before?.unknown ?? {},
    kind: source.kind,
    source: path,
    name: before?.name ?? brickName(path),
    district: before?.district ?? { x: 0, y: 0 },
    worldReadable: isWorldReadable(path),
    exclude: request.exclude,
    tool: toolName,
  }
}

/** The name of a source's brick where nobody chose one: its path with `-` for `/`. */
export function brickName(path: Uint8Array): string {
  const text = utf8Text(path)
  if (text === undefined || text.includes('\0')) return `x-${toHex(path)}`
  const name = text.replace(/^\/+/, '').replaceAll('/', '-')
  return name === '' ? 'root' : name
}

export function isWorldReadable(path: Uint8Array): boolean {
  const stat = statSync(Buffer.from(path))
  const needed = stat.isDirectory() ? 0o005 : 0o004
  return (stat.mode & needed) === needed
}

function reportOf({ writer, model }: OpenBrick): FoldReport {
  const head = writer.head
  if (head === undefined) throw new FoundryError('DISK_FAILED', 'The fold made no commit.')
  const { uuid, generation, contentRoot, treeHash } = head.record
  return {
    uuid: toHex(uuid),
    generation,
    contentRoot: toHex(contentRoot),
    treeHash: toHex(treeHash),
    ...model.counts,
  }
}
