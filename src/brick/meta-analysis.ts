/**
 * META's `analysis`: what analyzers said of a brick as a whole, and of entries that own no bytes (spec 8.4).
 *
 * It is of the contents that its hashes name: a commit with others keeps it until it is analysed anew. Bounded when it
 * is written; what is read may have been written by anyone, so a part that is none is left out and no damage.
 */
import { fromHex, pathText, toHex, utf8 } from '../base/bytes.ts'
import { type Finding, gravityOf, type Severity, severities } from '../base/region.ts'
import { cutText } from './region-record.ts'

/** How many findings there are of each severity, those of `placeless` included. */
export type SeverityCounts = Readonly<Record<Severity, number>>

/** `off`: nobody asked for one. `degraded`: some of its answers are missing; `reason` says why. */
export const modelStates = ['off', 'unreachable', 'no-model', 'loading', 'ready', 'degraded'] as const
export type ModelState = (typeof modelStates)[number]

export interface MetaAnalysis {
  /** Of the set of analyzers: another text is another set, and all is to be analysed anew. */
  readonly version: string
  /** Of the commit whose contents were analysed: the one before the commit of the labels. */
  readonly generation: number
  /** `partial`: contents came, went or changed since, or not all was looked at yet. */
  readonly state: 'whole' | 'partial'
  /** Content root and meta hash of that commit, lower-case hex: where they equal a commit's, the labels are of its contents. */
  readonly contentRoot: string
  readonly metaHash: string
  /** Entries that were looked at. */
  readonly entries: number
  /** Contents that were looked at; names of one inode count once. */
  readonly analysed: number
  /** What could not be looked at: regions of the class `problem`. */
  readonly problems: number
  /** Regions of the commit that analyzers said. */
  readonly labels: number
  readonly findings: SeverityCounts
  readonly model: { readonly state: ModelState; readonly reason?: string; readonly labelled: number }
  /** Findings about entries that own no bytes, the gravest first; bounded. */
  readonly placeless: readonly PlacelessFinding[]
}

export interface PlacelessFinding {
  /** Of the entry, as in ENTRIES. */
  readonly path: Uint8Array
  /** Title. */
  readonly name: string
  readonly detector: string
  readonly finding: Finding
}

export const placelessMax = 200
/** Of META's 64 KiB; the rest is for what it says of its source. */
const placelessBytesMax = 24 * 1024
const versionBytesMax = 4_096
const reasonBytesMax = 500
const textBytesMax = 1_000
const evidenceMax = 8

/** As it is stored: what is beyond what META has room for is left out, of findings the mildest first. */
export function storedAnalysis(analysis: MetaAnalysis): MetaAnalysis {
  const { model, placeless } = analysis
  const { state, reason, labelled } = model
  return {
    version: cutText(analysis.version, versionBytesMax),
    generation: analysis.generation,
    state: analysis.state,
    contentRoot: analysis.contentRoot,
    metaHash: analysis.metaHash,
    entries: analysis.entries,
    analysed: analysis.analysed,
    problems: analysis.problems,
    labels: analysis.labels,
    findings: analysis.findings,
    model: { state, ...(reason !== undefined && { reason: cutText(reason, reasonBytesMax) }), labelled },
    placeless: boundedPlaceless(placeless),
  }
}

export function analysisJson(analysis: MetaAnalysis): Record<string, unknown> {
  const stored = storedAnalysis(analysis)
  return { ...stored, placeless: stored.placeless.map(placelessJson) }
}

