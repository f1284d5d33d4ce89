/** Symbols of an ELF file, of .symtab where there is one, and of .dynsym. */
import type { ElfFile, ElfProblem } from './elf.ts'
import { type ElfFields, ElfReading, type ElfSource, NameTable } from './elf-fields.ts'
import { placeOfLoaderSymbols } from './elf-loader-symbols.ts'
import { type ElfSection, sectionType } from './elf-sections.ts'

export interface ElfSymbol {
  readonly name: string
  /** An address; in a relocatable file (kernel modules) the offset in its section. */
  readonly value: bigint
  readonly size: number
  /** 0 NOTYPE, 1 OBJECT, 2 FUNC, 3 SECTION, 4 FILE, 5 COMMON, 6 TLS, 10 IFUNC. */
  readonly type: number
  /** 0 LOCAL, 1 GLOBAL, 2 WEAK, 10 UNIQUE. */
  readonly binding: number
  /** 0 DEFAULT, 1 INTERNAL, 2 HIDDEN, 3 PROTECTED. */
  readonly visibility: number
  /** Index of its section; 0 undefined, 0xfff1 absolute, 0xfff2 common. */
  readonly section: number
}

export interface ElfSymbols {
  /** In the table's order, the empty first one included. */
  readonly symbols: readonly ElfSymbol[]
  readonly problems: readonly ElfProblem[]
}

/** `linking`: .symtab, which strip takes away. `loading`: .dynsym, which the loader needs. */
export type SymbolTable = 'linking' | 'loading'

export interface SymbolsAsked {
  readonly table: SymbolTable
  /** `sized`: only those that are defined and have bytes. Default: all. */
  readonly which?: 'all' | 'sized'
  /** Entries of the table that are read at most; a million. */
  readonly countMax?: number
}

/** Symbols of one table. Only errors that `source.read` throws leave this function. */
export function readSymbols(
  source: ElfSource,
  elf: ElfFile,
  { table, which = 'all', countMax = symbolsMax }: SymbolsAsked,
): ElfSymbols {
  const type = table === 'linking' ? sectionType.symbols : sectionType.dynamicSymbols
  const reading = new ElfReading(source)
  reading.begin(elf.header)
  const section = elf.sections.find((one) => one.type === type)
  if (section !== undefined) {
    const names = elf.sections[section.link]
    const symbols = symbolsOf(reading, elf.sections, { section, names, which, countMax })
    return { symbols, problems: reading.problems }
  }
  const place = table === 'loading' && elf.sections.length === 0 ? placeOfLoaderSymbols(reading, elf) : undefined
  if (place === undefined) return { symbols: [], problems: reading.problems }
  const symbols = symbolsOf(reading, [], { section: place.symbols, names: place.names, which, countMax })
  return { symbols, problems: reading.problems }
}

const symbolsMax = 1_000_000
const namesBytesMax = 256 * 2 ** 20
/** The section's index did not fit: it stands in a table of its own. */
const extended = 0xffff

interface SymbolsRead {
  readonly section: ElfSection
  /** The section of their names, if it is one. */
  readonly names: ElfSection | undefined
  readonly which: 'all' | 'sized'
  readonly countMax: number
}

function symbolsOf(
  reading: ElfReading,
  sections: readonly ElfSection[],
  { section, names: linked, which, countMax }: SymbolsRead,
): readonly ElfSymbol[] {
  const names = linked?.type === sectionType.strings ? namesOf(reading, linked) : new NameTable(new Uint8Array(0))
  if (names.isEmpty && section.size > 0) reading.problem('symbols', `${section.name}: no names`)
  const wideIndexes = wideIndexesOf(reading, sections, section)
  const entryBytesMin = reading.bits === 64 ? 24 : 16
  const entryBytes = section.entryBytes
  const count = entryBytes === 0 ? 1 : Math.floor(section.size / entryBytes)
  const table = { at: section.offset, count, entryBytes, entryBytesMin, countMax }
  const symbols: ElfSymbol[] = []
  for (const { fields, at } of reading.table(table, { part: 'symbols', name: section.name })) {
    const symbol = reading.bits === 64 ? wideSymbol(fields, at) : narrowSymbol(fields, at)
    if (which === 'sized' && (symbol.size === 0 || symbol.section === 0)) continue
    const name = names.at(fields.u32(at))
    if (name === undefined) reading.problem('symbols', `${section.name}: a name cannot be read in the name table`)
    const wideIndex = symbol.section === extended ? wideIndexes?.(at / entryBytes) : undefined
    symbols.push({ name: name ?? '', ...symbol, ...(wideIndex === undefined ? {} : { section: wideIndex }) })
  }
  return symbols
}

function namesOf(reading: ElfReading, { offset: at, size: length }: ElfSection): NameTable {
  const run = { at, length, lengthMax: namesBytesMax }
  return new NameTable(reading.bytes(run, { part: 'symbols', name: 'symbol names' }))
}

function wideIndexesOf(
  reading: ElfReading,
  sections: readonly ElfSection[],
  { index }: ElfSection,
): ((symbol: number) => number | undefined) | undefined {
  const section = sections.find(({ type, link }) => type === sectionType.wideIndex && link === index)
  if (section === undefined) return undefined
  const run = { at: section.offset, length: section.size, lengthMax: symbolsMax * 4 }
  const bytes = reading.bytes(run, { part: 'symbols', name: section.name })
  const fields = reading.fields(bytes, 'symbols')
  return (symbol) => (symbol * 4 + 4 <= bytes.length ? fields.u32(symbol * 4) : undefined)
}

type Numbers = Omit<ElfSymbol, 'name'>

function wideSymbol(fields: ElfFields, at: number): Numbers {
  return {
    ...kindsOf(fields.u8(at + 4), fields.u8(at + 5)),
    section: fields.u16(at + 6),
    value: fields.address(at + 8),
    size: fields.whole(at + 16),
  }
}

function narrowSymbol(fields: ElfFields, at: number): Numbers {
  return {
    ...kindsOf(fields.u8(at + 12), fields.u8(at + 13)),
    section: fields.u16(at + 14),
    value: fields.address(at + 4),
    size: fields.u32(at + 8),
  }
}

function kindsOf(info: number, other: number): Pick<ElfSymbol, 'type' | 'binding' | 'visibility'> {
  return { type: info & 15, binding: info >> 4, visibility: other & 3 }
}
