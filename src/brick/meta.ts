/** META: what a brick says of itself as a whole (spec 8.4). Unknown keys survive a rewrite. */
import { fromHex, toHex, utf8, utf8Text } from '../base/bytes.ts'
import { BrickDamage } from './damage.ts'
import { parseJson } from './json.ts'

export const metaBytesMax = 65_536

export interface BrickMeta {
  readonly kind: 'tree' | 'file'
  /** Absolute path of the source, bytes. */
  readonly source: Uint8Array
  readonly name: string
  /** World units. */
  readonly district: { readonly x: number; readonly y: number }
  /** Everyone could read the source's root. */
  readonly worldReadable: boolean
  readonly exclude: readonly string[]
  readonly tool: string
  /** Keys that this build does not know. */
  readonly unknown: Readonly<Record<string, unknown>>
}

export function encodeMeta(meta: BrickMeta): Uint8Array {
  const { unknown, source, ...known } = meta
  const text = utf8Text(source)
  const path = text === undefined ? { pathHex: toHex(source) } : { path: text }
  return utf8(JSON.stringify({ ...unknown, schema: 1, ...known, source: path }))
}

export function parseMeta(bytes: Uint8Array, offset: number): BrickMeta {
  const fail = (detail: string): never => {
    throw new BrickDamage('meta', detail, offset)
  }
  const json = record(parseJson(bytes, { rule: 'meta', sizeMax: metaBytesMax, offset })) ?? fail('it is not an object')
  const { schema, kind, source, name, district, worldReadable, exclude, tool, ...unknown } = json
  if (schema !== 1) fail(`its schema is ${String(schema)}, not 1`)
  if (kind !== 'tree' && kind !== 'file') return fail('its kind is neither tree nor file')
  const place = record(district) ?? fail('it has no district')
  const globs = Array.isArray(exclude) ? exclude.filter((glob) => typeof glob === 'string') : []
  return {
    kind,
    source: sourceOf(record(source)) ?? fail('it names no source'),
    name: typeof name === 'string' ? name : fail('it has no name'),
    district: { x: coordinate(place['x']) ?? fail('no x'), y: coordinate(place['y']) ?? fail('no y') },
    worldReadable: worldReadable === true,
    exclude: globs,
    tool: typeof tool === 'string' ? tool : '',
    unknown,
  }
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
