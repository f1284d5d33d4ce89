/**
 * The analyzer `imports`: what a program can do, told from the functions that it takes from libraries (a kernel module:
 * from the kernel). Each capability is a region over the entry of the symbol table that shows it first.
 */
import { type Region, regionLayers } from '../../base/region.ts'
import { type ElfFile, type ElfSection, elfFileType } from '../../binary/elf.ts'
import { sectionType } from '../../binary/elf-sections.ts'
import type { ElfSymbol, SymbolTable } from '../../binary/elf-symbols.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Subject } from '../subject.ts'
import { capabilitiesOf } from './capabilities.ts'
import { programCapabilities } from './capability-table.ts'
import { importFindings } from './import-findings.ts'
import { moduleCapabilities } from './module-capability-table.ts'

export const importsAnalyzer: ContentAnalyzer = {
  name: 'imports',
  version: 1,
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    if (elf === undefined) return
    const linkage = linkageOf(subject, elf)
    if (linkage === undefined) return
    const placeOf = (name: string): Pick<Region, 'offset' | 'length'> => placeOfSymbol(subject, linkage, name)
    const table = linkage.isModule ? moduleCapabilities : programCapabilities
    for (const { capability, symbols } of capabilitiesOf([...linkage.imports], table)) {
      const { name, title, why } = capability
      report.region({
        ...placeOf(symbols[0] as string),
        layer: regionLayers.record,
        class: 'capability',
        name: title,
        attributes: { capability: name, symbols: symbols.slice(0, symbolsShownMax), why },
      })
    }
    for (const { symbol, title, finding } of importFindings(elf, linkage)) {
      report.finding({ ...placeOf(symbol), name: title }, finding)
    }
  },
}

/** What a file takes from others and gives to others, by name. */
export interface Linkage {
  readonly imports: ReadonlySet<string>
  /** Functions that others can call. */
  readonly exports: ReadonlySet<string>
  readonly isModule: boolean
  readonly table: ElfSection | undefined
  readonly symbols: readonly ElfSymbol[]
}

/** Of what the loader or, for a module, the kernel links; undefined of other objects. */
export function linkageOf(subject: Pick<Subject, 'symbols'>, elf: ElfFile): Linkage | undefined {
  const isModule = elf.header.type === elfFileType.relocatable
  if (isModule && !elf.sections.some(({ name }) => name === '.modinfo')) return undefined
  const kind: SymbolTable = isModule ? 'linking' : 'loading'
  const { symbols } = subject.symbols(kind)
  const imports = new Set<string>()
  const exports = new Set<string>()
  for (const { section, name, type, binding, visibility } of symbols) {
    if (name === '') continue
    if (section === 0) imports.add(name)
    else if (binding !== local && visibility === shownToAll && (type === plain || type === indirect)) exports.add(name)
  }
  const type = isModule ? sectionType.symbols : sectionType.dynamicSymbols
  return { imports, exports, isModule, table: elf.sections.find((section) => section.type === type), symbols }
}

const symbolsShownMax = 32
const local = 0
const shownToAll = 0
const plain = 2
const indirect = 10

function placeOfSymbol(
  subject: Subject,
  { table, symbols }: Linkage,
  name: string,
): { offset: number; length: number } {
  const index = symbols.findIndex((symbol) => symbol.name === name)
  if (table === undefined || index < 0) return { offset: 0, length: 0 }
  const offset = table.offset + index * table.entryBytes
  const length = Math.min(table.entryBytes, subject.content.size - offset)
  return length > 0 ? { offset, length } : { offset: 0, length: 0 }
}
