/**
 * Knows shells, interpreters and the like by texts that only they carry, whatever the file is called and whoever built it.
 *
 * Looks at the read-only data of ELF files only. One region of class `program` over the whole file; never a finding: what it
 * means depends on the file's rights.
 */
import { utf8 } from '../../base/bytes.ts'
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer } from '../analyzer.ts'
import { KeywordScan } from '../secrets/keyword-scan.ts'
import type { Subject } from '../subject.ts'
import { programMarks as marks } from './program-marks.ts'

export const programClass = 'program'

export const program: ContentAnalyzer = {
  name: 'program',
  version: 2,
  takes: ({ type, content }) => type.kind === 'elf' && content.size >= fileBytesMin && content.size <= fileBytesMax,
  analyze(subject, report) {
    const seen = new Set<number>()
    for (const bytes of readOnlyData(subject)) {
      scan.scan(bytes, ({ at, keyword }) => {
        // Folding joins upper and lower case; these texts are told exactly.
        if (isExactly(bytes, at, texts[keyword] as string)) seen.add(keyword)
        return undefined
      })
    }
    const known = marks.find(({ all }) => all.every((text) => seen.has(texts.indexOf(text))))
    if (known === undefined) return
    const { name, all } = known
    report.region({
      ...{ offset: 0, length: subject.content.size, layer: regionLayers.whole, class: programClass, name },
      attributes: { shows: [...all] },
    })
  },
}

const fileBytesMin = 4_096
const fileBytesMax = 128 * 2 ** 20
const dataBytesMax = 64 * 2 ** 20

const texts = [...new Set(marks.flatMap(({ all }) => all))]
const scan = new KeywordScan(texts)

function* readOnlyData(subject: Subject): Generator<Uint8Array> {
  const sections = subject.elf()?.sections ?? []
  const data = sections.filter(({ name }) => name === '.rodata' || name === '.data.rel.ro' || name === '.data')
  if (data.length === 0) yield subject.content.read(0, dataBytesMax)
  for (const { offset, size } of data) {
    if (offset >= 0 && size > 0) yield subject.content.read(offset, Math.min(size, dataBytesMax))
  }
}

function isExactly(bytes: Uint8Array, at: number, text: string): boolean {
  return utf8(text).every((byte, i) => bytes[at + i] === byte)
}
