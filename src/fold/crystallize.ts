/**
 * Makes a portable set: every part of a system into a brick of its own, then the manifest over all of them.
 *
 * A part that cannot be had, or for which the budget has no room, is left out and said; what concerns the disk or the
 * user's wish to stop ends the run. Finished bricks stay, and the next run with the same question goes on behind them.
 * What an earlier set has of districts that nobody asked for this time stays in it as it is.
 */
import { existsSync } from 'node:fs'
import { displayPath, toHex, utf8 } from '../base/bytes.ts'
import { timestampOf } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import { type ErrorCode, FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { rootPart, type SystemDistrict, type SystemPart, type SystemParts } from '../source/system-parts.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { SetFolder } from '../store/set-folder.ts'
import { type SetBrick, type SetLeftOut, type SetManifest, setHash } from '../store/set-manifest.ts'
import { foldSource, toolName } from './fold-source.ts'
import type { Progress } from './reconcile.ts'

export interface CrystallizeRequest extends SystemParts {
  /** Absolute. */
  readonly folder: string
  /** Where the system lies; `/` is the machine at work. */
  readonly root: string
  /** That were asked for, also those of which there is nothing. The folders above all parts are always part of the set. */
  readonly districts: readonly SystemDistrict[]
  /** What was asked for, in words of its own: an interrupted run goes on only with the same. */
  readonly asked: string
  /** All bricks of the folder together are at most so large. */
  readonly budgetBytes?: number
  readonly crossFilesystems: 'no' | 'yes'
  readonly host: string
  readonly kernel: string
  readonly workers: number
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress & { readonly part: SystemPart; readonly place: PartPlace }) => void
}

/** Which part of how many; from 1. */
export interface PartPlace {
  readonly number: number
  readonly count: number
}

export interface CrystallizeReport {
  readonly manifest: SetManifest
  readonly setHash: string
  /** Bricks that an earlier run had finished. */
  readonly resumedCount: number
  /** Bricks of the set before that were not asked for: as they were. */
  readonly keptCount: number
}

/** Errors: those of `SetFolder.open`, DISK_*, CANCELLED. */
export async function crystallize(request: CrystallizeRequest): Promise<CrystallizeReport> {
  const { clock, asked, host, kernel, root, signal } = request
  const nowText = (): string => rfc3339(timestampOf(clock.nowNs())) ?? ''
  const folder = SetFolder.open(request.folder, { nowText: nowText(), root, asked })
  try {
    const resumedCount = folder.resumed.length
    const kept = keptOf(request, folder.before)
    const parts = [rootPart(root, [...request.parts, ...kept.bricks.map(whereOf)]), ...request.parts]
    const leftOut: SetLeftOut[] = [...kept.leftOut, ...request.leftOut]
    const isDone = new Set(folder.resumed.map(({ file }) => file))
    const count = parts.length
    for (const [index, part] of parts.entries()) {
      if (isDone.has(fileOf(part))) continue
      const why = await makePart(request, { folder, part, place: { number: index + 1, count } })
      if (why !== undefined) leftOut.push(why)
    }
    const manifest = folder.finish({ tool: toolName, host, kernel, endedAt: nowText(), leftOut, kept: kept.bricks })
    return { manifest, setHash: setHash(manifest.bricks), resumedCount, keptCount: kept.bricks.length }
  } catch (error) {
    throw signal.aborted ? stopped(folder, error) : error
  } finally {
    folder.close()
  }
}

/** What of the set before nobody asked for this time. */
function keptOf(
  { districts, parts }: CrystallizeRequest,
  before: SetManifest | undefined,
): Pick<SetManifest, 'bricks' | 'leftOut'> {
  const asked = new Set<string>([...districts, 'root'])
  const files = new Set(parts.map(fileOf))
  const sources = new Set(parts.map(({ source }) => source))
  const { bricks = [], leftOut = [] } = before ?? {}
  return {
    bricks: bricks.filter(({ district, file }) => !asked.has(district) && !files.has(file)),
    leftOut: leftOut.filter(({ district, source }) => !asked.has(district) && !sources.has(source)),
  }
}

