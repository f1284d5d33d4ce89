/** Entries of a brick by path: one, one with everything beneath, several at once. */
import { bytesKey, displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { decodeEntry, type EntryRecord, keyOfPath, parentPath, pathOfKey } from '../brick/entry-record.ts'
import { isOneFile } from '../brick/meta.ts'
import { type KeyRange, scan } from '../brick/page-map.ts'
import type { BrickView } from '../store/brick-view.ts'
import { mappingPath } from './mapping-path.ts'

/** Errors: ENTRY_MISSING. */
export function entryAt(view: BrickView, path: Uint8Array): EntryRecord {
  const entry = path.length > keyOfPathMax ? undefined : view.entry(path)
  if (entry !== undefined) return entry
  throw new FoundryError('ENTRY_MISSING', `The brick has no entry ${displayPath(path)}. 'sfd ls' lists what it has.`)
}

/** The entry and everything beneath, parents before children. Errors: ENTRY_MISSING. */
export function* entriesUnder(view: BrickView, path: Uint8Array): Generator<EntryRecord> {
  if (path.length === 0) {
    yield* view.entries()
    return
  }
  const entry = entryAt(view, path)
  yield entry
  if (entry.kind !== 'dir') return
  yield* entriesBetween(view, rangeAfter(path, 0x00))
  yield* entriesBetween(view, rangeAfter(path, slash))
}

/**
 * The entries at these paths with everything beneath and all directories above, each once, parents before children.
 * Held in memory. Errors: ENTRY_MISSING.
 */
export function selectEntries(view: BrickView, paths: readonly Uint8Array[]): readonly EntryRecord[] {
  if (paths.length === 0) return [...view.entries()]
  const chosen = new Map<string, EntryRecord>()
  for (const path of paths) {
    for (const entry of entriesUnder(view, path)) chosen.set(sortKey(entry.path), entry)
    for (let above = path; above.length > 0; ) {
      above = parentPath(above)
      const directory = view.entry(above)
      if (directory !== undefined) chosen.set(sortKey(above), directory)
    }
  }
  return [...chosen.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry)
}

/**
 * A path as a person names it, as the brick does: no slashes at either end, no `.` parts; an absolute one beneath the
 * brick's source becomes relative to it. Any other absolute path stays as it is and will not be found. Of a process, the
 * mapping that the name or the address means (mapping-path.ts). `\xHH` stands for a byte where no entry is called so. Errors: USAGE where several mappings are called so.
 */
export function entryPath(view: BrickView, named: Uint8Array): Uint8Array {
  const { kind, source } = view.meta
  if (kind === 'process') return mappingPath(view, named) ?? named
  const inside = named[0] === slash ? withoutPrefix(named, isOneFile(kind) ? parentPath(source) : source) : named
  if (inside === undefined) return named
  const parts: string[] = bytesKey(inside).split('/')
  const kept = parts.filter((part) => part !== '' && part !== '.').join('/')
  const path = bytesOf(kept)
  return view.entry(path) === undefined ? (escapedPath(view, kept) ?? path) : path
}

/** Names are shown with `\xHH` for what is no plain text, and are typed as they are shown. */
function escapedPath(view: BrickView, shown: string): Uint8Array | undefined {
  if (!shown.includes('\\x')) return undefined
  const meant = bytesOf(
    shown.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  )
  return meant.length <= keyOfPathMax && view.entry(meant) !== undefined ? meant : undefined
}

function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0))
}

const slash = 0x2f
const keyOfPathMax = 4_096

/** The directory's own children (00) or what lies deeper (slash). */
function rangeAfter(path: Uint8Array, separator: number): KeyRange {
  const from = new Uint8Array(path.length + 1)
  from.set(path)
  from[path.length] = separator
  const to = from.slice()
  to[path.length] = separator + 1
  return { from, to }
}

function* entriesBetween(view: BrickView, range: KeyRange): Generator<EntryRecord> {
  for (const { key, value } of scan(view.pages, 'entries', view.record.entries, range)) {
    yield decodeEntry(pathOfKey(key), value)
  }
}

function sortKey(path: Uint8Array): string {
  return bytesKey(keyOfPath(path))
}

function withoutPrefix(path: Uint8Array, prefix: Uint8Array): Uint8Array | undefined {
  const folder = bytesKey(prefix) === '/' ? '/' : `${bytesKey(prefix)}/`
  const text = bytesKey(path)
  if (`${text}/` === folder) return utf8('')
  return text.startsWith(folder) ? path.subarray(folder.length) : undefined
}
