/**
 * An ELF file as regions of its bytes: segments, sections, the largest symbols. Offsets are those of the file.
 *
 * Only what has bytes in the file becomes a region, cut at the file's end. The number of regions is bounded.
 */
import { type Region, regionLayers } from '../base/region.ts'
import { type ElfFile, type ElfSection, elfFileType } from './elf.ts'
import { sectionType } from './elf-sections.ts'
import { offsetOfAddress } from './elf-segments.ts'
import type { ElfSymbol } from './elf-symbols.ts'
import {
  bindingWord,
  sectionFlagLetters,
  sectionTypeWord,
  segmentRights,
  segmentTypeWord,
  symbolTypeWord,
} from './elf-words.ts'

export interface ElfRegionOptions {
  /** Size of the file. */
  readonly sizeBytes: number
  /** Of one or several tables; the same symbol in two of them becomes one region. */
  readonly symbols: readonly ElfSymbol[]
  /** The largest ones are taken. */
  readonly symbolsMax: number
}

/** Segments, then sections, then symbols, each by offset. */
export function elfRegions(elf: ElfFile, { sizeBytes, symbols, symbolsMax }: ElfRegionOptions): readonly Region[] {
  const all = [...segmentRegions(elf), ...sectionRegions(elf), ...symbolRegions(elf, { symbols, symbolsMax })]
  return all.flatMap((region) => {
    const length = Math.min(region.length, sizeBytes - region.offset)
    return length > 0 ? [length === region.length ? region : { ...region, length }] : []
  })
}

/** Offset in the file of a symbol's first byte; undefined where it has none there. */
export function offsetOfSymbol(elf: ElfFile, symbol: ElfSymbol): number | undefined {
  if (symbol.section === 0 || withoutPlace.has(symbol.type)) return undefined
  const section = elf.sections[symbol.section]
  if (section === undefined) return offsetOfAddress(elf.segments, symbol.value)
  if (section.type === sectionType.noBits) return undefined
  const distance = elf.header.type === elfFileType.relocatable ? symbol.value : symbol.value - section.address
  return distance >= 0n && distance < BigInt(section.size) ? section.offset + Number(distance) : undefined
}

/** SECTION, FILE, COMMON, TLS. */
const withoutPlace = new Set([3, 4, 5, 6])
const segmentsMax = 256
const sectionsMax = 4_096
const nameCharactersMax = 512

function segmentRegions({ segments }: ElfFile): Region[] {
  return segments
    .filter(({ type, fileBytes }) => type !== 0 && fileBytes > 0)
    .slice(0, segmentsMax)
    .sort((a, b) => a.offset - b.offset)
    .map(({ type, flags, offset, address, fileBytes, memoryBytes }) => ({
      offset,
      length: fileBytes,
      layer: regionLayers.segment,
      class: 'segment',
      name: `${segmentTypeWord(type)} ${segmentRights(flags)}`,
      attributes: { address: hex(address), memoryBytes },
    }))
}

function sectionRegions({ sections }: ElfFile): Region[] {
  return sections
    .filter((section) => section.size > 0 && section.type !== 0 && section.type !== sectionType.noBits)
    .slice(0, sectionsMax)
    .sort((a, b) => a.offset - b.offset)
    .map((section) => ({
      offset: section.offset,
      length: section.size,
      layer: regionLayers.section,
      class: 'section',
      name: cut(section.name),
      attributes: sectionAttributes(section),
    }))
}

function sectionAttributes({ type, flags, address }: ElfSection): { type: string; flags: string; address?: string } {
  const place = address === 0n ? {} : { address: hex(address) }
  return { type: sectionTypeWord(type), flags: sectionFlagLetters(flags), ...place }
}

function symbolRegions(
  elf: ElfFile,
  { symbols, symbolsMax }: Pick<ElfRegionOptions, 'symbols' | 'symbolsMax'>,
): Region[] {
  const largest = symbols
    .filter(({ size, name, type }) => size > 0 && name !== '' && !withoutPlace.has(type))
    .sort((a, b) => b.size - a.size)
  const seen = new Set<string>()
  const regions: Region[] = []
  for (const symbol of largest) {
    if (regions.length >= symbolsMax) break
    const offset = offsetOfSymbol(elf, symbol)
    if (offset === undefined) continue
    const key = `${offset} ${symbol.size} ${symbol.name}`
    if (seen.has(key)) continue
    seen.add(key)
    regions.push({
      offset,
      length: symbol.size,
      layer: regionLayers.symbol,
      class: 'symbol',
      name: cut(symbol.name),
      attributes: { type: symbolTypeWord(symbol.type), binding: bindingWord(symbol.binding) },
    })
  }
  return regions.sort((a, b) => a.offset - b.offset)
}

function cut(name: string): string {
  return name.length <= nameCharactersMax ? name : `${name.slice(0, nameCharactersMax - 1)}…`
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
