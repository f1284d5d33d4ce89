/** `sfd fold`: one source into one brick file, a new one or one more commit of the same source. */
import { statSync } from 'node:fs'
import { displayPath, toHex, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { toolVersion } from '../base/version.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { absolutePath, isOfSource, openSource, type Source, sourceName } from '../source/open.ts'
import { openArtifact } from '../source/open-artifact.ts'
import { BrickView } from '../store/brick-view.ts'
import { forgottenPatterns, withoutForgotten } from './forgotten.ts'
import { LeafPool } from './leaf-pool.ts'
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
    await foldOnce(brick, { request, source, pool })
    return reportOf(brick)
  } finally {
    await pool.close()
    brick.writer.close()
  }
}

async function foldOnce(
  brick: OpenBrick,
  { request, source, pool }: { request: FoldRequest; source: Source; pool: LeafPool },
): Promise<void> {
  const { onProgress, clock, signal, reason } = request
  const exclude = [...request.exclude, ...forgottenPatterns(brick.writer.meta)]
  const artifact = openArtifact(source, { ...request, exclude, ownFiles: [brick.writer.file.fd] })
  try {
    await artifact.look?.(signal)
    await reconcile(brick, {
      scopes: [{ path: source.path, reach: 'subtree' }],
      lister: withoutForgotten(artifact.lister, brick.writer.meta),
      artifact,
      root: source.root,
      meta: async () => metaOf(source, request, brick),
      clock,
      pool,
      signal,
      reason,
      commit: 'always',
      onProgress,
    })
  } finally {
    await artifact.close?.()
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
  if (isOfSource(meta, source)) return
  const shown = displayPath(request.brick)
  throw new FoundryError(
    'BRICK_OTHER_SOURCE',
    `${shown} holds ${displayPath(meta.source)}, not ${displayPath(sourceName(source))}; fold into another file.`,
  )
}

function metaOf(source: Source, request: FoldRequest, { writer }: OpenBrick): BrickMeta {
  const name = sourceName(source)
  const before = writer.head === undefined ? undefined : new BrickView(writer.file, writer.head).meta
  return {
    unknown: before?.unknown ?? {},
    kind: source.kind,
    source: name,
    name: before?.name ?? brickName(name),
    district: before?.district ?? { x: 0, y: 0 },
    worldReadable: isWorldReadable(source),
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

/** Whether everybody could read the source; of a process's memory nobody but its owner may. */
export function isWorldReadable(source: Source): boolean {
  if (source.kind === 'process' || source.name !== undefined) return false
  const stat = statSync(Buffer.from(absolutePath(source)))
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
