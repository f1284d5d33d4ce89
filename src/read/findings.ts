/** The findings of a commit, each with the place that it is about, and the order in which a person should see them. */
import { createHash } from 'node:crypto'
import { bytesKey, compareBytes, concatBytes, displayPath, utf8 } from '../base/bytes.ts'
import { hexText, mappingLabel } from '../base/mapping-text.ts'
import { type Finding, type JsonValue, type Region, severityRank } from '../base/region.ts'
import { singleQuoted } from '../base/shell-text.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { type BrickMeta, isOneFile } from '../brick/meta.ts'
import type { BrickView } from '../store/brick-view.ts'

export interface EntryFinding {
  readonly entry: EntryRecord
  readonly region: Region & { readonly finding: Finding }
}

/** Those that begin in those positions, in the order of their places; left out: all. What lies in no entry is left out. BrickDamage. */
export function* findingsIn(
  view: BrickView,
  range: { readonly start: number; readonly end: number } = { start: 0, end: view.record.length },
): Generator<EntryFinding> {
  for (const { start, ...region } of view.regions({ ...range, which: 'findings' })) {
    const { finding } = region
    const owner = finding === undefined || start < range.start ? undefined : view.slotAt(start)
    if (finding === undefined || owner === undefined) continue
    const entry = view.entry(owner.path)
    if (entry !== undefined) yield { entry, region: { ...region, offset: start - owner.slot.start, finding } }
  }
}

/** A finding as a list has it. Texts may have been written by anyone. */
export interface ListedFinding {
  /** As in the brick. */
  readonly path: Uint8Array
  /** `placeOnMachine`. */
  readonly place: Uint8Array
  /** Of a mapping: what it is called, for people. */
  readonly label?: string
  readonly title: string
  readonly finding: Finding
  readonly detector?: string
  readonly attributes?: { readonly [key: string]: JsonValue }
  /** In the entry's content; none of an entry that owns no bytes. `address` of a mapping's. */
  readonly run?: { readonly offset: number; readonly length: number; readonly address?: string }
}

/** All of a commit, those of entries without bytes included; the gravest first. Held in memory. BrickDamage. */
export function listFindings(view: BrickView): ListedFinding[] {
  const { meta } = view
  const inBytes = [...findingsIn(view)].map(({ entry, region }) => listed(meta, entry, region))
  const others = (meta.analysis?.placeless ?? []).map(({ path, name: title, detector, finding }) => {
    return { path, place: placeOnMachine(meta, path), title, finding, detector }
  })
  return inReadingOrder([...inBytes, ...others])
}

/** As a person should see them: by `compareFindings`, and no more than a few of one file and rule before those of others. */
export function inReadingOrder<T extends ListedFinding>(findings: readonly T[]): T[] {
  return alternating(findings.toSorted(compareFindings), {
    gravity: ({ finding }) => severityRank(finding.severity),
    group: ({ finding, place }) => `${finding.rule} ${bytesKey(place)}`,
  })
}

/**
 * Rows in order, taken in turns: of those of the same gravity first up to `turnRows` of each group, then up to as many more
 * of each. Within a turn the order stays. `gravity`: equal ones lie together.
 */
export function alternating<T>(
  rows: readonly T[],
  { gravity, group }: { gravity(row: T): number; group(row: T): string },
): T[] {
  const counts = new Map<string, number>()
  const placed = rows.map((row) => {
    const key = `${gravity(row)} ${group(row)}`
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    return { row, turn: Math.floor(count / turnRows) }
  })
  const blocks = new Map<number, number>()
  for (const row of rows) if (!blocks.has(gravity(row))) blocks.set(gravity(row), blocks.size)
  const block = ({ row }: { row: T }): number => blocks.get(gravity(row)) as number
  return placed.sort((a, b) => block(a) - block(b) || a.turn - b.turn).map(({ row }) => row)
}

/** Rows of one file and rule before those of others. */
const turnRows = 3

/** The gravest first, then the surest, then by place: the order of those of one kind. */
function compareFindings(a: ListedFinding, b: ListedFinding): number {
  return (
    severityRank(b.finding.severity) - severityRank(a.finding.severity) ||
    b.finding.confidence - a.finding.confidence ||
    compareBytes(a.place, b.place) ||
    (a.run?.offset ?? 0) - (b.run?.offset ?? 0) ||
    compareBytes(utf8(a.finding.rule), utf8(b.finding.rule))
  )
}

/** What stays the same while the finding does, wherever in the entry it is by now. */
export function findingKey({ place, title, finding }: ListedFinding): string {
  return JSON.stringify([finding.rule, displayPath(place), title])
}

/** The same in hex: SHA-256 of it. */
export function fingerprintOf(listed: ListedFinding): string {
  return createHash('sha256').update(findingKey(listed)).digest('hex')
}

/** Where the entry is on the machine that the brick is of; of a source without a path, below its name. Bytes. */
export function placeOnMachine({ kind, source }: Pick<BrickMeta, 'kind' | 'source'>, path: Uint8Array): Uint8Array {
  if (isOneFile(kind) || path.length === 0) return source
  return concatBytes(source.at(-1) === slash ? [source, path] : [source, utf8('/'), path])
}

/** The command of a finding, with the file's place in it, for a POSIX shell; undefined where it has none. */
export function checkCommand({
  finding: { check },
  place,
}: Pick<ListedFinding, 'finding' | 'place'>): string | undefined {
  return check?.replaceAll(/\bFILE\b/g, () => shellWord(place))
}

const slash = 0x2f

function listed(meta: BrickMeta, entry: EntryRecord, region: EntryFinding['region']): ListedFinding {
  const { path, mapping } = entry
  const { offset, length, name: title, finding, detector, attributes } = region
  const address = mapping && hexText(mapping.address + BigInt(offset))
  return {
    ...{ path, place: placeOnMachine(meta, path), title, finding },
    ...(mapping && { label: mappingLabel(mapping) }),
    ...(detector !== undefined && { detector }),
    ...(attributes && { attributes }),
    run: { offset, length, ...(address !== undefined && { address }) },
  }
}

/** In single quotes where it needs any; bytes that are no plain text as `$'\xHH'`, which bash, zsh and POSIX 2024 know. */
export function shellWord(path: Uint8Array): string {
  const text = Buffer.from(path).toString('latin1')
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (/^[\x20-\x7e]*$/.test(text)) return singleQuoted(text)
  const escaped = text.replaceAll(/[\\']/g, '\\$&').replaceAll(/[^\x20-\x7e]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `$'${escaped}'`
}
