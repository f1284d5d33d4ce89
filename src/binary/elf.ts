/**
 * Reads the structure of an ELF file: header, segments, sections, dynamic entries, notes. Both classes, both byte orders.
 *
 * What is read may be damaged or hostile. Nothing here throws or loops because of it: what cannot be had is left out and
 * said in `problems`; every table is bounded in entries and bytes. Symbols are read apart (elf-symbols.ts): of a large
 * library they cost more than all the rest. Never reads content of sections but tables and notes.
 */
import { type DynamicEntry, readDynamic } from './elf-dynamic.ts'
import { type ElfLayout, ElfReading, type ElfSource } from './elf-fields.ts'
import { type ElfNote, readNotes } from './elf-notes.ts'
import { type ElfSection, readSections } from './elf-sections.ts'
import { type ElfSegment, readSegments } from './elf-segments.ts'

export type { DynamicEntry } from './elf-dynamic.ts'
export type { ElfLayout, ElfSource } from './elf-fields.ts'
export type { ElfNote } from './elf-notes.ts'
export type { ElfSection } from './elf-sections.ts'
export type { ElfSegment } from './elf-segments.ts'

/** What is wrong with a file, in words of a stable form: `section headers: 31 of 64 bytes at 0x3a90 lie in the file`. */
export interface ElfProblem {
  readonly part:
    | 'header'
    | 'segments'
    | 'sections'
    | 'symbols'
    | 'dynamic'
    | 'notes'
    | 'versions'
    | 'frames'
    | 'relocations'
  readonly detail: string
}

export interface ElfHeader extends ElfLayout {
  readonly osAbi: number
  readonly abiVersion: number
  /** e_type: `elfFileType`. */
  readonly type: number
  readonly machine: number
  readonly flags: number
  readonly entry: bigint
  readonly segmentsAt: number
  readonly sectionsAt: number
  readonly headerSizeBytes: number
  readonly segmentSizeBytes: number
  readonly sectionSizeBytes: number
  /** As the header says it: of large files the first section has the true numbers. */
  readonly segmentCount: number
  readonly sectionCount: number
  readonly namesSection: number
}

/** `shared`: a library or a program of any place (PIE). */
export const elfFileType = { relocatable: 1, executable: 2, shared: 3, core: 4 }

export interface ElfFile {
  readonly kind: 'elf'
  readonly header: ElfHeader
  readonly segments: readonly ElfSegment[]
  readonly sections: readonly ElfSection[]
  readonly dynamic: readonly DynamicEntry[]
  readonly notes: readonly ElfNote[]
  /** Lower-case hex of the GNU build id. */
  readonly buildId: string | undefined
  readonly problems: readonly ElfProblem[]
}

export interface NotElf {
  readonly kind: 'not elf'
  readonly why: string
}

/** Only errors that `source.read` throws leave this function. */
export function readElf(source: ElfSource): ElfFile | NotElf {
  const reading = new ElfReading(source)
  const header = readHeader(reading, source)
  if ('kind' in header) return header
  const sections = readSections(reading, header)
  const segments = readSegments(reading, header, sections)
  const dynamic = readDynamic(reading, { segments, sections })
  const notes = readNotes(reading, { segments, sections })
  const buildId = notes.find(({ owner, type }) => owner === 'GNU' && type === gnuBuildId)?.hex
  return { kind: 'elf', header, segments, sections, dynamic, notes, buildId, problems: reading.problems }
}

const gnuBuildId = 3
const magic = [0x7f, 0x45, 0x4c, 0x46]

function readHeader(reading: ElfReading, source: ElfSource): ElfHeader | NotElf {
  const bytes = source.read(0, Math.min(64, source.size))
  if (magic.some((byte, at) => bytes[at] !== byte))
    return { kind: 'not elf', why: 'it does not begin with 7f 45 4c 46' }
  const [, , , , elfClass = 0, order = 0, , osAbi = 0, abiVersion = 0] = bytes
  if (elfClass !== 1 && elfClass !== 2) return { kind: 'not elf', why: `its class is ${elfClass}, neither 1 nor 2` }
  if (order !== 1 && order !== 2) return { kind: 'not elf', why: `its byte order is ${order}, neither 1 nor 2` }
  const needed = elfClass === 2 ? 64 : 52
  if (bytes.length < needed)
    return { kind: 'not elf', why: `it ends within its header, after ${bytes.length} of ${needed} bytes` }
  const layout: ElfLayout = { bits: elfClass === 2 ? 64 : 32, byteOrder: order === 1 ? 'little' : 'big' }
  reading.begin(layout)
  const fields = reading.fields(bytes, 'header')
  const wide = layout.bits === 64
  const tail = wide ? 48 : 36
  return {
    ...layout,
    osAbi,
    abiVersion,
    type: fields.u16(16),
    machine: fields.u16(18),
    flags: fields.u32(tail),
    entry: fields.address(24),
    segmentsAt: fields.whole(wide ? 32 : 28),
    sectionsAt: fields.whole(wide ? 40 : 32),
    headerSizeBytes: fields.u16(tail + 4),
    segmentSizeBytes: fields.u16(tail + 6),
    segmentCount: fields.u16(tail + 8),
    sectionSizeBytes: fields.u16(tail + 10),
    sectionCount: fields.u16(tail + 12),
    namesSection: fields.u16(tail + 14),
  }
}
