/** Program headers, and from an address in memory to the offset in the file. */
import type { ElfHeader } from './elf.ts'
import type { ElfFields, ElfReading } from './elf-fields.ts'
import type { ElfSection } from './elf-sections.ts'

export interface ElfSegment {
  /** p_type: 1 LOAD, 2 DYNAMIC, 3 INTERP, 4 NOTE, 7 TLS, 0x6474e551 GNU_STACK, 0x6474e552 GNU_RELRO, ... */
  readonly type: number
  /** 4 readable, 2 writable, 1 executable. */
  readonly flags: number
  readonly offset: number
  readonly address: bigint
  readonly physicalAddress: bigint
  readonly fileBytes: number
  readonly memoryBytes: number
  readonly alignment: number
}

export const segmentType = {
  load: 1,
  dynamic: 2,
  interpreter: 3,
  note: 4,
  unwinding: 0x6474e550,
  stack: 0x6474e551,
  readOnlyAfterRelocation: 0x6474e552,
}

const segmentsMax = 65_536
/** A number of the header that says: look into the first section. */
const extended = 0xffff

export function readSegments(
  reading: ElfReading,
  header: ElfHeader,
  sections: readonly ElfSection[],
): readonly ElfSegment[] {
  const count = header.segmentCount === extended ? (sections[0]?.info ?? extended) : header.segmentCount
  const table = {
    at: header.segmentsAt,
    count,
    entryBytes: header.segmentSizeBytes,
    entryBytesMin: reading.bits === 64 ? 56 : 32,
    countMax: segmentsMax,
  }
  const segments: ElfSegment[] = []
  for (const { fields, at } of reading.table(table, { part: 'segments', name: 'program headers' })) {
    segments.push(reading.bits === 64 ? wideSegment(fields, at) : narrowSegment(fields, at))
  }
  return segments
}

/** Offset in the file of what is loaded to an address; undefined where the file has nothing for it. */
export function offsetOfAddress(segments: readonly ElfSegment[], address: bigint): number | undefined {
  for (const segment of segments) {
    if (segment.type !== segmentType.load) continue
    const distance = address - segment.address
    if (distance >= 0n && distance < BigInt(segment.fileBytes)) return segment.offset + Number(distance)
  }
  return undefined
}

/** Address to which a byte of the file is loaded; undefined where it is not loaded. */
export function addressOfOffset(segments: readonly ElfSegment[], offset: number): bigint | undefined {
  const segment = segments.find(
    ({ type, offset: start, fileBytes }) => type === segmentType.load && offset >= start && offset < start + fileBytes,
  )
  return segment === undefined ? undefined : segment.address + BigInt(offset - segment.offset)
}

function wideSegment(fields: ElfFields, at: number): ElfSegment {
  return {
    type: fields.u32(at),
    flags: fields.u32(at + 4),
    offset: fields.whole(at + 8),
    address: fields.address(at + 16),
    physicalAddress: fields.address(at + 24),
    fileBytes: fields.whole(at + 32),
    memoryBytes: fields.whole(at + 40),
    alignment: fields.whole(at + 48),
  }
}

function narrowSegment(fields: ElfFields, at: number): ElfSegment {
  return {
    type: fields.u32(at),
    flags: fields.u32(at + 24),
    offset: fields.u32(at + 4),
    address: fields.address(at + 8),
    physicalAddress: fields.address(at + 12),
    fileBytes: fields.u32(at + 16),
    memoryBytes: fields.u32(at + 20),
    alignment: fields.u32(at + 28),
  }
}
