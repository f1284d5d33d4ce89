/** `sfd fold`: one source into one brick file, a new one or one more commit of the same source. */
import { statSync } from 'node:fs'
import { displayPath, toHex, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { toolVersion } from '../base/version.ts'
import type { BrickMeta } from '../brick/meta.ts'
import type { Held } from '../source/log/held.ts'
import { absolutePath, isOfSource, openSource, type Source, sourceName } from '../source/open.ts'
import { openArtifact } from '../source/open-artifact.ts'
import { isNeverRead } from '../source/process/mapping-kind.ts'
import { processBrickName } from '../source/process/open-process.ts'
import { BrickView } from '../store/brick-view.ts'
import { statToWrite } from '../store/look-at.ts'
import { forgottenPatterns, withoutForgotten } from './forgotten.ts'
import { heldContent } from './held-content.ts'
import { LeafPool } from './leaf-pool.ts'
import { createBrick, type OpenBrick, openBrick } from './open-brick.ts'
import { type Progress, reconcile } from './reconcile.ts'

export interface FoldRequest {
  /** As given: absolute, or relative to the working directory. */
  readonly source: Uint8Array
  readonly brick: Uint8Array
  readonly exclude: readonly string[]
  /** Globs of the files that are wanted; none: all. */
  readonly include?: readonly string[]
  /** Folders of ours, never part of the source. */
  readonly ownFolders?: readonly Uint8Array[]
  /** The fold is given up, with BRICK_LIMIT, when it has written more than that. */
  readonly writtenBytesMax?: number
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
  /** Of these, mappings of a process that are listed and by their nature or their owner's wish not read. */
  readonly neverRead: number
  readonly torn: number
}

export const toolName = `system-foundry ${toolVersion}`

/** Errors: SOURCE_*, BRICK_*, DISK_*, CANCELLED. A failed fold leaves an existing brick at its last commit. */
export async function foldSource(request: FoldRequest): Promise<FoldReport> {
  const source = openSource(request.source)
  for (let attempt = 1; ; attempt++) {
    try {
      return await foldOpened(request, source)
    } catch (error) {
      const isExec = source.kind === 'process' && (error as Partial<FoundryError>).code === 'SOURCE_REPLACED'
      if (!isExec || attempt === attemptsMax) throw error
    }
  }
}

/** A process may begin one program after the other. */
const attemptsMax = 5

async function foldOpened(request: FoldRequest, source: Source): Promise<FoldReport> {
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
  const held = (): Held | undefined => heldContent(brick)
  const artifact = openArtifact(source, { ...request, exclude, ownFiles: [brick.writer.file.fd], held })
  const reconcileOnce = async (): Promise<void> => {
    await artifact.look?.(signal)
    await reconcile(brick, {
      scopes: [{ path: source.path, reach: 'subtree' }],
      lister: withoutForgotten(artifact.lister, brick.writer.meta),
      artifact,
      root: source.root,
      meta: async () => metaOf(source, request, brick, artifact.about?.()),
      clock,
      pool,
      signal,
      reason,
      commit: 'always',
      onProgress: (progress) => {
        checkWritten(brick, request)
        onProgress(progress)
      },
    })
  }
  try {
    do await reconcileOnce()
    while (artifact.isBehind === true)
  } finally {
    await artifact.close?.()
  }
}

function checkWritten({ writer }: OpenBrick, { writtenBytesMax, brick }: FoldRequest): void {
  if (writtenBytesMax === undefined) return
  const before = writer.head?.record.fileEnd ?? 0
  if (Number(Atomics.load(writer.end, 0)) - before <= writtenBytesMax) return
  throw new FoundryError('BRICK_LIMIT', `${displayPath(brick)} would grow by more than ${writtenBytesMax} bytes.`)
}

function openOrCreate(request: FoldRequest, source: Source): OpenBrick {
  if (statToWrite(request.brick) === undefined) return createBrick(request.brick, request.random)
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

function metaOf(source: Source, request: FoldRequest, { writer }: OpenBrick, about: BrickMeta['about']): BrickMeta {
  const before = writer.head === undefined ? undefined : new BrickView(writer.file, writer.head).meta
  return {
    unknown: before?.unknown ?? {},
    kind: source.kind,
    source: sourceName(source),
    name: before?.name ?? brickNameOfSource(source),
    district: before?.district ?? { x: 0, y: 0 },
    worldReadable: isWorldReadable(source),
    exclude: request.exclude,
    ...(about !== undefined && { about }),
    tool: toolName,
  }
}

/** The name of a source's brick where nobody chose one. */
export function brickNameOfSource(source: Source): string {
  return source.kind === 'process' ? processBrickName(source) : brickName(sourceName(source))
}

/** Of a path: with `-` for `/`; of what is named otherwise, such as `journal:`, without the colon. */
export function brickName(path: Uint8Array): string {
  const text = utf8Text(path)
  if (text === undefined || text.includes('\0')) return `x-${toHex(path)}`
  const words = text.startsWith('/') ? text : text.replace(/:\/*/, '-').replace(/-$/, '')
  const name = words.replace(/^\/+/, '').replaceAll('/', '-')
  return name === '' ? 'root' : name
}

/** Whether everybody could read the source; of a process's memory nobody but its owner may. */
export function isWorldReadable(source: Source): boolean {
  if (source.kind === 'process' || source.name !== undefined) return false
  const stat = statSync(Buffer.from(absolutePath(source)), { throwIfNoEntry: source.kind !== 'log' })
  // A log that is being rotated, at this moment.
  if (stat === undefined) return false
  const needed = stat.isDirectory() ? 0o005 : 0o004
  return (stat.mode & needed) === needed
}

/** Of a brick whose commit was just made. */
export function reportOf({ writer, model }: OpenBrick): FoldReport {
  const head = writer.head
  if (head === undefined) throw new FoundryError('DISK_FAILED', 'The fold made no commit.')
  const { uuid, generation, contentRoot, treeHash } = head.record
  return {
    uuid: toHex(uuid),
    generation,
    contentRoot: toHex(contentRoot),
    treeHash: toHex(treeHash),
    ...model.counts,
    neverRead: writer.meta?.kind === 'process' ? neverReadOf(model) : 0,
  }
}

/** Of a process: what is nobody's to read, such as [vvar], or has no right at all. */
function neverReadOf(model: OpenBrick['model']): number {
  let count = 0
  for (const [, { mapping, unreadable = '' }] of model.entries) if (mapping && isNeverRead(unreadable)) count++
  return count
}
