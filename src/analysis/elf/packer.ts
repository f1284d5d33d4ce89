/**
 * The analyzer `packer`: programs whose code is not what it seems, because it unpacks itself when it runs.
 *
 * Distributions pack no programs: there is nothing to gain but smaller files and hidden code. Told from structure and
 * bytes together, so that neither a large picture nor a missing section table alone makes a finding.
 */
import { type ElfFile, type ElfSegment, elfFileType } from '../../binary/elf.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import { segmentRights } from '../../binary/elf-words.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import { entropyOf } from '../bytes/entropy.ts'
import type { Content, Subject } from '../subject.ts'

export const packerAnalyzer: ContentAnalyzer = {
  name: 'packer',
  version: 2,
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    if (elf === undefined || (elf.header.type !== elfFileType.executable && elf.header.type !== elfFileType.shared))
      return
    const { content } = subject
    for (const { segment, index } of codeSegments(elf)) {
      const signs = signsOf({ elf, segment, index, content })
      if (signs === undefined) continue
      const { evidence, noise } = signs
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
          check: `readelf -hlW FILE; tail -c +${noise.at + 1} FILE | head -c ${noise.length} | ${bitsTool}`,
          weakness: 'CWE-506',
        },
      )
      return
    }
  },
}

const segmentsMax = 64
/** Code of compilers has 5.5 to 6.6 bits a byte; what is packed or encrypted more than this. */
const packedBits = 7.2
const sampleBytes = 65_536
const samplesMax = 16
const codeBytesMin = 4_096

interface Sample {
  /** In the file. */
  readonly at: number
  readonly length: number
  /** Of a byte, on average. */
  readonly bits: number
}

interface Signs {
  readonly evidence: readonly string[]
  readonly noise: Sample
}

/** Bits of a byte as Shannon has them, by tools that are everywhere. */
const bitsTool =
  "od -An -v -tu1 -w1 | sort | uniq -c | awk '{ n += $1; s += $1 * log($1) } END { print (log(n) - s / n) / log(2) }'"

function codeSegments({ segments }: ElfFile): readonly { readonly segment: ElfSegment; readonly index: number }[] {
  return segments
    .map((segment, index) => ({ segment, index }))
    .filter(({ segment }) => segment.type === segmentType.load && (segment.flags & 1) !== 0)
    .filter(({ segment }) => segment.fileBytes >= codeBytesMin)
    .slice(0, segmentsMax)
}

/** High entropy of what is run, and a structure that no compiler leaves; undefined where one of them is missing. */
function signsOf(asked: { elf: ElfFile; segment: ElfSegment; index: number; content: Content }): Signs | undefined {
  const { elf, segment, index, content } = asked
  const structure = structureSigns(elf, segment)
  if (structure.length === 0) return undefined
  const noise = bitsPerByte(content, segment)
  if (noise === undefined || noise.bits < packedBits) return undefined
  const { at, length, bits } = noise
  const place = `program header ${index} (LOAD ${segmentRights(segment.flags)})`
  const words = `${length} bytes from byte ${at} on have ${bits.toFixed(2)} bits a byte, code of compilers at most 6.6`
  return { evidence: [`${place}: ${words}`, ...structure], noise }
}

function structureSigns({ sections }: ElfFile, { flags, memoryBytes, fileBytes }: ElfSegment): readonly string[] {
  return [
    ...(sections.length === 0 ? ['there is no section table'] : []),
    ...((flags & 2) !== 0 ? ['what is run there can also be written'] : []),
    ...(memoryBytes > 2 * fileBytes ? [`of its ${memoryBytes} bytes in memory only ${fileBytes} are in the file`] : []),
  ]
}

/** The median of samples over the segment: one packed picture in it is not enough. */
function bitsPerByte(content: Content, { offset, fileBytes }: ElfSegment): Sample | undefined {
  const length = Math.min(fileBytes, content.size - offset)
  if (length < codeBytesMin) return undefined
  const count = Math.min(samplesMax, Math.ceil(length / sampleBytes))
  const samples = Array.from({ length: count }, (_, index): Sample => {
    const at = offset + Math.floor((index * length) / count)
    const taken = Math.min(sampleBytes, offset + length - at)
    return { at, length: taken, bits: entropyOf(content.read(at, taken)) }
  })
  return samples.sort((a, b) => a.bits - b.bits)[Math.floor(count / 2)]
}
