/**
 * The instant that the map shows: now, or a moment of the past. A moment is RFC 3339 UTC with nine digits of a second, as
 * commits carry it, so that texts compare as times do. Pure.
 */

export type Instant = { readonly kind: 'now' } | { readonly kind: 'past'; readonly time: string }

export const now: Instant = { kind: 'now' }

const pattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/

/** The instant that an address names; undefined where `text` is no time. */
export function parseInstant(text: string): Instant | undefined {
  const match = pattern.exec(text)
  if (match === null || Number.isNaN(Date.parse(`${match[1]}Z`))) return undefined
  return { kind: 'past', time: `${match[1]}.${(match[2] ?? '').padEnd(9, '0')}Z` }
}

/** What `parseInstant` reads back; undefined for now. */
export function formatInstant(instant: Instant): string | undefined {
  if (instant.kind === 'now') return undefined
  return instant.time.replace(/\.?0*Z$/, 'Z')
}

export function sameInstant(a: Instant, b: Instant): boolean {
  return a.kind === 'now' ? b.kind === 'now' : b.kind === 'past' && a.time === b.time
}
