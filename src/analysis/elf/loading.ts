/**
 * The analyzer `loading`: what a file makes the system load and run that its linker did not put there.
 *
 * Who plants code into a finished program has to make it run: by a segment that no section knows, by another place to begin
 * at, by one more library or another loader. Linkers leave none of these marks, and no distribution has them.
 */
import type { Finding } from '../../base/region.ts'
import { type ElfFile, type ElfSection, elfFileType } from '../../binary/elf.ts'
import { dynamicTag } from '../../binary/elf-dynamic.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import { segmentRights } from '../../binary/elf-words.ts'
import type { ContentAnalyzer, FindingPlace, Report } from '../analyzer.ts'
import type { Subject } from '../subject.ts'
import { isDebugOnly } from './hardening.ts'
import { interpreterOf } from './interpreter.ts'
import { dynamicRun, headerRun, nameRun, type Run, runInside, startRun } from './places.ts'
import { badSearchPlaces } from './search-path.ts'

export const loadingAnalyzer: ContentAnalyzer = {
  name: 'loading',
  version: 2,
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    if (
      elf === undefined ||
      (elf.header.type !== elfFileType.executable && elf.header.type !== elfFileType.shared) ||
      isDebugOnly(elf)
    )
      return
    const asked: Asked = { elf, sizeBytes: subject.content.size }
    const found = [...strayCode(asked), ...strayEntry(asked), ...loader(asked, subject), ...libraries(asked)]
    for (const { place, finding } of found.slice(0, findingsMax)) report.finding(place, finding)
  },
}

interface Asked {
  readonly elf: ElfFile
  readonly sizeBytes: number
}

interface Found {
  readonly place: FindingPlace
  readonly finding: Omit<Finding, 'origin'>
}

const findingsMax = 16
const executableSection = 4n
const auditorTags = new Map([
  [0x6ffffefcn, 'AUDIT'],
  [0x6ffffefbn, 'DEPAUDIT'],
])

/** A file that has sections has them for all its code. */
function strayCode({ elf, sizeBytes }: Asked): readonly Found[] {
  const code = codeSections(elf)
  if (code.length === 0) return []
  return elf.segments.flatMap((segment, index) => {
    const { type, flags, address, memoryBytes, fileBytes, offset } = segment
    if (type !== segmentType.load || (flags & 1) === 0 || fileBytes === 0) return []
    const end = address + BigInt(memoryBytes)
    if (code.some((section) => section.address >= address && section.address < end)) return []
    const run = runInside({ offset, length: fileBytes }, sizeBytes) ?? headerRun(elf, index, sizeBytes)
    return [
      {
        place: { ...run, name: 'Code that belongs to no section' },
        finding: {
          severity: 'high',
          rule: 'code-outside-sections',
          evidence: [
            `program header ${index}: LOAD ${segmentRights(flags)}, ${fileBytes} bytes at ${hex(address)}, in which no section of code lies`,
            'linkers put all code into sections: this was added to the finished file',
          ],
          confidence: 0.8,
          check: 'readelf -lSW FILE',
          weakness: 'CWE-506',
        },
      },
    ]
  })
}

/** Where a program begins, if that is in none of its sections of code. */
function strayEntry({ elf, sizeBytes }: Asked): readonly Found[] {
  const code = codeSections(elf)
  const { entry, type } = elf.header
  const isProgram =
    type === elfFileType.executable || elf.segments.some((segment) => segment.type === segmentType.interpreter)
  if (code.length === 0 || entry === 0n || !isProgram) return []
  if (code.some(({ address, size }) => entry >= address && entry < address + BigInt(size))) return []
  return [
    {
      place: { ...startRun(elf, sizeBytes), name: 'Begins outside its sections of code' },
      finding: {
        severity: 'high',
        rule: 'code-outside-sections',
        evidence: [
          `its first instruction is at ${hex(entry)}, where no section of code lies`,
          'linkers let a program begin in .text: the place was changed afterwards',
        ],
        confidence: 0.8,
        check: "readelf -hSW FILE | grep -E 'Entry point| W?A?X[A-Za-z]* +[0-9]+ +[0-9]+ +[0-9]+$'",
        weakness: 'CWE-506',
      },
    },
  ]
}

function loader({ elf, sizeBytes }: Asked, { content }: Subject): readonly Found[] {
  const interpreter = interpreterOf(elf, content)
  const bad = interpreter === undefined ? undefined : badSearchPlaces(interpreter)[0]
  const segment = elf.segments.find(({ type }) => type === segmentType.interpreter)
  if (interpreter === undefined || bad === undefined || segment === undefined) return []
  const run = runInside({ offset: segment.offset, length: segment.fileBytes }, sizeBytes) ?? startRun(elf, sizeBytes)
  return [
    {
      place: { ...run, name: `Is started by ${interpreter}` },
      finding: {
        severity: bad.severity,
        rule: 'loads-from-open-place',
        evidence: [
          `the program header INTERP names ${interpreter}: it runs before the program, with its rights`,
          bad.why,
        ],
        confidence: 1,
        check: 'readelf -lW FILE | grep interpreter',
        weakness: 'CWE-426',
      },
    },
  ]
}

/** Libraries that are named with their place, and libraries that watch all others. */
function libraries({ elf, sizeBytes }: Asked): readonly Found[] {
  return elf.dynamic.flatMap((entry) => {
    const { tag, text } = entry
    if (text === undefined) return []
    const run: Run = nameRun(elf, entry, sizeBytes) ?? dynamicRun(elf, sizeBytes)
    const auditor = auditorTags.get(tag)
    if (auditor !== undefined) return [auditing(text, { run, auditor })]
    const bad = tag === dynamicTag.needed && text.includes('/') ? badSearchPlaces(text)[0] : undefined
    if (bad === undefined) return []
    return [
      {
        place: { ...run, name: `Needs the library ${text}` },
        finding: {
          severity: bad.severity,
          rule: 'loads-from-open-place',
          evidence: [`NEEDED names ${text}, a place and not only a name`, bad.why],
          confidence: 1,
          check: 'readelf -dW FILE | grep NEEDED',
          weakness: 'CWE-426',
        },
      },
    ]
  })
}

function auditing(text: string, { run, auditor }: { run: Run; auditor: string }): Found {
  return {
    place: { ...run, name: `Loads ${text} to watch its libraries` },
    finding: {
      severity: 'medium',
      rule: 'loads-auditor',
      evidence: [
        `the dynamic section has ${auditor} ${text}`,
        'it runs before all other libraries, and sees and changes which functions are called',
      ],
      confidence: 1,
      check: 'readelf -dW FILE | grep -E "AUDIT"',
      weakness: 'CWE-506',
    },
  }
}

function codeSections({ sections }: ElfFile): readonly ElfSection[] {
  return sections.filter(({ flags, size, address }) => (flags & executableSection) !== 0n && size > 0 && address > 0n)
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
