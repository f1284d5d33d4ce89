/**
 * Findings of bricks as the wire has them: read once for each commit, kept, chosen from and sorted for each question.
 *
 * One brick that cannot be read hides none of the others.
 */
import { bytesKey, displayPath, pathText, toHex } from '../base/bytes.ts'
import { isAtLeast, type Severity, severities, severityRank } from '../base/region.ts'
import { BrickDamage } from '../brick/damage.ts'
import { contentsName, noFindings } from '../brick/meta-analysis.ts'
import {
  alternating,
  checkCommand,
  type EntryFinding,
  findingsIn,
  fingerprintOf,
  type ListedFinding,
  placeOnMachine,
} from '../read/findings.ts'
import type { BrickView } from '../store/brick-view.ts'
import {
  type AnalysedBrick,
  type AnalysisJson,
  type FindingJson,
  type FindingsAnswer,
  findingRulesMax,
  findingsMax,
} from '../wire/api.ts'
import type { Foundry } from './foundry.ts'
import { integer, type Query } from './params.ts'
import { invalid } from './refusal.ts'

export interface FindingsQuestion {
  readonly severity: Severity
  readonly rule: string | undefined
  readonly from: number
  readonly limit: number
  readonly accepted: 'shown' | 'hidden'
}

/** Errors: Refusal 400. */
export function findingsQuestion(query: Query): FindingsQuestion {
  const wanted = query('severity') ?? 'low'
  const severity = severities.find((one) => one === wanted)
  if (severity === undefined) throw invalid(`severity is one of ${severities.join(', ')}.`)
  const number = (name: string, limits: { min: number; max: number; otherwise: number }): number =>
    query(name) === undefined ? limits.otherwise : integer(query, { name, ...limits })
  return {
    severity,
    rule: query('rule'),
    from: number('from', { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
    limit: number('limit', { min: 1, max: findingsMax, otherwise: limitDefault }),
    accepted: query('accepted') === '1' ? 'shown' : 'hidden',
  }
}

/** Errors: those of reading a view that was dropped meanwhile. */
export async function findingsAnswer(
  { foundry, findings }: { readonly foundry: Foundry; readonly findings: BrickFindings },
  views: readonly BrickView[],
  { severity, rule, from, limit, accepted: wish }: FindingsQuestion,
): Promise<FindingsAnswer> {
  const bricks: AnalysedBrick[] = []
  const counts: Record<Severity, number> = { ...noFindings }
  const rules = new Map<string, { rule: string; severity: Severity; count: number }>()
  const shown: Row[] = []
  const accepted = foundry.accepted?.()
  let acceptedCount = 0
  for (const view of views) {
    const { rows, isTruncated, isDamaged } = await findings.of(view)
    if (isDamaged) foundry.damaged?.(toHex(view.record.uuid))
    bricks.push({ ...brickOf(view), ...(isTruncated && { truncated: true }), ...(isDamaged && { damaged: true }) })
    for (const row of rows) {
      const { finding } = row.json
      if (rule !== undefined && finding.rule !== rule) continue
      const by = accepted?.find({ rule: finding.rule, place: row.place })
      if (by !== undefined) acceptedCount++
      else count(finding, { counts, rules })
      if (!isAtLeast(finding, severity) || (by !== undefined && wish === 'hidden')) continue
      shown.push(by === undefined ? row : { ...row, json: { ...row.json, accepted: { reason: by.reason, at: by.at } } })
    }
  }
  const inOrder = alternating(shown.sort(compareRows), {
    gravity: ({ json: { accepted: by, finding } }) => severityRank(finding.severity) + (by ? 0 : severities.length),
    group: ({ json: { finding, uuid }, place }) => `${finding.rule} ${uuid} ${bytesKey(place)}`,
  })
  return {
    findings: inOrder.slice(from, from + limit).map(({ json }) => json),
    total: shown.length,
    counts,
    acceptedCount,
    rules: [...rules.values()].sort((a, b) => b.count - a.count).slice(0, findingRulesMax),
    bricks,
  }
}

/** What META says of the analysis of a commit; null: nothing. */
export function analysisOf({ meta, record }: BrickView): AnalysisJson | null {
  const { analysis } = meta
  if (analysis === undefined) return null
  const { version, generation, entries, analysed, problems, findings, model } = analysis
  const { contentRoot, metaHash } = contentsName(record)
  const isCurrent = analysis.state === 'whole' && analysis.contentRoot === contentRoot && analysis.metaHash === metaHash
  return { version, generation, state: isCurrent ? 'current' : 'stale', entries, analysed, problems, findings, model }
}

/** One finding of a commit. */
export function findingJson(view: BrickView, { entry, region }: EntryFinding): FindingJson {
  const { offset, length, name, attributes, finding, detector } = region
  const start = entry.slot === undefined ? null : entry.slot.start + offset
  const about = { path: entry.path, kind: entry.kind, start, offset, length, name, finding, detector, attributes }
  return jsonOf(view, about)
}

interface Row {
  readonly json: FindingJson
  /** Absolute; bytes. */
  readonly place: Uint8Array
}

interface Found {
  readonly rows: readonly Row[]
  readonly isTruncated: boolean
  readonly isDamaged: boolean
}

/** Of the newest commits that were asked for; the last few bricks stay, bounded by the findings that they have. */
export class BrickFindings {
  readonly #pause: () => Promise<void>
  /** By commit, the longest unused first. */
  readonly #kept = new Map<string, Promise<Found>>()
  readonly #sizes = new Map<string, number>()

  /** `pause` lets other work of the event loop run. */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause
  }

  async of(view: BrickView): Promise<Found> {
    const key = toHex(view.record.id)
    const kept = this.#kept.get(key) ?? this.#read(view)
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    try {
      const found = await kept
      this.#sizes.set(key, found.rows.length)
      this.#trim()
      return found
    } catch (error) {
      this.#kept.delete(key)
      throw error
    }
  }

  async #read(view: BrickView): Promise<Found> {
    const rows: Row[] = []
    const { length, regions } = view.record
    const slices = Math.max(1, Math.min(slicesMax, Math.ceil(regions.count / regionsPerSlice)))
    try {
      for (let slice = 0; slice < slices; slice++) {
        const [start, end] = [slice, slice + 1].map((at) => Math.floor((length * at) / slices)) as [number, number]
        for (const found of findingsIn(view, { start, end })) {
          if (rows.length === rowsMax) return { rows, isTruncated: true, isDamaged: false }
          rows.push(rowOf(view, findingJson(view, found), found.entry.path))
        }
        await this.#pause()
      }
      rows.push(...placelessRows(view))
      return { rows, isTruncated: false, isDamaged: false }
    } catch (error) {
      if (!(error instanceof BrickDamage)) throw error
      return { rows, isTruncated: false, isDamaged: true }
    }
  }

  #trim(): void {
    let sum = [...this.#sizes.values()].reduce((total, size) => total + size, 0)
    for (const key of [...this.#kept.keys()]) {
      if (this.#kept.size <= keptMin || (sum <= keptRowsMax && this.#kept.size <= keptMax)) break
      sum -= this.#sizes.get(key) ?? 0
      this.#kept.delete(key)
      this.#sizes.delete(key)
    }
  }
}

const limitDefault = 200
/** Of one brick. */
const rowsMax = 20_000
const keptRowsMax = 60_000
const keptMax = 256
const keptMin = 2
const regionsPerSlice = 10_000
const slicesMax = 1_000
const fingerprintDigits = 32

function brickOf(view: BrickView): AnalysedBrick {
  const { record, meta } = view
  return { ...nameOf(view), generation: record.generation, name: meta.name, analysis: analysisOf(view) }
}

function nameOf({ record }: BrickView): { readonly uuid: string; readonly commit: string } {
  return { uuid: toHex(record.uuid), commit: toHex(record.id) }
}

function* placelessRows(view: BrickView): Generator<Row> {
  for (const { path, name, detector, finding } of view.meta.analysis?.placeless ?? []) {
    const kind = view.entry(path)?.kind
    if (kind === undefined) continue
    const about = { path, kind, start: null, offset: 0, length: 0, name, finding, detector, attributes: undefined }
    yield rowOf(view, jsonOf(view, about), path)
  }
}

function rowOf({ meta }: BrickView, json: FindingJson, path: Uint8Array): Row {
  return { json, place: placeOnMachine(meta, path) }
}

interface About extends Pick<FindingJson, 'kind' | 'start' | 'offset' | 'length' | 'name' | 'finding'> {
  readonly path: Uint8Array
  readonly detector: string | undefined
  readonly attributes: FindingJson['attributes'] | undefined
}

function jsonOf(view: BrickView, { path, attributes, detector, ...about }: About): FindingJson {
  const { meta, record } = view
  const place = placeOnMachine(meta, path)
  const listed: ListedFinding = { path, place, title: about.name, finding: about.finding }
  const command = checkCommand(listed)
  return {
    ...nameOf(view),
    brick: meta.name,
    generation: record.generation,
    ...pathText(path),
    place: displayPath(place),
    ...about,
    ...(attributes && { attributes }),
    ...(detector !== undefined && { detector }),
    ...(command !== undefined && { command }),
    fingerprint: fingerprintOf(listed).slice(0, fingerprintDigits),
  }
}

function count(
  { rule, severity }: FindingJson['finding'],
  to: { counts: Record<Severity, number>; rules: Map<string, { rule: string; severity: Severity; count: number }> },
): void {
  to.counts[severity]++
  const known = to.rules.get(rule)
  if (known === undefined) to.rules.set(rule, { rule, severity, count: 1 })
  else {
    known.count++
    if (severityRank(severity) > severityRank(known.severity)) known.severity = severity
  }
}

/** What is accepted last, then the gravest first, the surest, by brick, path and place; then files and rules take turns. */
function compareRows(a: Row, b: Row): number {
  return (
    Number(a.json.accepted !== undefined) - Number(b.json.accepted !== undefined) ||
    severityRank(b.json.finding.severity) - severityRank(a.json.finding.severity) ||
    b.json.finding.confidence - a.json.finding.confidence ||
    compareText(a.json.brick, b.json.brick) ||
    compareText(bytesKey(a.place), bytesKey(b.place)) ||
    a.json.offset - b.json.offset
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
