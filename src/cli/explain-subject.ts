/**
 * What `sfd explain` knows of one place: the entry, all that analyzers say of it (looked at now where the brick does not
 * say it), and its bytes.
 */
import { AnalysisPool } from '../analysis/analysis-pool.ts'
import { analyzeBrick } from '../analysis/analyze-brick.ts'
import { BrickContents } from '../analysis/brick-content.ts'
import { missingRuns } from '../analysis/brick-missing.ts'
import { ticketOf } from '../analysis/content-job.ts'
import type { EntryLabels } from '../analysis/entry-labels.ts'
import { HeldContent, makeSubject } from '../analysis/make-subject.ts'
import { descriptionClass } from '../analysis/model/description.ts'
import { isOfThisMachine } from '../analysis/own-machine.ts'
import { readPackages } from '../analysis/packages.ts'
import type { Subject } from '../analysis/subject.ts'
import { FoundryError } from '../base/errors.ts'
import type { Region } from '../base/region.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { isOneFile } from '../brick/meta.ts'
import type { Catalog } from '../catalog/catalog-db.ts'
import { openReportCache } from '../catalog/report-cache.ts'
import { isUnread } from '../read/content.ts'
import { placeOnMachine } from '../read/findings.ts'
import { Forgotten } from '../read/forgotten.ts'
import { addressOf, offsetsOf } from '../read/mapping-path.ts'
import { regionsOf } from '../read/regions.ts'
import { entryAt, entryPath } from '../read/select.ts'
import type { BrickView } from '../store/brick-view.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'

/** Where a person points. */
export interface Pointed {
  readonly entry: EntryRecord
  /** In its content; undefined: the whole entry. */
  readonly offset: number | undefined
}

export interface Explained extends Pointed {
  readonly view: BrickView
  /** Absolute, as the source's system names it. */
  readonly place: Uint8Array
  readonly labels: EntryLabels
  /** Of analyzers and of the source, by offset, containers first. */
  readonly regions: readonly Region[]
  /** What models said of it, as the brick has it. */
  readonly descriptions: readonly Region[]
  /** Its bytes; undefined where the brick has none. */
  readonly subject: Subject | undefined
}

export interface Place {
  /** Entry, or a number: a position in the brick's space, an address of a process, an offset in the one file. */
  readonly what: string | undefined
  /** In the entry. */
  readonly offset: string | undefined
}

/** Errors: ENTRY_MISSING, RANGE_INVALID, USAGE. */
export function pointedAt(view: BrickView, { what, offset }: Place): Pointed {
  const only = onlyEntry(view)
  if (what === undefined) {
    if (only !== undefined) return { entry: only, offset: undefined }
    throw new FoundryError('USAGE', 'Name an entry, or a position: `sfd ls BRICK` lists what there is.')
  }
  const named = view.entry(entryPath(view, argumentBytes(what)))
  if (named !== undefined && view.meta.kind !== 'process') return within(owner(view, named), numberOf(offset))
  const address = view.meta.kind === 'process' ? addressOf(what) : undefined
  const mapped = address === undefined ? undefined : offsetsOf(view, { from: address, to: undefined })
  if (mapped !== undefined) return within(mapped.entry, mapped.range.from)
  if (named !== undefined) return within(owner(view, named), numberOf(offset))
  if (isNumber(what)) return only === undefined ? positioned(view, Number(what)) : within(only, numberOf(what))
  return { entry: entryAt(view, entryPath(view, argumentBytes(what))), offset: undefined }
}

export interface ExplainTools {
  readonly call: Call
  readonly catalog: Catalog
}

/** Errors: CANCELLED, BrickDamage. */
export async function explained(
  view: BrickView,
  pointed: Pointed,
  { call, catalog }: ExplainTools,
): Promise<Explained> {
  const { entry } = pointed
  const cache = openReportCache(catalog)
  const pool = new AnalysisPool({ threads: 1 })
  try {
    const host = { packages: isOfThisMachine(view) ? readPackages() : undefined }
    const { signal } = call
    let labels: EntryLabels | undefined
    for await (const said of analyzeBrick({ view, pool, cache, host, signal, just: [entry.path] })) labels = said
    if (labels === undefined) throw new Error('an entry that is there was not analysed')
    const stored = storedRegions(view, entry)
    const own = stored.filter(({ detector }) => detector === undefined)
    const descriptions = stored.filter((region) => region.class === descriptionClass)
    const regions = [...labels.regions.filter((region) => region.class !== descriptionClass), ...own].sort(
      (a, b) => a.offset - b.offset || b.length - a.length,
    )
    const place = placeOnMachine(view.meta, entry.path)
    return {
      ...pointed,
      view,
      place,
      labels,
      regions,
      descriptions,
      subject: subjectOf(view, entry, { labels, place }),
    }
  } finally {
    cache.close()
    await pool.close()
  }
}

/** Of each kind. */
const storedRegionsMax = 20_000

/** Of the source and of models: what an analyzer says is looked at anew. */
function storedRegions(view: BrickView, entry: EntryRecord): Region[] {
  const regions: Region[] = []
  for (const region of regionsOf(view, entry)) {
    const isWanted = region.class === descriptionClass ? region.detector !== undefined : region.detector === undefined
    if (isWanted) regions.push(region)
    if (regions.length === storedRegionsMax) break
  }
  return regions
}

function subjectOf(
  view: BrickView,
  entry: EntryRecord,
  { labels, place }: { readonly labels: EntryLabels; readonly place: Uint8Array },
): Subject | undefined {
  const { type } = labels
  if (type === undefined || entry.slot === undefined || entry.size === 0 || isUnread(entry)) return undefined
  const missing = missingRuns(view, entry, new Forgotten(view))
  const raw = new BrickContents().open({ kind: 'brick', ticket: ticketOf(view), entry, missing })
  return makeSubject({ path: place, meta: entry, content: new HeldContent(raw), type })
}

function onlyEntry(view: BrickView): EntryRecord | undefined {
  if (!isOneFile(view.meta.kind)) return undefined
  for (const entry of view.entries()) if (entry.kind === 'file') return entry
  return undefined
}

/** Of a hard link the entry that has its content. */
function owner(view: BrickView, entry: EntryRecord): EntryRecord {
  return entry.linkTo === undefined ? entry : (view.entry(entry.linkTo) ?? entry)
}

function positioned(view: BrickView, position: number): Pointed {
  const found = view.slotAt(position)
  const entry = found && view.entry(found.path)
  if (found === undefined || entry === undefined) {
    throw new FoundryError('RANGE_INVALID', `Nothing owns position ${position} of the brick's space.`)
  }
  return within(entry, position - found.slot.start)
}

function within(entry: EntryRecord, offset: number | undefined): Pointed {
  if (offset !== undefined && offset >= entry.size) {
    throw new FoundryError('RANGE_INVALID', `Offset ${offset} lies beyond the ${entry.size} bytes of the entry.`)
  }
  return { entry, offset }
}

function isNumber(text: string): boolean {
  return /^(0[xX][0-9a-fA-F]{1,13}|[0-9]{1,16})$/.test(text)
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (isNumber(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw new FoundryError('RANGE_INVALID', `${text} is no offset: a decimal or 0x hexadecimal number.`)
}
