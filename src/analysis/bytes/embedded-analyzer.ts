/**
 * Regions for what embedded.ts finds; a finding only where a program hides in what should hold none: a picture, a recording,
 * a document. Archives, binaries and data carry programs every day.
 */
import { assert } from '../../base/assert.ts'
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Content } from '../subject.ts'
import { contentOf, walkWindows } from './content-windows.ts'
import { type Embedded, embeddedIn } from './embedded.ts'
import { rulesText } from './embedded-rules.ts'
import { loadYara, type Yara } from './yara.ts'

export const embeddedAnalyzer: ContentAnalyzer = {
  name: 'embedded',
  version: 2,
  async prepare() {
    yara ??= await loadYara(rulesText())
  },
  takes: ({ content, type }) => content.size >= contentBytesMin && kinds.has(type.kind),
  analyze(subject, report) {
    assert(yara !== undefined, 'analyze came before prepare')
    const content = contentOf(subject)
    if (passive.has(subject.type.kind) && !hasProgramMark(content)) return
    const { found, problems } = embeddedIn(content, yara)
    for (const text of problems) report.problem(text)
    const totals = new Map<string, number>()
    for (const { rule } of found) totals.set(rule, (totals.get(rule) ?? 0) + 1)
    const counts = new Map<string, number>()
    for (const thing of found) {
      const count = (counts.get(thing.rule) ?? 0) + 1
      counts.set(thing.rule, count)
      const leftOut = count === perRuleMax ? (totals.get(thing.rule) ?? 0) - count : 0
      if (count <= perRuleMax) addRegion(thing, leftOut, report)
      if (programs.has(thing.shape) && passive.has(subject.type.kind))
        addFinding(thing, subject.type.description, report)
    }
  },
}

let yara: Yara | undefined

/** A scan costs milliseconds before the first byte. */
const contentBytesMin = 512
/** Regions; the last one has the number of the others, whose places are not told. */
const perRuleMax = 64

/**
 * Not text, whose secrets others look for; nor what is packed, which has to be unpacked first; nor bytecode, of which there are
 * thousands of small files with nothing to see.
 */
const kinds = new Set(['elf', 'data', 'image', 'audio', 'document', 'database'])
const passive = new Set(['image', 'audio', 'document'])
const programs = new Set(['elf', 'pe'])

/** Thousands of small pictures need no scan: without these bytes there is no program. */
const programMarks = ['\x7fELF', 'This program cannot be run']
const windowBytes = 4 * 2 ** 20
const markBytesMax = 32

function hasProgramMark(content: Content): boolean {
  let isFound = false
  walkWindows(content, { sizeBytes: windowBytes }, ({ bytes, isLast }) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    isFound = programMarks.some((mark) => buffer.includes(mark, 0, 'latin1'))
    if (isFound) return 'stop'
    return isLast ? bytes.length : bytes.length - markBytesMax
  })
  return isFound
}

function addRegion({ offset, length, name, rule, shape, extent }: Embedded, leftOut: number, report: Report): void {
  const isConstant = shape === 'constant'
  report.region({
    ...{ offset, length, name },
    layer: regionLayers.record,
    class: isConstant ? 'constant' : 'embedded',
    attributes: { rule, ...(!isConstant && { format: shape, extent }), ...(leftOut > 0 && { moreOfThem: leftOut }) },
  })
}

function addFinding({ offset, length, name }: Embedded, description: string, report: Report): void {
  report.finding(
    { offset, length, name: 'a program inside a file that should hold none' },
    {
      severity: 'medium',
      rule: 'embedded-program',
      evidence: [`the file is: ${description}`, `at byte ${offset}, ${length} bytes: ${name}`],
      confidence: 0.9,
      check: `tail -c +${offset + 1} FILE | file -`,
      weakness: 'CWE-506',
    },
  )
}
