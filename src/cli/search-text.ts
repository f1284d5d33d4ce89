/** Hits of a search as lines and as JSON. */
import { styleText } from 'node:util'
import type { FoundName } from '../catalog/search-query.ts'
import type { FoundEnd, SearchHit } from '../read/search.ts'
import { pathFields, shownPath, shownText } from './text.ts'

export interface LineParts<Hit> {
  /** Undefined: there is only one. */
  readonly brick: string | undefined
  readonly hit: Hit
  /** Matches stand out by their colour. */
  readonly isTerminal: boolean
}

/** `etc:ssh/sshd_config:120: ..before MATCH after..` */
export function hitLine({ brick, hit, isTerminal }: LineParts<SearchHit>): string {
  const { path, offset, before, match, after, encoding, isCut } = hit
  const notes = [...(encoding.startsWith('utf-16') ? [encoding] : []), ...(isCut ? ['goes on'] : [])]
  const note = notes.length === 0 ? '' : `  [${notes.join(', ')}]`
  return `${placeOf(brick, path)}:${offset}: ${before}${emphasized(match, isTerminal)}${after}${note}\n`
}

/** `etc:ssh/sshd_config` or `usr-bin:ls:8123: main (symbol, 120 bytes)` */
export function nameLine({ brick, hit, isTerminal }: LineParts<FoundName>): string {
  const { path, kind, name, class: regionClass, offset, length, severity } = hit
  if (kind === 'path') return `${placeOf(brick, path)}${regionClass === 'file' ? '' : `  (${regionClass})`}\n`
  const shown = emphasized(shownText(name), isTerminal)
  const about = [...(severity === undefined ? [] : [severity]), regionClass, `${length} bytes`].join(', ')
  return `${placeOf(brick, path)}:${offset}: ${shown} (${about})\n`
}

export function hitJson(brick: string, hit: SearchHit): Record<string, unknown> {
  const { path, start, length, offset, encoding, before, match, after, isCut } = hit
  const place = { ...pathFields(path), offset, length, start }
  return { kind: 'bytes', brick, ...place, encoding, before, match, after, ...(isCut && { isCut }) }
}

export function nameJson(brick: string, hit: FoundName): Record<string, unknown> {
  const { path, kind, name, class: regionClass, offset, length, severity } = hit
  return { kind, brick, ...pathFields(path), name, class: regionClass, offset, length, ...(severity && { severity }) }
}

/** The last line of a brick: how it went, and in which tiles how many matches begin. */
export function endJson(
  brick: string,
  { reason, message, done, unknownBytes }: FoundEnd,
  tiles: readonly (readonly [tile: number, count: number])[],
): Record<string, unknown> {
  return { kind: 'end', brick, reason, ...(message !== undefined && { message }), ...done, unknownBytes, tiles }
}

function placeOf(brick: string | undefined, path: Uint8Array): string {
  return brick === undefined ? shownPath(path) : `${shownText(brick)}:${shownPath(path)}`
}

function emphasized(text: string, isTerminal: boolean): string {
  return isTerminal ? styleText(['bold', 'red'], text, { validateStream: false }) : text
}
