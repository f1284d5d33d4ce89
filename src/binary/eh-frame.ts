/**
 * Where functions begin and end, from the tables by which stacks are unwound (.eh_frame): strip leaves them in place.
 *
 * One record (FDE) is one contiguous piece of code; a function that the compiler split has several. What is read may be
 * damaged or hostile: a record that does not make sense is left out and said in `problems`, the walk always moves forward,
 * and only code that lies in the file is told. Relocatable files are not read: their addresses are not known yet.
 */

import { type Augmentation, type CodePointer, readAugmentation, readPointer } from './eh-pointer.ts'
import { type ElfFile, type ElfProblem, elfFileType } from './elf.ts'
import { type ElfFields, ElfReading, type ElfSource } from './elf-fields.ts'
import { sectionType } from './elf-sections.ts'
import { type ElfSegment, offsetOfAddress, segmentType } from './elf-segments.ts'

export interface FrameFunction {
  /** Of its first instruction, when loaded as the file says. */
  readonly address: bigint
  /** Of the same byte, in the file. */
  readonly offset: number
  /** Bytes, at least 1; all of them lie in the file. */
  readonly size: number
}

export interface FrameFunctions {
  /** By address; none begins where another does. */
  readonly functions: readonly FrameFunction[]
  readonly problems: readonly ElfProblem[]
}

/** Only errors that `source.read` throws leave this function. */
export function readFrameFunctions(source: ElfSource, elf: ElfFile): FrameFunctions {
  const reading = new ElfReading(source)
  reading.begin(elf.header)
  const place = elf.header.type === elfFileType.relocatable ? undefined : placeOfFrames(reading, elf)
  if (place === undefined) return { functions: [], problems: reading.problems }
  const run = { at: place.offset, length: place.length, lengthMax: framesBytesMax }
  const bytes = reading.bytes(run, { part: 'frames', name: '.eh_frame' })
  const walk: Walk = { reading, fields: reading.fields(bytes, 'frames'), sizeBytes: bytes.length, place }
  return { functions: functionsOf(walk, elf.segments, source.size), problems: reading.problems }
}

const framesBytesMax = 128 * 2 ** 20
const functionsMax = 1_000_000

interface Place {
  readonly offset: number
  readonly length: number
  readonly address: bigint
  /** A section has a known end; what a header points at ends with a record of length 0. */
  readonly endsWithZero: boolean
}

interface Walk {
  readonly reading: ElfReading
  readonly fields: ElfFields
  readonly sizeBytes: number
  readonly place: Place
}

/** The section; of a file without sections what the header of the table points at, as the unwinder finds it. */
function placeOfFrames(reading: ElfReading, { sections, segments }: ElfFile): Place | undefined {
  const section = sections.find(({ name, type }) => name === '.eh_frame' && type !== sectionType.noBits)
  if (section !== undefined) {
    return { offset: section.offset, length: section.size, address: section.address, endsWithZero: false }
  }
  const header = segments.find(({ type, fileBytes }) => type === segmentType.unwinding && fileBytes >= 8)
  if (header === undefined) return undefined
  const run = { at: header.offset, length: Math.min(header.fileBytes, 16), lengthMax: 16 }
  const bytes = reading.bytes(run, { part: 'frames', name: '.eh_frame_hdr' })
  const fields = reading.fields(bytes, 'frames')
  const encoding = bytes[1]
  if (bytes[0] !== 1 || encoding === undefined) return undefined
  const base = { at: 4, sizeBytes: bytes.length, address: header.address, bits: reading.bits }
  const pointer = readPointer(fields, encoding, base)
  if (pointer === undefined) return undefined
  const offset = offsetOfAddress(segments, pointer.value)
  const inside = segments.find(({ type, address, fileBytes }) => {
    const distance = pointer.value - address
    return type === segmentType.load && distance >= 0n && distance < BigInt(fileBytes)
  })
  if (offset === undefined || inside === undefined) return undefined
  const length = inside.offset + inside.fileBytes - offset
  return { offset, length, address: pointer.value, endsWithZero: true }
}

