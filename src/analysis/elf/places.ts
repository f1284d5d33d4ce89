/** Where in a file the bytes lie that say something of it: headers, tables, names. Every run lies in the file. */
import { utf8 } from '../../base/bytes.ts'
import type { DynamicEntry, ElfFile } from '../../binary/elf.ts'
import { dynamicTag } from '../../binary/elf-dynamic.ts'
import { offsetOfAddress, segmentType } from '../../binary/elf-segments.ts'

export interface Run {
  readonly offset: number
  readonly length: number
}

/** As much of it as lies in the file; undefined where nothing does. */
export function runInside({ offset, length }: Run, sizeBytes: number): Run | undefined {
  const cut = Math.min(length, sizeBytes - offset)
  return cut > 0 ? { offset, length: cut } : undefined
}

/** The file's own header; of a damaged file the point at its beginning. */
export function startRun({ header }: ElfFile, sizeBytes: number): Run {
  return runInside({ offset: 0, length: header.headerSizeBytes }, sizeBytes) ?? { offset: 0, length: 0 }
}

/** One program header. */
export function headerRun(elf: ElfFile, index: number, sizeBytes: number): Run {
  const { segmentsAt, segmentSizeBytes } = elf.header
  const run = { offset: segmentsAt + index * segmentSizeBytes, length: segmentSizeBytes }
  return runInside(run, sizeBytes) ?? startRun(elf, sizeBytes)
}

export function dynamicRun(elf: ElfFile, sizeBytes: number): Run {
  const segment = elf.segments.find(({ type }) => type === segmentType.dynamic)
  const run = segment && runInside({ offset: segment.offset, length: segment.fileBytes }, sizeBytes)
  return run ?? startRun(elf, sizeBytes)
}

/** The text of an entry of the dynamic section, where it has one. */
export function nameRun({ segments, dynamic }: ElfFile, entry: DynamicEntry, sizeBytes: number): Run | undefined {
  const strings = dynamic.find(({ tag }) => tag === dynamicTag.strings)
  if (entry.text === undefined || strings === undefined) return undefined
  const offset = offsetOfAddress(segments, strings.value + entry.value)
  return offset === undefined ? undefined : runInside({ offset, length: utf8(entry.text).length }, sizeBytes)
}
