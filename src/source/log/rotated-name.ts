/**
 * Names that a log gets when it is rotated, and which of two such names is the older one. Names are latin1 text, one
 * character a byte.
 *
 * Known: `syslog.1`, `syslog.2.gz`, `app.log-20260102`, `app.log.2026-01-02T03`, `app.log.old`, and with the mark before
 * the extension: `app.1.log`, `app-20260102.log.xz`. A name alone proves nothing about the bytes.
 */

/** How a file is packed, by its name's end. */
export type Packing = 'plain' | 'gz' | 'xz' | 'zst' | 'bz2'

export interface RotatedName {
  readonly mark: RotationMark
  readonly packing: Packing
}

/** What rotation put into the name. Counted: the higher the older. Dated: digits in order of time. */
export type RotationMark =
  | { readonly kind: 'counted'; readonly count: number }
  | { readonly kind: 'dated'; readonly digits: string }
  | { readonly kind: 'word' }

/** What `name` says as a rotated file of the log `base`; undefined where it is none. */
export function rotatedName(base: string, name: string): RotatedName | undefined {
  const packing = packingOf(name)
  const bare = packing === 'plain' ? name : name.slice(0, -packing.length - 1)
  const mark = markAfter(base, bare) ?? markInside(base, bare)
  if (mark !== undefined) return { mark, packing }
  // Packed where it lies, without another name: gzip on its own.
  return bare === base && packing !== 'plain' ? { mark: { kind: 'word' }, packing } : undefined
}

/** Negative where `a` is the older one, positive where `b` is, 0 where the marks do not tell. */
export function compareAge(a: RotationMark, b: RotationMark): number {
  if (a.kind === 'counted' && b.kind === 'counted') return b.count - a.count
  if (a.kind !== 'dated' || b.kind !== 'dated' || a.digits === b.digits) return 0
  return a.digits < b.digits ? -1 : 1
}

const endings: readonly Exclude<Packing, 'plain'>[] = ['gz', 'xz', 'zst', 'bz2']
/** Longer numbers are dates. */
const countDigitsMax = 5
const dateDigitsMin = 6

function packingOf(name: string): Packing {
  return endings.find((ending) => name.endsWith(`.${ending}`)) ?? 'plain'
}

function markAfter(base: string, name: string): RotationMark | undefined {
  return name.startsWith(base) ? markOf(name.slice(base.length)) : undefined
}

/** `app.log` as `app.1.log`. */
function markInside(base: string, name: string): RotationMark | undefined {
  const dot = base.lastIndexOf('.')
  if (dot <= 0) return undefined
  const [stem, extension] = [base.slice(0, dot), base.slice(dot)]
  if (!name.startsWith(stem) || !name.endsWith(extension) || name.length <= base.length) return undefined
  return markOf(name.slice(stem.length, name.length - extension.length))
}

function markOf(text: string): RotationMark | undefined {
  const [, rest] = /^[.\-_](.+)$/.exec(text) ?? []
  if (rest === undefined) return undefined
  if (/^(old|prev|previous|bak)$/.test(rest)) return { kind: 'word' }
  const digits = rest.replaceAll(/[-_.:T]/g, '')
  if (!/^\d+$/.test(digits)) return undefined
  if (digits === rest && digits.length <= countDigitsMax) return { kind: 'counted', count: Number(digits) }
  return digits.length >= dateDigitsMin ? { kind: 'dated', digits } : undefined
}
