/**
 * Purges the bytes of a path from a brick and all its history (spec 7.3): a commit without it, which remembers never to read
 * it again, then a compaction that leaves its bytes behind.
 *
 * Older commits keep their ids and hashes; the tiles that held it are PRUNED in them, and with them what else lay in those
 * tiles. What names and sizes say of it stays. Needs the brick for itself throughout.
 */
import { bytesKey, displayPath, toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { type BrickMeta, isOneFile } from '../brick/meta.ts'
import { level4PageBytes } from '../kernel/kernel.ts'
import type { Lister } from '../source/artifact.ts'
import { BrickView } from '../store/brick-view.ts'
import { type CompactParts, type CompactReport, compactBrick } from '../store/compact.ts'
import type { OverviewTools } from '../store/pruned-pages.ts'
import { type ForgetSurvey, surveyForget } from './forget-survey.ts'
import { LeafPool } from './leaf-pool.ts'
import { type OpenBrick, openBrick } from './open-brick.ts'
import { reconcile } from './reconcile.ts'
import { chunkBytes, isEmptyPage, patchPage, reducePage } from './summary.ts'

export interface ForgetParts extends Pick<CompactParts, 'path' | 'random' | 'signal' | 'pause' | 'onProgress'> {
  /** Of the entry, relative to the source; of a directory with all beneath. */
  readonly entryPath: Uint8Array
  readonly clock: Clock
  /** Who has it open in this process, closed afterwards; left out: it is opened, and locked, as long as this takes. */
  readonly brick?: OpenBrick
}

type OfSurvey = Pick<ForgetSurvey, 'names' | 'everNamed' | 'contentIds' | 'alsoLost' | 'copies' | 'commits'>

export interface ForgetReport extends OfSurvey {
  /** Of the brick, hex. */
  readonly uuid: string
  readonly brickName: string
  /** What it is of. */
  readonly source: Pick<BrickMeta, 'kind' | 'source'>
  /** Tiles that lost their bytes, each version counted. */
  readonly tiles: number
  readonly compaction: CompactReport
}

/** Errors: ENTRY_MISSING, ENTRY_KIND, those of opening, committing and compacting. Done again after one, it goes on. */
export async function forgetPath(parts: ForgetParts): Promise<ForgetReport> {
  const brick = parts.brick ?? openBrick(parts.path, parts.random)
  try {
    return await forgetIn(brick, parts)
  } finally {
    brick.writer.close()
  }
}

async function forgetIn(brick: OpenBrick, parts: ForgetParts): Promise<ForgetReport> {
  const { writer } = brick
  const { path, entryPath, random, signal, pause, onProgress } = parts
  const newest = viewOf(brick)
  refuseWhole(newest, entryPath)
  const survey = await surveyForget(newest, entryPath, pause)
  await commitWithout(brick, survey, parts)
  let generation = 0
  const compaction = await compactBrick({
    ...{ path, random, signal, pause, onProgress, writer },
    prune: {
      overviews: overviewTools(brick),
      enter: (next) => {
        generation = next
      },
      takes: ({ index, offset }) =>
        offset > 0 ? survey.frames.has(offset) : (survey.fills.get(generation)?.has(index) ?? false),
    },
    regionsWithout: (ofGeneration) => survey.slots.get(ofGeneration) ?? [],
    // Also of older commits: a power cut may make one of them the newest.
    meta: (meta) => ({ ...meta, forgotten: forgottenOf(meta, survey) }),
  })
  const { names, everNamed, contentIds, alsoLost, copies, commits } = survey
  const of = { uuid: toHex(newest.record.uuid), brickName: newest.meta.name, source: newest.meta }
  const found = { names, everNamed, contentIds, alsoLost, copies, commits }
  return { ...of, ...found, tiles: compaction.prunedTiles, compaction }
}

function viewOf({ writer }: OpenBrick): BrickView {
  if (writer.head === undefined) throw new FoundryError('ENTRY_MISSING', 'The brick has no commit yet.')
  return new BrickView(writer.file, writer.head)
}

function refuseWhole(view: BrickView, path: Uint8Array): void {
  if (path.length > 0 && !isOneFile(view.meta.kind)) return
  const name = displayPath(view.file.path)
  throw new FoundryError('ENTRY_KIND', `That would be all of ${name}. Remove the brick instead: \`sfd rm\`.`)
}

/** The newest commit without the names; they are not asked for, nor is anything else: the source may be gone. */
async function commitWithout(brick: OpenBrick, survey: ForgetSurvey, parts: ForgetParts): Promise<void> {
  const { model } = brick
  const { clock, signal, entryPath } = parts
  const before = viewOf(brick).meta
  const meta: BrickMeta = { ...before, forgotten: forgottenOf(before, survey) }
  const gone = new Set(survey.names.map(bytesKey))
  const frozen: Lister = {
    stat(path) {
      const entry = gone.has(bytesKey(path)) ? undefined : model.get(path)
      return entry && { meta: entry }
    },
    walk: () => [],
  }
  const scopes = survey.names
    .filter((name) => model.get(name) !== undefined)
    .map((path) => ({ path, reach: 'subtree' as const }))
  const pool = new LeafPool({ workers: 0 })
  await reconcile(brick, {
    ...{ scopes, lister: frozen, clock, pool, signal },
    root: new Uint8Array(0),
    meta: async () => meta,
    reason: `forget ${displayPath(entryPath)}`,
    commit: 'always',
    onProgress: () => undefined,
  })
}

function forgottenOf({ forgotten = [] }: BrickMeta, { names }: ForgetSurvey): Uint8Array[] {
  const known = new Set(forgotten.map(bytesKey))
  return [...forgotten, ...names.filter((name) => !known.has(bytesKey(name)))]
}

function overviewTools({ context }: OpenBrick): OverviewTools {
  return {
    emptyPage: () => new Uint8Array(level4PageBytes),
    emptyChunk: new Uint8Array(chunkBytes),
    patch: patchPage,
    reduce: (page) => reducePage(context.kernel, page),
    isEmpty: isEmptyPage,
  }
}
