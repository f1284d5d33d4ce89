/**
 * Bytes that lie in no file yet as a brick of one entry: what was unpacked from another format.
 *
 * They go into a private folder beside the brick, are folded from there like any file, and the folder goes. The brick is
 * marked ended: there is no live source that it could follow.
 */
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, utimesSync, writeSync } from 'node:fs'
import { concatBytes, displayPath, toHex, utf8 } from '../base/bytes.ts'
import { timestampOf } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { JsonValue } from '../base/region.ts'
import type { BrickMeta } from '../brick/meta.ts'
import type { Source } from '../source/open.ts'
import { openArtifact } from '../source/open-artifact.ts'
import { diskError, guard } from '../store/disk-error.ts'
import { statToWrite } from '../store/look-at.ts'
import { brickName, type FoldReport, reportOf, toolName } from './fold-source.ts'
import { LeafPool } from './leaf-pool.ts'
import { createBrick } from './open-brick.ts'
import { type Progress, reconcile } from './reconcile.ts'

export interface ImportRequest<T> {
  /** Asked once; the pieces may be overwritten afterwards. What it returns at its end is passed to `meta`. */
  readonly content: Generator<Uint8Array, T>
  /** Names the only entry: one path component. */
  readonly name: Uint8Array
  /** Permission bits of the entry. */
  readonly mode: number
  readonly mtimeMs: number
  /** What the brick says it was made of: no path that could be followed. */
  readonly source: Uint8Array
  readonly worldReadable: boolean
  readonly about: (end: T) => { readonly [key: string]: JsonValue }
  readonly brick: Uint8Array
  readonly workers: number
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  /** Lets the event loop go on: without it nobody hears the signal. */
  readonly pause: () => Promise<void>
  /** Milliseconds. */
  readonly sleep: (ms: number) => Promise<unknown>
  readonly onProgress: (progress: Progress) => void
}

/** What the content's end said comes back beside the report. Errors: BRICK_EXISTS, DISK_*, CANCELLED; those of the content. */
export async function importFile<T>(
  request: ImportRequest<T>,
): Promise<{ readonly report: FoldReport; readonly end: T }> {
  const { brick, random } = request
  if (statToWrite(brick) !== undefined) {
    throw new FoundryError('BRICK_EXISTS', `${displayPath(brick)} is there already. Choose another name.`)
  }
  const folder = concatBytes([brick, utf8(`.${toHex(random.bytes(6))}.import`)])
  guard(brick, () => mkdirSync(Buffer.from(folder), { mode: 0o700 }))
  try {
    const end = await writeContent(folder, request).catch((error: unknown) => {
      throw diskError(brick, error)
    })
    await request.sleep(raceMs)
    const source: Source = { kind: 'file', root: folder, path: request.name }
    return { report: await foldOnce(source, request, request.about(end)), end }
  } finally {
    rmSync(Buffer.from(folder), { recursive: true, force: true })
  }
}

/** What was written less long ago than that might be written again unseen, and would be marked so: racy. */
const raceMs = 25
/** Of at most a tile each. */
const piecesAtOnce = 64

async function writeContent<T>(folder: Uint8Array, request: ImportRequest<T>): Promise<T> {
  const { content, name, mode, mtimeMs, signal, pause } = request
  const path = Buffer.from(concatBytes([folder, utf8('/'), name]))
  const fd = openSync(path, 'wx', 0o600)
  try {
    let next = content.next()
    for (let pieces = 1; next.done !== true; next = content.next(), pieces++) {
      if (pieces % piecesAtOnce === 0) await pause()
      signal.throwIfAborted()
      for (let at = 0; at < next.value.length; ) at += writeSync(fd, next.value, at)
    }
    utimesSync(path, mtimeMs / 1000, mtimeMs / 1000)
    chmodSync(path, mode)
    return next.value
  } finally {
    closeSync(fd)
  }
}

async function foldOnce<T>(
  source: Source,
  request: ImportRequest<T>,
  about: { readonly [key: string]: JsonValue },
): Promise<FoldReport> {
  const { clock, signal, random, workers, onProgress } = request
  const brick = createBrick(request.brick, random)
  const pool = new LeafPool({ workers, idleThreads: 'end' })
  const ownFiles = [brick.writer.file.fd]
  const artifact = openArtifact(source, { exclude: [], crossFilesystems: 'no', clock, signal, ownFiles })
  try {
    await reconcile(brick, {
      scopes: [{ path: source.path, reach: 'subtree' }],
      lister: artifact.lister,
      artifact,
      root: source.root,
      meta: async () => metaOf(request, about),
      clock,
      pool,
      signal,
      reason: 'import',
      commit: 'always',
      onProgress,
    })
    return reportOf(brick)
  } finally {
    await artifact.close?.()
    await pool.close()
    brick.writer.close()
  }
}

function metaOf<T>(request: ImportRequest<T>, about: { readonly [key: string]: JsonValue }): BrickMeta {
  const ended = rfc3339(timestampOf(request.clock.nowNs()))
  return {
    unknown: {},
    kind: 'file',
    source: request.source,
    name: brickName(request.name),
    district: { x: 0, y: 0 },
    worldReadable: request.worldReadable,
    exclude: [],
    tool: toolName,
    about,
    ...(ended !== null && { ended }),
  }
}