/** As `rootPart` wants to know it. */
function whereOf({ kind, place }: SetBrick): Pick<SystemPart, 'place' | 'source'> {
  return kind === 'tree' || kind === 'file' ? { place, source: place } : { place: null, source: place }
}

/** What a user who stopped a run has to know: what is there, and how it goes on. */
function stopped({ path, done, before }: SetFolder, error: unknown): unknown {
  if (!(error instanceof FoundryError) || error.code !== 'CANCELLED') return error
  const shown = displayPath(utf8(path))
  const stays = [`no brick of ${shown} is finished yet`, `1 brick of ${shown} is finished and stays`][done.length]
  const what = stays ?? `${done.length} bricks of ${shown} are finished and stay`
  const set = before === undefined ? 'there is no manifest' : 'it is the set of before'
  return new FoundryError(
    'CANCELLED',
    `Stopped: ${what}; the same command goes on from there. Until then ${set}.`,
    error,
  )
}

interface PartWork {
  readonly folder: SetFolder
  readonly part: SystemPart
  readonly place: PartPlace
}

/** Why it was left out; undefined where it is part of the set now. */
async function makePart(request: CrystallizeRequest, work: PartWork): Promise<SetLeftOut | undefined> {
  const { folder, part, place } = work
  const { budgetBytes, clock, random, signal, workers, onProgress } = request
  const left = budgetBytes === undefined ? undefined : budgetBytes - folder.brickBytes
  if (left !== undefined && left <= 0) return overBudget(part, budgetBytes)
  const brick = folder.pathOf(fileOf(part))
  const isNew = !existsSync(Buffer.from(brick))
  try {
    await foldSource({
      source: utf8(part.source),
      brick,
      include: part.include,
      exclude: part.exclude,
      ownFolders: [utf8(folder.path)],
      ...(left !== undefined && { writtenBytesMax: left }),
      crossFilesystems: part.district === 'root' ? 'yes' : request.crossFilesystems,
      workers,
      clock,
      random,
      signal,
      reason: 'crystallize',
      onProgress: (progress) => onProgress({ ...progress, part, place }),
    })
  } catch (error) {
    if (!(error instanceof FoundryError) || !isOfPart.has(error.code)) throw error
    if (error.code === 'BRICK_LIMIT' && left !== undefined) return overBudget(part, budgetBytes)
    return { district: part.district, source: part.source, reason: error.code, message: error.message }
  }
  // What a commit itself takes is known only when it was made.
  if (budgetBytes !== undefined && isNew && folder.brickBytes > budgetBytes) {
    folder.drop(fileOf(part))
    return overBudget(part, budgetBytes)
  }
  folder.add(describe(brick, part))
  return undefined
}

/** Failures that concern one part and no other. */
const isOfPart: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'USAGE',
  'SOURCE_MISSING',
  'SOURCE_UNREADABLE',
  'SOURCE_KIND',
  'SOURCE_REPLACED',
  'SOURCE_ENDED',
  'BRICK_LIMIT',
  'BRICK_OTHER_SOURCE',
  'BRICK_DAMAGED',
])

function overBudget({ district, source }: SystemPart, budgetBytes: number | undefined): SetLeftOut {
  const message = `It does not fit into the ${budgetBytes} bytes that all bricks together may have.`
  return { district, source, reason: 'DiskBudget', message }
}

function fileOf({ name }: SystemPart): string {
  return `${name}.brick`
}

function describe(path: Uint8Array, part: SystemPart): SetBrick {
  const file = BrickFile.open(path)
  try {
    const view = new BrickView(file, file.readHeadOnce())
    const { record, meta, extras } = view
    return {
      file: fileOf(part),
      district: part.district,
      kind: meta.kind,
      place: part.place ?? displayPath(meta.source),
      uuid: toHex(record.uuid),
      generation: record.generation,
      commit: toHex(record.id),
      treeHash: toHex(record.treeHash),
      contentRoot: toHex(record.contentRoot),
      time: rfc3339(record.time),
      entries: extras.counts.entries,
      bytes: extras.counts.bytes,
      fileBytes: record.fileEnd,
      unreadable: extras.counts.unreadable,
      torn: extras.counts.torn,
      include: part.include,
      exclude: part.exclude,
    }
  } finally {
    file.close()
  }
}
