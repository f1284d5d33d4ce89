/** META: what a brick says of itself as a whole (spec 8.4). Unknown keys survive a rewrite. */

import { fromHex, pathText, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { JsonValue } from '../base/region.ts'
import { canonicalJson } from './canonical-json.ts'
import { BrickDamage } from './damage.ts'
import { parseJson } from './json.ts'
import { analysisJson, type MetaAnalysis, parseAnalysis } from './meta-analysis.ts'

export const metaBytesMax = 65_536

/**
 * The newest `last` commits, and of each of the newest `hourly` hours and `daily` days (UTC) that have commits the newest
 * one. Whole numbers, `last` from 1, all up to 10,000.
 */
export interface RetentionPolicy {
  readonly last: number
  readonly hourly: number
  readonly daily: number
}

export const retentionMax = 10_000

/** What the source is (spec 8.4). */
export const metaKinds = ['tree', 'file', 'process', 'modules', 'log', 'devices'] as const
export type MetaKind = (typeof metaKinds)[number]

/** Whether such a brick has exactly one entry, a file in no directory; all others have a root directory. */
export function isOneFile(kind: MetaKind): boolean {
  return kind === 'file' || kind === 'log'
}

export interface BrickMeta {
  readonly kind: MetaKind
  /** Absolute path of the source, or the name that it has instead; bytes. */
  readonly source: Uint8Array
  readonly name: string
  /** World units. */
  readonly district: { readonly x: number; readonly y: number }
  /** Everyone could read the source's root. */
  readonly worldReadable: boolean
  readonly exclude: readonly string[]
  readonly tool: string
  /** Which earlier commits are kept; left out: the writer's own default. */
  readonly retention?: RetentionPolicy
  /** Paths relative to the source that must never be read into it again, with all beneath. */
  readonly forgotten?: readonly Uint8Array[]
  /** What the source said of itself at that commit, such as a process's command. */
  readonly about?: { readonly [key: string]: JsonValue }
  /** When the source was seen to have come to its end, RFC 3339: there will be no other commit of it. */
  readonly ended?: string
  /** What analyzers said of it, and of which contents; left out: it was not analysed. */
  readonly analysis?: MetaAnalysis
  /** Keys that this build does not know. */
  readonly unknown: Readonly<Record<string, unknown>>
}

/** FoundryError `BRICK_LIMIT` where no reader would take it: longer than 64 KiB, or what it says about its source too deep. */
export function encodeMeta(meta: BrickMeta): Uint8Array {
  const { unknown, source, forgotten = [], analysis, ...known } = meta
  const lost = forgotten.length === 0 ? {} : { forgotten: forgotten.map(pathText) }
  const said = analysis === undefined ? {} : { analysis: analysisJson(analysis) }
  const bytes = utf8(JSON.stringify({ ...unknown, schema: 1, ...known, source: pathText(source), ...lost, ...said }))
  if (bytes.length > metaBytesMax) {
    const what = `What the brick says of itself takes ${bytes.length} bytes, at most ${metaBytesMax} are allowed`
    throw new FoundryError('BRICK_LIMIT', `${what}. Exclude by fewer patterns, or forget fewer single paths.`)
  }
  if (known.about !== undefined && canonicalJson({ about: known.about }) === undefined) {
    throw new FoundryError('BRICK_LIMIT', 'What the source says of itself is nested too deep, or has a key __proto__.')
  }
  return bytes
}

export function parseMeta(bytes: Uint8Array, offset: number): BrickMeta {
  const fail = (detail: string): never => {
    throw new BrickDamage('meta', detail, offset)
  }
  const json = record(parseJson(bytes, { rule: 'meta', sizeMax: metaBytesMax, offset })) ?? fail('it is not an object')
  const {
    schema,
    kind,
    source,
    name,
    district,
    worldReadable,
    exclude,
    tool,
    retention,
    forgotten,
    about,
    ended,
    analysis,
    ...unknown
  } = json
  if (schema !== 1) fail(`its schema is ${String(schema)}, not 1`)
  const known = metaKinds.find((one) => one === kind) ?? fail(`its kind is none of ${metaKinds.join(', ')}`)
  const place = record(district) ?? fail('it has no district')
  const policy = retention === undefined ? undefined : (policyOf(record(retention)) ?? fail('its retention is none'))
  const said = parseAnalysis(analysis)
  const globs = Array.isArray(exclude) ? exclude.filter((glob) => typeof glob === 'string') : []
  return {
    kind: known,
    source: sourceOf(record(source)) ?? fail('it names no source'),
    name: typeof name === 'string' ? name : fail('it has no name'),
    district: { x: coordinate(place['x']) ?? fail('no x'), y: coordinate(place['y']) ?? fail('no y') },
    worldReadable: worldReadable === true,
    exclude: globs,
    tool: typeof tool === 'string' ? tool : '',
    ...(policy !== undefined && { retention: policy }),
    ...(forgotten !== undefined && { forgotten: pathsOf(forgotten) ?? fail('its forgotten paths are none') }),
    ...(about !== undefined && {
      about: (record(about) ?? fail('what it says about its source is no object')) as JsonRecord,
    }),
    ...(ended !== undefined && { ended: typeof ended === 'string' ? ended : fail('its end is no time') }),
    ...(said !== undefined && { analysis: said }),
    unknown,
  }
}

type JsonRecord = { readonly [key: string]: JsonValue }

function policyOf(fields: Record<string, unknown> | undefined): RetentionPolicy | undefined {
  const { last, hourly, daily } = fields ?? {}
  return isCount(last) && last > 0 && isCount(hourly) && isCount(daily) ? { last, hourly, daily } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= retentionMax
}

function pathsOf(value: unknown): readonly Uint8Array[] | undefined {
  if (!Array.isArray(value)) return undefined
  const paths = value.map((each: unknown) => sourceOf(record(each)))
  return paths.every((path) => path !== undefined && path.length > 0) ? (paths as Uint8Array[]) : undefined
}

function sourceOf(source: Record<string, unknown> | undefined): Uint8Array | undefined {
  const path = source?.['path']
  if (typeof path === 'string') return utf8(path)
  const hex = source?.['pathHex']
  return typeof hex === 'string' ? fromHex(hex) : undefined
}

function coordinate(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}