/** Undefined where it is none: then nothing is known of an analysis, and the brick is as good as without. */
export function parseAnalysis(value: unknown): MetaAnalysis | undefined {
  const json = object(value)
  const model = object(json?.['model'])
  const counts = object(json?.['findings'])
  if (json === undefined || model === undefined || counts === undefined) return undefined
  const { version, generation, contentRoot, metaHash, entries, analysed, problems, labels, placeless } = json
  const { state, reason, labelled } = model
  const known = modelStates.find((one) => one === state)
  if (typeof version !== 'string' || known === undefined || !isHash(contentRoot) || !isHash(metaHash)) return undefined
  if (![generation, entries, analysed, problems, labels, labelled].every(isCount)) return undefined
  if (!severities.every((severity) => isCount(counts[severity]))) return undefined
  return {
    ...{ version, contentRoot, metaHash },
    ...{ generation: generation as number, entries: entries as number },
    ...{ analysed: analysed as number, problems: problems as number, labels: labels as number },
    state: json['state'] === 'whole' ? 'whole' : 'partial',
    findings: Object.fromEntries(severities.map((severity) => [severity, counts[severity]])) as SeverityCounts,
    model: { state: known, ...(typeof reason === 'string' && { reason }), labelled: labelled as number },
    placeless: (Array.isArray(placeless) ? placeless.slice(0, placelessMax) : []).flatMap(
      (each) => placelessOf(each) ?? [],
    ),
  }
}

/** None of any. */
export const noFindings: SeverityCounts = { info: 0, low: 0, medium: 0, high: 0, critical: 0 }

function boundedPlaceless(all: readonly PlacelessFinding[]): PlacelessFinding[] {
  const gravest = [...all].sort((a, b) => gravityOf(b.finding) - gravityOf(a.finding)).slice(0, placelessMax)
  const rows: PlacelessFinding[] = []
  let bytes = 0
  for (const { path, name, detector, finding } of gravest) {
    const { severity, rule, evidence, origin, confidence, check, weakness } = finding
    const row: PlacelessFinding = {
      ...{ path, name: cutText(name, textBytesMax), detector },
      finding: {
        ...{ severity, rule, evidence: evidence.slice(0, evidenceMax).map((text) => cutText(text, textBytesMax)) },
        ...{ origin, confidence },
        ...(check !== undefined && { check }),
        ...(weakness !== undefined && { weakness }),
      },
    }
    bytes += utf8(JSON.stringify(placelessJson(row))).length + 1
    if (bytes > placelessBytesMax) break
    rows.push(row)
  }
  return rows
}

function placelessJson({ path, ...row }: PlacelessFinding): Record<string, unknown> {
  return { ...pathText(path), ...row }
}

function placelessOf(value: unknown): PlacelessFinding | undefined {
  const json = object(value)
  const fields = object(json?.['finding'])
  if (json === undefined || fields === undefined) return undefined
  const path = pathOf(json)
  const { name, detector } = json
  const { severity, rule, evidence, origin, confidence, check, weakness } = fields
  const known = severities.find((one) => one === severity)
  const source = (['deterministic', 'rule', 'model', 'human'] as const).find((one) => one === origin)
  if (path === undefined || typeof name !== 'string' || typeof detector !== 'string') return undefined
  if (known === undefined || source === undefined || typeof rule !== 'string' || !isShare(confidence)) return undefined
  const shown = Array.isArray(evidence) ? evidence.filter((text) => typeof text === 'string') : []
  return {
    ...{ path, name, detector },
    finding: {
      ...{ severity: known, rule, evidence: shown, origin: source, confidence },
      ...(typeof check === 'string' && { check }),
      ...(typeof weakness === 'string' && { weakness }),
    },
  }
}

function pathOf({ path, pathHex }: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  if (typeof path === 'string') return utf8(path)
  return typeof pathHex === 'string' ? fromHex(pathHex) : undefined
}

function object(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1
}

/** Hashes of the contents that a commit has, as `analysis` names them. */
export function contentsName(record: {
  readonly contentRoot: Uint8Array
  readonly metaHash: Uint8Array
}): Pick<MetaAnalysis, 'contentRoot' | 'metaHash'> {
  return { contentRoot: toHex(record.contentRoot), metaHash: toHex(record.metaHash) }
}
