/**
 * The page that explains one entry, or one byte: what it lies in, how the entry is made, what was found, how one sees the
 * same with public tools, and, marked as such, what a model said.
 */
import { displayPath, pathText, toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { gravityOf, type Region, regionLayers } from '../base/region.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { placeOnMachine, shellWord } from '../read/findings.ts'
import { regionsAt, regionsOf } from '../read/regions.ts'
import type { BrickView } from '../store/brick-view.ts'
import {
  type ExplainAnswer,
  type ExplainedEntry,
  explainFindingsMax,
  explainOutlineMax,
  type FindingJson,
  inspectRegionsMax,
  type ModelDescription,
  type RegionJson,
} from '../wire/api.ts'
import { modeText, ownerText, timeText } from './entry-text.ts'
import { analysisOf, findingJson } from './findings.ts'
import { regionJson } from './regions.ts'

export type ExplainAbout = { readonly path: Uint8Array } | { readonly position: number }

/** Errors: ENTRY_MISSING where no entry has that path. */
export function* explainSteps(view: BrickView, about: ExplainAbout): Generator<void, ExplainAnswer> {
  const { record, meta } = view
  const found = 'path' in about ? view.entry(about.path) : ownerOf(view, about.position)
  if ('path' in about && found === undefined) {
    throw new FoundryError('ENTRY_MISSING', 'The brick has no entry of that path at that commit.')
  }
  const holder = found?.linkTo === undefined ? found : (view.entry(found.linkTo) ?? found)
  const start = holder?.slot?.start
  const offset = 'position' in about && start !== undefined ? about.position - start : null
  const base = {
    ...{ uuid: toHex(record.uuid), brick: meta.name, commit: toHex(record.id), generation: record.generation },
    ...{ offset, analysis: analysisOf(view) },
  }
  try {
    const page = yield* pageOf(view, { entry: found, holder, offset })
    return { ...base, ...page }
  } catch (error) {
    if (!(error instanceof BrickDamage)) throw error
    const entry = found === undefined ? null : entryJson(view, found, null)
    const empty = { regions: [], outline: [], classes: [], findings: [], commands: [], description: null }
    return { ...base, entry, ...empty, truncated: true, damaged: true }
  }
}

interface Asked {
  readonly entry: EntryRecord | undefined
  /** The entry that holds its content. */
  readonly holder: EntryRecord | undefined
  readonly offset: number | null
}

type Page = Omit<ExplainAnswer, 'uuid' | 'brick' | 'commit' | 'generation' | 'offset' | 'analysis'>

function* pageOf(view: BrickView, { entry, holder, offset }: Asked): Generator<void, Page> {
  const gathered = new Gathered(view, holder, offset)
  if (holder?.slot !== undefined) {
    for (const region of regionsOf(view, holder)) {
      if (!gathered.add(region)) break
      if (gathered.seen % sliceRegions === 0) yield
    }
  }
  const slotStart = holder?.slot?.start ?? 0
  const position = offset === null ? undefined : slotStart + offset
  const regions = position === undefined ? gathered.whole : regionsAt(view, position, inspectRegionsMax).map(regionJson)
  return {
    entry: entry === undefined ? null : entryJson(view, entry, gathered.type),
    regions,
    outline: gathered.outline(),
    classes: gathered.classes(),
    findings: gathered.findings(),
    truncated: gathered.isTruncated,
    commands: entry === undefined ? [] : commandsOf(view, entry, { offset, isElf: gathered.isElf }),
    description: gathered.description,
  }
}

/** What is worth telling of all regions of an entry. */
class Gathered {
  readonly #view: BrickView
  readonly #holder: EntryRecord | undefined
  readonly #offset: number | null
  readonly #classes = new Map<string, number>()
  #outline: RegionJson[] = []
  #findings: FindingJson[] = []
  readonly whole: RegionJson[] = []
  type: string | null = null
  isElf = false
  isTruncated = false
  description: ModelDescription | null = null
  seen = 0

  constructor(view: BrickView, holder: EntryRecord | undefined, offset: number | null) {
    this.#view = view
    this.#holder = holder
    this.#offset = offset
  }

  /** False: that is enough. */
  add(region: Region): boolean {
    this.seen++
    const { class: kind, layer, name } = region
    this.#classes.set(kind, (this.#classes.get(kind) ?? 0) + 1)
    if (kind === 'file-type') this.type ??= name
    if (kind === 'elf') this.isElf = true
    if (region.finding === undefined && layer >= regionLayers.segment && layer <= regionLayers.section) {
      this.#outline.push(this.#json(region))
    }
    if (layer === regionLayers.whole && region.finding === undefined && this.whole.length < inspectRegionsMax) {
      this.whole.push(this.#json(region))
    }
    this.#addFinding(region)
    this.#addDescription(region)
    if (this.#outline.length > 4 * explainOutlineMax) this.#outline = this.#largest()
    this.isTruncated ||= this.seen === regionsSeenMax
    return this.seen < regionsSeenMax
  }

  outline(): RegionJson[] {
    return this.#largest().sort((a, b) => a.start - b.start || a.layer - b.layer)
  }

  findings(): FindingJson[] {
    return this.#gravest()
  }

  classes(): { class: string; count: number }[] {
    const all = [...this.#classes].map(([kind, count]) => ({ class: kind, count }))
    return all.sort((a, b) => b.count - a.count).slice(0, classesMax)
  }

  #addFinding(region: Region): void {
    const { finding } = region
    if (finding === undefined || this.#holder === undefined) return
    this.#findings.push(findingJson(this.#view, { entry: this.#holder, region: { ...region, finding } }))
    if (this.#findings.length > 4 * explainFindingsMax) this.#findings = this.#gravest()
  }

  /** The smallest one around the byte, of a whole entry the largest. */
  #addDescription(region: Region): void {
    const { attributes, offset, length } = region
    const { text, model, confidence } = attributes ?? {}
    if (region.class !== 'description' || typeof text !== 'string' || typeof model !== 'string') return
    const at = this.#offset
    if (at !== null && (at < offset || at >= offset + length)) return
    const known = this.description?.region.length
    const isBetter = known === undefined || (at === null ? length > known : length < known)
    if (!isBetter) return
    const share = typeof confidence === 'number' && confidence >= 0 && confidence <= 1 ? confidence : 0
    this.description = { text, model, confidence: share, region: this.#json(region) }
  }

  #largest(): RegionJson[] {
    if (this.#outline.length > explainOutlineMax) this.isTruncated = true
    return [...this.#outline].sort((a, b) => b.length - a.length).slice(0, explainOutlineMax)
  }

  #gravest(): FindingJson[] {
    if (this.#findings.length > explainFindingsMax) this.isTruncated = true
    return [...this.#findings].sort((a, b) => gravityOf(b.finding) - gravityOf(a.finding)).slice(0, explainFindingsMax)
  }

  #json({ offset, ...region }: Region): RegionJson {
    return regionJson({ ...region, start: (this.#holder?.slot?.start ?? 0) + offset })
  }
}

/** Of an entry with a million symbols, the first ones. */
const regionsSeenMax = 300_000
const sliceRegions = 2_000
const classesMax = 64

function ownerOf(view: BrickView, position: number): EntryRecord | undefined {
  const owner = view.slotAt(position)
  return owner === undefined ? undefined : view.entry(owner.path)
}

function entryJson(view: BrickView, entry: EntryRecord, type: string | null): ExplainedEntry {
  const holder = entry.linkTo === undefined ? entry : view.entry(entry.linkTo)
  return {
    ...pathText(entry.path),
    place: displayPath(placeOnMachine(view.meta, entry.path)),
    kind: entry.kind,
    size: entry.size,
    mode: modeText(entry),
    owner: ownerText(entry),
    mtime: timeText(entry.mtime),
    contentId: entry.contentId === undefined ? null : toHex(entry.contentId),
    slot: holder?.slot === undefined ? null : { ...holder.slot },
    type,
  }
}

/** Bytes that are shown around an offset. */
const hexBytes = 64

function commandsOf(
  view: BrickView,
  entry: EntryRecord,
  { offset, isElf }: { readonly offset: number | null; readonly isElf: boolean },
): ExplainAnswer['commands'] {
  const { kind } = view.meta
  if (kind !== 'tree' && kind !== 'file' && kind !== 'log') return []
  const file = shellWord(placeOnMachine(view.meta, entry.path))
  const commands = [{ command: `stat -- ${file}`, shows: 'owner, mode and times' }]
  if (entry.kind !== 'file') return commands
  commands.push({ command: `file -- ${file}`, shows: 'what kind of file it is' })
  if (offset !== null) {
    const from = Math.max(0, offset - (offset % 16))
    commands.push({ command: `xxd -s ${from} -l ${hexBytes} -- ${file}`, shows: 'the bytes there' })
  }
  if (isElf) commands.push({ command: `readelf --wide --headers -- ${file}`, shows: 'segments, sections and header' })
  return commands
}
