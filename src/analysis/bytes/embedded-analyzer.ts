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
  version: 1,
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
    const perRule = new Map<string, number>()
    for (const thing of found) {
      const count = (perRule.get(thing.rule) ?? 0) + 1
      perRule.set(thing.rule, count)
      if (count <= perRuleMax) addRegion(thing, report)
      if (programs.has(thing.shape) && passive.has(subject.type.kind))
        addFinding(thing, subject.type.description, report)
    }
    for (const [rule, count] of perRule) {
      if (count > perRuleMax) report.problem(`${count - perRuleMax} more matches of ${rule} were left out`)
    }
  },
}

let yara: Yara | undefined

/** A scan costs milliseconds before the first byte. */
const contentBytesMin = 512
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

function addRegion({ offset, length, name, rule, shape, extent }: Embedded, report: Report): void {
  const isConstant = shape === 'constant'
  report.region({
    ...{ offset, length, name },
    layer: regionLayers.record,
    class: isConstant ? 'constant' : 'embedded',
    attributes: { rule, ...(!isConstant && { format: shape, extent }) },
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
