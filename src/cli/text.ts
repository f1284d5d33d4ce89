/** Numbers, times, hashes and paths as the command line shows them: to people in columns, to programs in JSON. */
import { isUtf8 } from 'node:buffer'
import { stripVTControlCharacters } from 'node:util'
import { displayPath, toHex, utf8 } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'

export { modeText, rfc3339 } from '../base/entry-text.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const shortHashBytes = 6

/** Such as 812 B, 1.4 MiB, 32 GiB. */
export function iec(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit + 1 < units.length) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Digits in groups of three. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 file`, `2 files`. */
export function counted(count: number, what: { readonly one: string; readonly many: string }): string {
  return `${grouped(count)} ${count === 1 ? what.one : what.many}`
}

/** Such as 2026-03-01 12:30:09, UTC. */
export function shortTime(time: Timestamp): string {
  return rfc3339(time)?.slice(0, 19).replace('T', ' ') ?? `@${time.seconds}`
}

/** The first 12 digits, enough for a person; dashes where there is none. */
export function shortHash(hash: Uint8Array | undefined): string {
  return hash === undefined ? '-'.repeat(2 * shortHashBytes) : toHex(hash.subarray(0, shortHashBytes))
}

export function hexOrNull(hash: Uint8Array | undefined): string | null {
  return hash === undefined ? null : toHex(hash)
}

/** `path` where the bytes are UTF-8, else null, and then `pathHex`. */
export function pathFields(path: Uint8Array): { readonly path: string | null; readonly pathHex?: string } {
  if (isUtf8(path)) return { path: Buffer.from(path.buffer, path.byteOffset, path.length).toString() }
  return { path: null, pathHex: toHex(path) }
}

/** For a person's eye; the root directory has a dot. */
export function shownPath(path: Uint8Array): string {
  return path.length === 0 ? '.' : displayPath(path)
}

/** Text out of a brick, which anyone may have written: nothing in it reaches the terminal as a command. */
export function shownText(text: string): string {
  return displayPath(utf8(text))
}

/** Two columns: names, then what they mean, aligned. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')
}

/** Columns that it takes on a terminal, whose colours take none. */
export function shownWidth(text: string): number {
  let width = 0
  for (const character of stripVTControlCharacters(text)) width += isWide.test(character) ? 2 : 1
  return width
}

/** Rows that a line takes on a terminal of that width. */
export function shownRows(line: string, columns: number): number {
  return Math.max(1, Math.ceil(shownWidth(line.trimEnd()) / Math.max(1, columns)))
}

/** The first lines that have room in so many rows; one at least. */
export function linesIn(lines: readonly string[], screen: { readonly rows: number; readonly columns: number }): number {
  let used = 0
  for (const [index, line] of lines.entries()) {
    for (const row of line.trimEnd().split('\n')) used += shownRows(row, screen.columns)
    if (used > screen.rows) return Math.max(1, index)
  }
  return lines.length
}

const isWide =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/u

/** Without its middle where it is longer: both ends say more of a path. */
export function cutMiddle(text: string, charactersMax: number): string {
  const characters = [...text]
  if (characters.length <= charactersMax) return text
  const kept = Math.max(2, charactersMax - 1)
  const head = Math.floor(kept / 3)
  return `${characters.slice(0, head).join('')}…${characters.slice(head - kept).join('')}`
}
