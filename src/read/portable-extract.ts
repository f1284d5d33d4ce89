/**
 * A portable set as one tree again: each brick's entries beneath the destination, at the place that they had in the
 * system. What are no files of it (memory, devices, unpacked modules) stays in the bricks and is said.
 *
 * The deepest places come first and the root last, so that no brick can put a link where another one's folder belongs,
 * and folders get their times when nothing is made in them any more.
 */
import { concatBytes, displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { filesystemOfFd } from '../linux/statfs.ts'
import type { SetBrick } from '../store/set-manifest.ts'
import type { Ownership } from './attributes.ts'
import { checkSpace, openDestination } from './destination.ts'
import { addReport, type ExtractReport, emptyReport, extract, type ProblemList } from './extract.ts'
import { planExtraction } from './extract-plan.ts'
import { hasPlace, type PortableSet, withSetBrick } from './portable-set.ts'

export interface SetExtractRequest {
  readonly set: PortableSet
  /** A folder; made with its parents where missing. */
  readonly dest: Uint8Array
  /** Paths in the system, absolute or from its root on; empty: everything. */
  readonly paths: readonly Uint8Array[]
  readonly existing: 'refuse' | 'replace'
  readonly ownership: Ownership
  readonly workers: number
  readonly signal: AbortSignal
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: {
    readonly brick: SetBrick
    readonly doneBytes: number
    readonly totalBytes: number
    readonly files: number
  }) => void
}

export interface SetExtractReport {
  /** Paths are those in the system, without a leading slash. */
  readonly report: ExtractReport
  readonly bricks: readonly SetBrick[]
  /** No files of the system: not extracted. */
  readonly others: readonly SetBrick[]
}

/** Errors: those of `extract` and of opening each brick; ENTRY_MISSING where no brick has a place for a path. */
export async function extractSet(request: SetExtractRequest): Promise<SetExtractReport> {
  const { set, dest, signal } = request
  const chosen = choose(set, request.paths)
  await checkDestination(request, chosen)
  const total = emptyReport()
  for (const { brick, paths } of chosen) {
    signal.throwIfAborted()
    const report = await withSetBrick(set, brick, (view) => {
      const { ownership, workers, pause, onProgress } = request
      return extract({
        view,
        dest,
        beneath: utf8(folderOf(brick).slice(1)),
        paths,
        existing: 'replace',
        ownership,
        workers,
        signal,
        pause,
        onProgress: (progress) => onProgress({ brick, ...progress }),
      })
    })
    addReport(total, withPlaces(report, folderOf(brick)))
  }
  const others = request.paths.length > 0 ? [] : set.manifest.bricks.filter((brick) => !hasPlace(brick))
  return { report: total, bricks: chosen.map(({ brick }) => brick), others }
}

/** Refuses a destination before anything is written into it. */
async function checkDestination(request: SetExtractRequest, chosen: readonly Chosen[]): Promise<void> {
  const { set, dest, existing, pause } = request
  const opened = openDestination({ path: dest, existing })
  try {
    if (existing === 'replace' || filesystemOfFd(opened.fd).freeBytes >= boundOf(chosen)) return
    let neededBytes = 0
    for (const { brick, paths } of chosen) {
      neededBytes += await withSetBrick(set, brick, async (view) => planExtraction(view, paths).spaceBytes)
      await pause()
    }
    checkSpace(opened.fd, neededBytes)
  } finally {
    opened.dest.close()
  }
}

/** Bytes that the bricks take at most as the manifest says: cheap, and for most enough. */
function boundOf(chosen: readonly Chosen[]): number {
  return chosen.reduce((sum, { brick }) => sum + brick.bytes + 2 * blockBytes * brick.entries, 0)
}

const blockBytes = 4_096

interface Chosen {
  readonly brick: SetBrick
  /** Entries of it; none: everything. */
  readonly paths: readonly Uint8Array[]
}

/** In the order in which they are extracted. */
function choose({ manifest }: PortableSet, paths: readonly Uint8Array[]): readonly Chosen[] {
  const placed = manifest.bricks.filter(hasPlace).toSorted((a, b) => depthOf(b) - depthOf(a))
  if (paths.length === 0) return placed.map((brick) => ({ brick, paths: [] }))
  const chosen = new Map<SetBrick, Uint8Array[] | 'all'>()
  for (const path of paths) {
    const wanted = plainPath(path)
    const within = placed.filter(({ place }) => isWithin(place, wanted))
    // The deepest that contains it holds it; what lies deeper still belongs to it as well.
    const holder = placed.find(({ place }) => isWithin(wanted, place))
    if (holder === undefined && within.length === 0) {
      throw new FoundryError('ENTRY_MISSING', `No brick of the set has a place for ${displayPath(path)}.`)
    }
    for (const brick of within) chosen.set(brick, 'all')
    if (holder !== undefined && chosen.get(holder) !== 'all') {
      const inside = wanted.slice(holder.place.length).replace(/^\//, '')
      if (inside === '') chosen.set(holder, 'all')
      else chosen.set(holder, [...listOf(chosen.get(holder)), latin1(inside)])
    }
  }
  return placed.flatMap((brick) => {
    const paths = chosen.get(brick)
    return paths === undefined ? [] : [{ brick, paths: listOf(paths) }]
  })
}

function listOf(paths: Uint8Array[] | 'all' | undefined): Uint8Array[] {
  return paths === undefined || paths === 'all' ? [] : paths
}

/** The folder in which the brick's entries begin: of one file the folder that it lies in. */
function folderOf({ kind, place }: SetBrick): string {
  return kind === 'file' ? place.slice(0, Math.max(1, place.lastIndexOf('/'))) : place
}

function depthOf({ place }: SetBrick): number {
  return place === '/' ? 0 : place.split('/').length
}

function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`)
}

/** One character a byte, absolute, no empty and no `.` parts. */
function plainPath(path: Uint8Array): string {
  const parts = Buffer.from(path).toString('latin1').split('/')
  return `/${parts.filter((part) => part !== '' && part !== '.').join('/')}`
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

function withPlaces(report: ExtractReport, folder: string): ExtractReport {
  const prefix = utf8(folder === '/' ? '' : `${folder.slice(1)}/`)
  const placed = ({ count, items }: ProblemList): ProblemList => ({
    count,
    items: items.map(({ path, why }) => ({ path: concatBytes([prefix, path]), why })),
  })
  const { skipped, failed, damaged, unreadable, torn, forgotten } = report
  return {
    ...report,
    skipped: placed(skipped),
    failed: placed(failed),
    damaged: placed(damaged),
    unreadable: placed(unreadable),
    torn: placed(torn),
    forgotten: placed(forgotten),
  }
}
