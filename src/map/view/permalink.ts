/**
 * The place in the address: `#/usr-bin@0x1a2f0,z=3.25,m=class`. A place is a brick's name and an offset in it, never a
 * world coordinate, so that it survives a new layout. Where the middle of the view lies on no byte, `x` and `y` say how
 * far it is from the brick's corner, in units. `z` is the base-2 logarithm of the pixels per byte. `t` is the instant that
 * is shown; without it, now.
 */
import { formatInstant, type Instant, now, parseInstant } from '../time/instant.ts'

/** Modes that colour each byte by itself. */
export const byteModes = ['class', 'entropy', 'value'] as const
export const modes = [...byteModes, 'heat', 'risk'] as const
export type ByteMode = (typeof byteModes)[number]
export type Mode = (typeof modes)[number]

export interface Place {
  readonly brick: string
  readonly spot:
    | { readonly kind: 'offset'; readonly offset: number }
    | { readonly kind: 'point'; readonly x: number; readonly y: number }
  readonly zoom: number
  readonly mode: Mode
  readonly instant: Instant
}

export function formatPlace({ brick, spot, zoom, mode, instant }: Place): string {
  const name = encodeURIComponent(brick)
  const where =
    spot.kind === 'offset' ? `${name}@0x${spot.offset.toString(16)}` : `${name},x=${short(spot.x)},y=${short(spot.y)}`
  const time = formatInstant(instant)
  const at = time === undefined ? '' : `,t=${time}`
  return `#/${where},z=${zoom.toFixed(3).replace(/\.?0+$/, '')},m=${mode}${at}`
}

/** The place that `hash` names, or undefined where it names none. Never throws, whatever the text. */
export function parsePlace(hash: string): Place | undefined {
  if (!hash.startsWith('#/')) return undefined
  const [head = '', ...rest] = hash.slice(2).split(',')
  const at = head.lastIndexOf('@')
  const brick = decoded(at < 0 ? head : head.slice(0, at))
  if (brick === undefined || brick === '') return undefined
  const fields = new Map(rest.map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]))
  const zoom = Number(fields.get('z') ?? Number.NaN)
  if (!Number.isFinite(zoom) || Math.abs(zoom) > 60) return undefined
  const mode = modes.find((name) => name === fields.get('m')) ?? 'class'
  const instant = parseInstant(fields.get('t') ?? '') ?? now
  if (at >= 0) {
    const text = head.slice(at + 1)
    if (!/^(0x[0-9a-f]{1,14}|[0-9]{1,16})$/i.test(text)) return undefined
    const offset = Number(text)
    return Number.isSafeInteger(offset) ? { brick, spot: { kind: 'offset', offset }, zoom, mode, instant } : undefined
  }
  const x = Number(fields.get('x') ?? Number.NaN)
  const y = Number(fields.get('y') ?? Number.NaN)
  if (!Number.isFinite(x) || !Number.isFinite(y)) return undefined
  return { brick, spot: { kind: 'point', x, y }, zoom, mode, instant }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}
