/** The names that a commit has: what the index keeps of it, as plain records. */
import { displayPath, utf8Text } from '../base/bytes.ts'
import type { Severity } from '../base/region.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { PlacedRegion } from '../brick/region-scan.ts'
import type { BrickView } from '../store/brick-view.ts'

/** In the order of their numbers in the catalog. */
export const nameKinds = ['path', 'symbol', 'label'] as const
export type NameKind = (typeof nameKinds)[number]

export interface NameOf {
  readonly path: Uint8Array
  /** Of the entry; undefined where the entry is known already. */
  readonly entryKind?: string
  readonly kind: NameKind
  /** At most `nameLengthMax` characters. */
  readonly text: string
  /** In the content; of a path 0 and the size. */
  readonly start: number
  readonly length: number
  /** Of the region; of a path the kind of the entry. */
  readonly class: string
  readonly severity?: Severity
}

const nameLengthMax = 256
/** Of one entry; the rest is left out. */
const namesMax = 8_192

export function pathName({ path, kind, size }: EntryRecord): NameOf {
  const text = cut(utf8Text(path) ?? displayPath(path))
  return { path, entryKind: kind, kind: 'path', text, start: 0, length: size, class: kind }
}

/** Its path first. BrickDamage. */
export function* namesOfEntry(view: BrickView, entry: EntryRecord): Generator<NameOf> {
  yield pathName(entry)
  const { slot, size, path } = entry
  if (slot === undefined) return
  let count = 0
  for (const region of view.regions({ start: slot.start, end: slot.start + size })) {
    if (region.start < slot.start) continue
    for (const name of namesOfRegion(region, { path, start: slot.start })) {
      if (++count > namesMax) return
      yield name
    }
  }
}

/** Those of all regions, in the order of the brick's space. BrickDamage. */
export function* namesOfRegions(view: BrickView): Generator<NameOf> {
  const { length } = view.record
  const slots = view.slots({ start: 0, length })
  let next = slots.next().value
  let count = 0
  for (const region of view.regions({ start: 0, end: length })) {
    while (next && next.slot.start + next.slot.length <= region.start) {
      next = slots.next().value
      count = 0
    }
    if (!next || region.start < next.slot.start) continue
    for (const name of namesOfRegion(region, { path: next.path, start: next.slot.start })) {
      if (++count <= namesMax) yield name
    }
  }
}

/** Lines of logs, gaps between them and what could not be looked at have places, not names. */
const nameless: ReadonlySet<string> = new Set(['line', 'gap', 'problem'])
const symbols: ReadonlySet<string> = new Set(['symbol', 'function', 'object'])

function* namesOfRegion(
  region: PlacedRegion,
  { path, start }: { readonly path: Uint8Array; readonly start: number },
): Generator<NameOf> {
  const { name, length, finding } = region
  if (nameless.has(region.class)) return
  const kind: NameKind = symbols.has(region.class) ? 'symbol' : 'label'
  const severity = finding && { severity: finding.severity }
  const place = { path, kind, start: region.start - start, length, class: region.class, ...severity }
  if (name !== '') yield { ...place, text: cut(name) }
  if (finding !== undefined) yield { ...place, text: cut(finding.rule) }
}

function cut(text: string): string {
  return text.length <= nameLengthMax ? text : text.slice(0, nameLengthMax).toWellFormed()
}