function functionsOf(walk: Walk, segments: readonly ElfSegment[], fileBytes: number): readonly FrameFunction[] {
  const code = codeOf(segments, fileBytes)
  const functions: FrameFunction[] = []
  for (const { start, sizeBytes } of rangesOf(walk)) {
    const found = code.find(({ from, to }) => start >= from && start < to)
    if (found === undefined || sizeBytes <= 0n) continue
    const distance = Number(start - found.from)
    const size = Math.min(Number(sizeBytes), found.sizeBytes - distance)
    functions.push({ address: start, offset: found.offset + distance, size })
    if (functions.length >= functionsMax) {
      walk.reading.problem('frames', `.eh_frame: read up to ${functionsMax} functions`)
      break
    }
  }
  functions.sort((a, b) => a.offset - b.offset || b.size - a.size)
  const single = functions.filter(({ offset }, index) => offset !== functions[index - 1]?.offset)
  return single.sort((a, b) => (a.address < b.address ? -1 : 1))
}

interface Code {
  readonly from: bigint
  readonly to: bigint
  readonly offset: number
  readonly sizeBytes: number
}

/** What is loaded to be run, as far as the file has it. */
function codeOf(segments: readonly ElfSegment[], fileBytes: number): readonly Code[] {
  return segments.flatMap(({ type, flags, address, offset, fileBytes: length }) => {
    const sizeBytes = Math.min(length, fileBytes - offset)
    if (type !== segmentType.load || (flags & 1) === 0 || sizeBytes <= 0) return []
    return [{ from: address, to: address + BigInt(sizeBytes), offset, sizeBytes }]
  })
}

interface Range {
  readonly start: bigint
  readonly sizeBytes: bigint
}

/** Every record, in the order of the table. */
function* rangesOf(walk: Walk): Generator<Range> {
  const { reading, fields, sizeBytes, place } = walk
  const known = new Map<number, Augmentation | undefined>()
  for (let at = 0; at + 4 <= sizeBytes; ) {
    const record = recordAt(walk, at)
    if (record === undefined) return
    if (record.kind === 'zero') {
      if (place.endsWithZero) return
      at += 4
      continue
    }
    const { idAt, end } = record
    at = end
    const id = fields.u32(idAt)
    if (id === 0) continue
    const cieAt = idAt - id
    if (!known.has(cieAt)) known.set(cieAt, augmentationAt(walk, cieAt))
    const augmentation = known.get(cieAt)
    const range = augmentation === undefined ? undefined : rangeAt(walk, { at: idAt + 4, end, augmentation })
    if (range === undefined) reading.problem('frames', '.eh_frame: a record cannot be read')
    else yield range
  }
}

type FrameRecord = { readonly kind: 'zero' } | { readonly kind: 'record'; readonly idAt: number; readonly end: number }

/** Undefined where there is no whole record. */
function recordAt({ reading, fields, sizeBytes }: Walk, at: number): FrameRecord | undefined {
  const short = fields.u32(at)
  if (short === 0) return { kind: 'zero' }
  const isLong = short === 0xffffffff
  const idAt = at + (isLong ? 12 : 4)
  const length = isLong && idAt <= sizeBytes ? longLengthAt(fields, at + 4) : short
  if (length >= 4 && idAt + length <= sizeBytes) return { kind: 'record', idAt, end: idAt + length }
  reading.problem('frames', '.eh_frame: a record reaches beyond the end')
  return undefined
}

/** Of 64 bits in files of either class; what does not fit is as good as the largest. */
function longLengthAt(fields: ElfFields, at: number): number {
  const [low, high] = fields.isLittle ? [fields.u32(at), fields.u32(at + 4)] : [fields.u32(at + 4), fields.u32(at)]
  return high === 0 ? low : Number.MAX_SAFE_INTEGER
}

function augmentationAt(walk: Walk, at: number): Augmentation | undefined {
  if (at < 0 || at + 4 > walk.sizeBytes) return undefined
  const record = recordAt(walk, at)
  if (record?.kind !== 'record' || walk.fields.u32(record.idAt) !== 0) return undefined
  return readAugmentation(walk.fields, { at: record.idAt + 4, end: record.end, bits: walk.reading.bits })
}

function rangeAt(
  { fields, place, reading }: Walk,
  { at, end, augmentation }: { at: number; end: number; augmentation: Augmentation },
): Range | undefined {
  const base = { at, sizeBytes: end, address: place.address, bits: reading.bits }
  const start: CodePointer | undefined = readPointer(fields, augmentation.encoding, base)
  if (start === undefined) return undefined
  // The length has the form of the pointer but counts from nothing.
  const size = readPointer(fields, augmentation.encoding & 0x0f, { ...base, at: start.end })
  return size === undefined ? undefined : { start: start.value, sizeBytes: size.value }
}
