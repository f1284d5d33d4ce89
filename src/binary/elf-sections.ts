/** Section headers and their names. The name table is the section that the header names. */
import type { ElfHeader } from './elf.ts'
import { type ElfFields, type ElfReading, NameTable } from './elf-fields.ts'

export interface ElfSection {
  readonly index: number
  /** Empty where the file has none for it. */
  readonly name: string
  /** sh_type: 1 PROGBITS, 2 SYMTAB, 3 STRTAB, 6 DYNAMIC, 7 NOTE, 8 NOBITS, 11 DYNSYM, ... */
  readonly type: number
  readonly flags: bigint
  readonly address: bigint
  /** Offset in the file. */
  readonly offset: number
  /** Bytes; of NOBITS those in memory, none in the file. */
  readonly size: number
  readonly link: number
  readonly info: number
  readonly alignment: number
  readonly entryBytes: number
}

export const sectionType = { symbols: 2, strings: 3, dynamic: 6, note: 7, noBits: 8, dynamicSymbols: 11, wideIndex: 18 }

const sectionsMax = 262_144
const namesBytesMax = 64 * 2 ** 20
/** A number of the header that says: look into the first section. */
const extended = 0xffff

export function readSections(reading: ElfReading, header: ElfHeader): readonly ElfSection[] {
  const first = header.sectionsAt === 0 ? undefined : rawSections(reading, header, 1)[0]
  if (first === undefined) {
    if (header.sectionCount > 0 && header.sectionsAt === 0) reading.problem('sections', 'section headers: no place')
    return []
  }
  const count = header.sectionCount === 0 ? first.size : header.sectionCount
  const raw = rawSections(reading, header, count)
  const namesIndex = header.namesSection === extended ? first.link : header.namesSection
  const names = namesOf(reading, raw, namesIndex)
  return raw.map(({ nameOffset, ...section }) => {
    const name = names.at(nameOffset)
    if (name === undefined && !names.isEmpty) reading.problem('sections', 'a name cannot be read in the name table')
    return { ...section, name: name ?? '' }
  })
}

type RawSection = Omit<ElfSection, 'name'> & { readonly nameOffset: number }

function rawSections(reading: ElfReading, header: ElfHeader, count: number): RawSection[] {
  const { sectionsAt: at, sectionSizeBytes: entryBytes } = header
  const entryBytesMin = reading.bits === 64 ? 64 : 40
  const table = { at, count, entryBytes, entryBytesMin, countMax: sectionsMax }
  const sections: RawSection[] = []
  for (const entry of reading.table(table, { part: 'sections', name: 'section headers' })) {
    sections.push(rawSection(entry.fields, { at: entry.at, bits: reading.bits, index: sections.length }))
  }
  return sections
}

function rawSection(fields: ElfFields, { at, bits, index }: { at: number; bits: 32 | 64; index: number }): RawSection {
  const wide = bits === 64
  const width = bits / 8
  const link = wide ? at + 40 : at + 24
  return {
    index,
    nameOffset: fields.u32(at),
    type: fields.u32(at + 4),
    flags: fields.address(at + 8),
    address: fields.address(at + 8 + width),
    offset: fields.whole(at + 8 + 2 * width),
    size: fields.whole(at + 8 + 3 * width),
    link: fields.u32(link),
    info: fields.u32(link + 4),
    alignment: fields.whole(link + 8),
    entryBytes: fields.whole(link + 8 + width),
  }
}

function namesOf(reading: ElfReading, sections: readonly RawSection[], index: number): NameTable {
  if (index === 0) return new NameTable(new Uint8Array(0))
  const section = sections[index]
  if (section === undefined || section.type === sectionType.noBits) {
    reading.problem('sections', `the name table, section ${index}, is not there`)
    return new NameTable(new Uint8Array(0))
  }
  const run = { at: section.offset, length: section.size, lengthMax: namesBytesMax }
  return new NameTable(reading.bytes(run, { part: 'sections', name: 'section names' }))
}
