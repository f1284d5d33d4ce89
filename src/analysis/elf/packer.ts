/**
 * The analyzer `packer`: programs whose code is not what it seems, because it unpacks itself when it runs.
 *
 * Distributions pack no programs: there is nothing to gain but smaller files and hidden code. Told from structure and
 * bytes together, so that neither a large picture nor a missing section table alone makes a finding.
 */
import type { ElfFile, ElfSegment } from '../../binary/elf.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import { segmentRights } from '../../binary/elf-words.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import { entropyOf } from '../bytes/entropy.ts'
import type { Content, Subject } from '../subject.ts'

export const packerAnalyzer: ContentAnalyzer = {
  name: 'packer',
  version: 1,
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    if (elf === undefined || (elf.header.type !== executable && elf.header.type !== shared)) return
    const { content } = subject
    for (const { segment, index } of codeSegments(elf)) {
      const evidence = signsOf({ elf, segment, index, content })
      if (evidence === undefined) continue
      report.finding(
        {
          offset: segment.offset,
          length: Math.min(segment.fileBytes, content.size - segment.offset),
          name: 'A program that unpacks itself when it runs',
        },
        {
          severity: 'medium',
          rule: 'packed-program',
          evidence,
          confidence: 0.8,
          check: 'readelf -hlW FILE',
          weakness: 'CWE-506',
        },
      )
      return
    }
  },
}

const executable = 2
const shared = 3
const segmentsMax = 64
/** Code of compilers has 5.5 to 6.6 bits a byte; what is packed or encrypted more than this. */
const packedBits = 7.2
const sampleBytes = 65_536
const samplesMax = 16
const codeBytesMin = 4_096

function codeSegments({ segments }: ElfFile): readonly { readonly segment: ElfSegment; readonly index: number }[] {
  return segments
    .map((segment, index) => ({ segment, index }))
    .filter(({ segment }) => segment.type === segmentType.load && (segment.flags & 1) !== 0)
    .filter(({ segment }) => segment.fileBytes >= codeBytesMin)
    .slice(0, segmentsMax)
}

/** High entropy of what is run, and a structure that no compiler leaves; undefined where one of them is missing. */
function signsOf(asked: {
  elf: ElfFile
  segment: ElfSegment
  index: number
  content: Content
}): readonly string[] | undefined {
  const { elf, segment, index, content } = asked
  const structure = structureSigns(elf, segment)
  if (structure.length === 0) return undefined
  const bits = bitsPerByte(content, segment)
  if (bits < packedBits) return undefined
  const place = `program header ${index} (LOAD ${segmentRights(segment.flags)})`
  return [`${place} has ${bits.toFixed(2)} bits a byte, code of compilers at most 6.6`, ...structure]
}

function structureSigns({ sections }: ElfFile, { flags, memoryBytes, fileBytes }: ElfSegment): readonly string[] {
  return [
    ...(sections.length === 0 ? ['there is no section table'] : []),
    ...((flags & 2) !== 0 ? ['what is run there can also be written'] : []),
    ...(memoryBytes > 2 * fileBytes ? [`of its ${memoryBytes} bytes in memory only ${fileBytes} are in the file`] : []),
  ]
}

/** The median of samples over the segment: one packed picture in it is not enough. */
function bitsPerByte(content: Content, { offset, fileBytes }: ElfSegment): number {
  const length = Math.min(fileBytes, content.size - offset)
  if (length < codeBytesMin) return 0
  const count = Math.min(samplesMax, Math.ceil(length / sampleBytes))
  const bits = Array.from({ length: count }, (_, index) => {
    const at = offset + Math.floor((index * length) / count)
    return entropyOf(content.read(at, Math.min(sampleBytes, offset + length - at)))
  })
  return bits.sort((a, b) => a - b)[Math.floor(count / 2)] ?? 0
}
