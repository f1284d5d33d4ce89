/**
 * Runs of a content that differ from what is around them: packed or random bytes inside a binary, long zeros. No finding: that
 * an executable is packed is said by who knows its structure (elf/packer).
 */
import type { Run } from '../../base/entry.ts'
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer } from '../analyzer.ts'
import { contentOf } from './content-windows.ts'
import { type Segment, type SegmentKind, segmentBytesMax, segmentsOf } from './segments.ts'

export const entropyAnalyzer: ContentAnalyzer = {
  name: 'entropy',
  version: 1,
  takes: ({ content, type }) => content.size >= contentBytesMin && kinds.has(type.kind),
  analyze(subject, report) {
    const segments = segmentsOf(contentOf(subject))
    const wanted = subject.type.kind === 'elf' ? structured : shapeless
    const told = segments.filter(({ kind, length }) => length >= (wanted[kind] ?? Number.POSITIVE_INFINITY))
    // Bytes that nobody has read as zeros: that says nothing of what they were.
    const kept = longest(told.filter((segment) => segment.kind !== 'zero' || !touches(segment, subject.missing)))
    for (const { kind, offset, length, entropy } of kept) {
      const name = `${titles[kind]}, ${entropy.toFixed(2)} bits a byte`
      const attributes = { kind, bitsPerByte: Math.round(1_000 * entropy) / 1_000 }
      report.region({ offset, length, layer: aboveSections, class: 'entropy', name, attributes })
    }
    const { size } = subject.content
    if (size > segmentBytesMax) report.problem(`read up to ${segmentBytesMax} of ${size} bytes`)
  },
}

/** A packed run lies inside a section. */
const aboveSections = regionLayers.section + 8
const contentBytesMin = 16_384
const regionsMax = 128

/** Of text, archives and pictures it is known beforehand. */
const kinds = new Set(['elf', 'data', 'bytecode', 'database'])

/** From how many bytes on a run is worth a region: of an ELF file, whose sections say the rest, and of anything else. */
const structured: Readonly<Partial<Record<SegmentKind, number>>> = { compressed: 16_384, random: 16_384, zero: 65_536 }
const shapeless: Readonly<Partial<Record<SegmentKind, number>>> = {
  ...{ compressed: 16_384, random: 16_384, zero: 65_536 },
  ...{ text: 65_536, code: 65_536 },
}

const titles: Readonly<Record<SegmentKind, string>> = {
  zero: 'zeros',
  text: 'text',
  code: 'looks like machine code',
  data: 'data',
  compressed: 'compressed or encrypted',
  random: 'random: encrypted, or compressed by a strong method',
}

function touches({ offset, length }: Segment, runs: readonly Run[]): boolean {
  return runs.some((run) => run.start < offset + length && offset < run.start + run.length)
}

/** In order; of too many the longest. */
function longest(segments: readonly Segment[]): readonly Segment[] {
  if (segments.length <= regionsMax) return segments
  const kept = segments.toSorted((a, b) => b.length - a.length || a.offset - b.offset).slice(0, regionsMax)
  return kept.toSorted((a, b) => a.offset - b.offset)
}
