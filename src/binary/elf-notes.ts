/** Notes: who wrote them, of which type, and their bytes where they are few. The build id is one of them. */
import { toHex } from '../base/bytes.ts'
import type { Tables } from './elf-dynamic.ts'
import { type Asked, type ElfReading, NameTable } from './elf-fields.ts'
import { sectionType } from './elf-sections.ts'
import { segmentType } from './elf-segments.ts'

export interface ElfNote {
  /** `GNU`, `Linux`, `FDO`, ... */
  readonly owner: string
  readonly type: number
  /** Of the description, in the file. */
  readonly offset: number
  readonly size: number
  /** The description as lower-case hex; of more than 64 bytes the first 64. */
  readonly hex: string
}

const notesMax = 4_096
/** Of all notes together. */
const notesBytesMax = 4 * 2 ** 20
const shownBytesMax = 64
/** Note segments: linkers make one or two. */
const knownMax = 64
const asked: Asked = { part: 'notes', name: 'notes' }

/** Of the note segments, and of note sections that lie in none of them: probes, all notes of a kernel module. */
export function readNotes(reading: ElfReading, { segments, sections }: Tables): readonly ElfNote[] {
  const inSegments = segments
    .filter(({ type, fileBytes }) => type === segmentType.note && fileBytes > 0)
    .map(({ offset, fileBytes, alignment }) => ({ offset, length: fileBytes, alignment }))
  // Bounded: a damaged file may have a hundred thousand of each.
  const known = inSegments.slice(0, knownMax)
  const inSections = sections
    .filter(({ type, size }) => type === sectionType.note && size > 0)
    .slice(0, notesMax)
    .filter(({ offset }) => !known.some((run) => offset >= run.offset && offset < run.offset + run.length))
    .map(({ offset, size, alignment }) => ({ offset, length: size, alignment }))
  const notes: ElfNote[] = []
  let leftBytes = notesBytesMax
  for (const run of [...inSegments, ...inSections]) {
    if (notes.length >= notesMax || leftBytes <= 0) {
      reading.problem('notes', `notes: read up to ${notesMax}, and ${notesBytesMax} bytes`)
      break
    }
    addNotes(reading, { ...run, lengthMax: leftBytes }, notes)
    leftBytes -= run.length
  }
  return notes
}

interface NoteRun {
  readonly offset: number
  readonly length: number
  readonly lengthMax: number
  readonly alignment: number
}

function addNotes(reading: ElfReading, { offset, length, lengthMax, alignment }: NoteRun, notes: ElfNote[]): void {
  const bytes = reading.bytes({ at: offset, length, lengthMax }, asked)
  const fields = reading.fields(bytes, 'notes')
  const step = alignment === 8 ? 8 : 4
  for (let at = 0; at + 12 <= bytes.length && notes.length < notesMax; ) {
    const nameBytes = fields.u32(at)
    const size = fields.u32(at + 4)
    const start = roundUp(at + 12 + nameBytes, step)
    if (start + size > bytes.length) {
      reading.problem('notes', 'notes: one reaches beyond the end')
      return
    }
    const owner = new NameTable(bytes.subarray(at + 12, at + 12 + nameBytes)).at(0) ?? ''
    const hex = toHex(bytes.subarray(start, start + Math.min(size, shownBytesMax)))
    notes.push({ owner, type: fields.u32(at + 8), offset: offset + start, size, hex })
    at = roundUp(start + size, step)
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
