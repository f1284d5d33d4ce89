/** The dynamic section: what the loader is told, with the names of those entries that are names. */
import { type Asked, type ElfReading, NameTable } from './elf-fields.ts'
import { type ElfSection, sectionType } from './elf-sections.ts'
import { type ElfSegment, offsetOfAddress, segmentType } from './elf-segments.ts'

export interface DynamicEntry {
  /** d_tag, signed in the file, here as it lies there. */
  readonly tag: bigint
  readonly value: bigint
  /** Of NEEDED, SONAME, RPATH, RUNPATH and their like. */
  readonly text?: string
}

export const dynamicTag = {
  needed: 1n,
  strings: 5n,
  stringsBytes: 10n,
  soname: 14n,
  rpath: 15n,
  debug: 21n,
  textRelocations: 22n,
  bindNow: 24n,
  runpath: 29n,
  flags: 30n,
  flags1: 0x6ffffffbn,
}

/** Of FLAGS_1. */
export const dynamicFlag1 = { now: 1n, pie: 0x08000000n }

const entriesMax = 65_536
const stringsBytesMax = 64 * 2 ** 20
const asked: Asked = { part: 'dynamic', name: 'dynamic section' }
/** NEEDED, SONAME, RPATH, RUNPATH, CONFIG, DEPAUDIT, AUDIT, AUXILIARY, FILTER: value is an offset of a name. */
const namedTags = new Set([1n, 14n, 15n, 29n, 0x6ffffefan, 0x6ffffefbn, 0x6ffffefcn, 0x7ffffffdn, 0x7fffffffn])

export interface Tables {
  readonly segments: readonly ElfSegment[]
  readonly sections: readonly ElfSection[]
}

/** Up to and with the first entry of tag 0, as the loader does. */
export function readDynamic(reading: ElfReading, tables: Tables): readonly DynamicEntry[] {
  const place = placeOf(tables)
  if (place === undefined) return []
  const entryBytes = reading.bits / 4
  const count = Math.floor(place.length / entryBytes)
  const table = { at: place.at, count, entryBytes, entryBytesMin: entryBytes, countMax: entriesMax }
  const entries: DynamicEntry[] = []
  for (const { fields, at } of reading.table(table, asked)) {
    const tag = fields.address(at)
    entries.push({ tag, value: fields.address(at + entryBytes / 2) })
    if (tag === 0n) break
  }
  if (!entries.some(({ tag }) => namedTags.has(tag))) return entries
  const names = namesOf(reading, tables, { entries, section: place.section })
  return entries.map((entry) => {
    const text = namedTags.has(entry.tag) ? names.at(Number(entry.value)) : undefined
    return text === undefined ? entry : { ...entry, text }
  })
}

interface Place {
  readonly at: number
  readonly length: number
  readonly section: ElfSection | undefined
}

/** The segment is what counts when the file runs; a relocatable file or a dump may have only the section. */
function placeOf({ segments, sections }: Tables): Place | undefined {
  const section = sections.find(({ type }) => type === sectionType.dynamic)
  const segment = segments.find(({ type }) => type === segmentType.dynamic)
  if (segment !== undefined && segment.fileBytes > 0) return { at: segment.offset, length: segment.fileBytes, section }
  return section === undefined ? undefined : { at: section.offset, length: section.size, section }
}

function namesOf(
  reading: ElfReading,
  { segments, sections }: Tables,
  dynamic: { readonly entries: readonly DynamicEntry[]; readonly section: ElfSection | undefined },
): NameTable {
  const entryOf = (wanted: bigint): bigint | undefined => dynamic.entries.find(({ tag }) => tag === wanted)?.value
  const address = entryOf(dynamicTag.strings)
  const length = entryOf(dynamicTag.stringsBytes)
  const at = address === undefined ? undefined : offsetOfAddress(segments, address)
  const read = (run: { at: number; length: number }): NameTable =>
    new NameTable(reading.bytes({ ...run, lengthMax: stringsBytesMax }, { part: 'dynamic', name: 'dynamic names' }))
  if (at !== undefined && length !== undefined) return read({ at, length: Number(length) })
  const linked = dynamic.section === undefined ? undefined : sections[dynamic.section.link]
  if (linked?.type === sectionType.strings) return read({ at: linked.offset, length: linked.size })
  reading.problem('dynamic', 'dynamic names: no table')
  return new NameTable(new Uint8Array(0))
}
