/** Versions of symbols: which ones of which library a file needs, and which it offers. Lists in the file are bounded, and always walked forward. */
import type { ElfFile, ElfProblem } from './elf.ts'
import { dynamicTag } from './elf-dynamic.ts'
import { type ElfFields, ElfReading, type ElfSource, NameTable } from './elf-fields.ts'
import { type ElfSection, sectionType } from './elf-sections.ts'
import { offsetOfAddress } from './elf-segments.ts'

export interface NeededVersions {
  /** As DT_NEEDED names it: `libc.so.6`. */
  readonly library: string
  /** In the file's order: `GLIBC_2.34`. */
  readonly versions: readonly string[]
}

export interface ElfVersions {
  readonly needed: readonly NeededVersions[]
  /** Of its own symbols, its own name first. */
  readonly defined: readonly string[]
  readonly problems: readonly ElfProblem[]
}

/** Only errors that `source.read` throws leave this function. */
export function readVersions(source: ElfSource, elf: ElfFile): ElfVersions {
  const reading = new ElfReading(source)
  reading.begin(elf.header)
  const needed = tableOf(reading, elf, needs)
  const defined = tableOf(reading, elf, definitions)
  return {
    needed: needed === undefined ? [] : neededOf(needed),
    defined: defined === undefined ? [] : definedOf(defined),
    problems: reading.problems,
  }
}

const needs = { section: 0x6ffffffe, address: 0x6ffffffen, count: 0x6fffffffn, name: 'needed versions' }
const definitions = { section: 0x6ffffffd, address: 0x6ffffffcn, count: 0x6ffffffdn, name: 'defined versions' }
const tableBytesMax = 4 * 2 ** 20
const namesBytesMax = 64 * 2 ** 20
/** Of a list in the file, and of all names of one file. */
const entriesMax = 16_384

interface VersionTable {
  readonly fields: ElfFields
  readonly sizeBytes: number
  readonly count: number
  readonly names: NameTable
}

function tableOf(reading: ElfReading, elf: ElfFile, kind: typeof needs): VersionTable | undefined {
  const section = elf.sections.find(({ type }) => type === kind.section)
  const place = section === undefined ? placeInMemory(elf, kind) : { at: section.offset, length: section.size }
  if (place === undefined) return undefined
  const bytes = reading.bytes({ ...place, lengthMax: tableBytesMax }, { part: 'versions', name: kind.name })
  const count = section?.info ?? Number(entryOf(elf, kind.count) ?? 0n)
  const names = namesOf(reading, elf, section)
  return { fields: reading.fields(bytes, 'versions'), sizeBytes: bytes.length, count, names }
}

function placeInMemory(elf: ElfFile, kind: typeof needs): { at: number; length: number } | undefined {
  const address = entryOf(elf, kind.address)
  const at = address === undefined ? undefined : offsetOfAddress(elf.segments, address)
  const count = Number(entryOf(elf, kind.count) ?? 0n)
  return at === undefined ? undefined : { at, length: Math.min(tableBytesMax, count * 512) }
}

function namesOf(reading: ElfReading, elf: ElfFile, section: ElfSection | undefined): NameTable {
  const linked = section === undefined ? undefined : elf.sections[section.link]
  const address = entryOf(elf, dynamicTag.strings)
  const at = address === undefined ? undefined : offsetOfAddress(elf.segments, address)
  const inMemory = at === undefined ? undefined : { at, length: Number(entryOf(elf, dynamicTag.stringsBytes) ?? 0n) }
  const place = linked?.type === sectionType.strings ? { at: linked.offset, length: linked.size } : inMemory
  if (place === undefined) return new NameTable(new Uint8Array(0))
  return new NameTable(
    reading.bytes({ ...place, lengthMax: namesBytesMax }, { part: 'versions', name: 'version names' }),
  )
}

function entryOf({ dynamic }: ElfFile, tag: bigint): bigint | undefined {
  return dynamic.find((entry) => entry.tag === tag)?.value
}

/** Verneed, 16 bytes: version, count, file, aux, next; its Vernaux, 16 bytes: hash, flags, other, name, next. */
function neededOf({ fields, sizeBytes, count, names }: VersionTable): readonly NeededVersions[] {
  const needed: NeededVersions[] = []
  let left = entriesMax
  for (let at = 0, index = 0; index < Math.min(count, entriesMax) && at + 16 <= sizeBytes; index++) {
    const library = names.at(fields.u32(at + 4)) ?? ''
    const versions: string[] = []
    let aux = at + fields.u32(at + 8)
    for (let version = fields.u16(at + 2); version > 0 && aux + 16 <= sizeBytes && left > 0; version--, left--) {
      const name = names.at(fields.u32(aux + 8))
      if (name !== undefined) versions.push(name)
      const next = fields.u32(aux + 12)
      if (next === 0) break
      aux += next
    }
    needed.push({ library, versions })
    const next = fields.u32(at + 12)
    if (next === 0) break
    at += next
  }
  return needed
}

/** Verdef, 20 bytes: version, flags, index, count, hash, aux, next; of its names (8 bytes each) the first one is its own. */
function definedOf({ fields, sizeBytes, count, names }: VersionTable): readonly string[] {
  const defined: string[] = []
  for (let at = 0, index = 0; index < Math.min(count, entriesMax) && at + 20 <= sizeBytes; index++) {
    const aux = at + fields.u32(at + 12)
    const name = aux + 8 <= sizeBytes ? names.at(fields.u32(aux)) : undefined
    if (name !== undefined) defined.push(name)
    const next = fields.u32(at + 16)
    if (next === 0) break
    at += next
  }
  return defined
}
