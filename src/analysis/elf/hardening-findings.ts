/**
 * What of a file's hardening is worth a person's time. Most of what can be said is not: a library without a protected
 * function has no canary, and half of a distribution has partial RELRO; that stays in the attributes.
 *
 * Each finding lies where the bytes are that say so, and its check shows the same with readelf.
 */
import type { Finding } from '../../base/region.ts'
import type { ElfFile } from '../../binary/elf.ts'
import { dynamicTag } from '../../binary/elf-dynamic.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import { segmentRights } from '../../binary/elf-words.ts'
import type { FindingPlace } from '../analyzer.ts'
import { type Hardening, isDebugOnly } from './hardening.ts'
import { dynamicRun, headerRun, nameRun, type Run, runInside, startRun } from './places.ts'
import { badSearchPlaces } from './search-path.ts'

export interface HardeningFinding {
  readonly place: FindingPlace
  readonly finding: Omit<Finding, 'origin'>
}

export interface HardeningAsked {
  readonly elf: ElfFile
  readonly hardening: Hardening
  /** Of the file. */
  readonly sizeBytes: number
}

export function hardeningFindings(asked: HardeningAsked): readonly HardeningFinding[] {
  if (isDebugOnly(asked.elf)) return []
  const found = [...writableCode(asked), ...executableStack(asked), ...textRelocations(asked)]
  return [...found, ...searchPaths(asked), ...missing(asked)]
}

function writableCode({ elf, hardening, sizeBytes }: HardeningAsked): readonly HardeningFinding[] {
  return hardening.details.writableCode.slice(0, placesMax).map((index) => {
    const { flags = 0, offset = 0, fileBytes = 0, address = 0n, memoryBytes = 0 } = elf.segments[index] ?? {}
    const run = runInside({ offset, length: fileBytes }, sizeBytes) ?? headerRun(elf, index, sizeBytes)
    return {
      place: { ...run, name: 'Code that the program can overwrite' },
      finding: {
        severity: 'medium',
        rule: 'writable-code',
        evidence: [
          `program header ${index}: LOAD ${segmentRights(flags)}, ${memoryBytes} bytes at ${hex(address)}`,
          'what is written there can be run: one wrong write is enough to run foreign code',
        ],
        confidence: 1,
        check: "readelf -lW FILE | grep -E 'LOAD.*RWE'",
        weakness: 'CWE-119',
      },
    }
  })
}

/** Of a file that says so. Of one that says nothing: where it is loaded beside others, the loader takes it for a yes. */
function executableStack({ elf, hardening, sizeBytes }: HardeningAsked): readonly HardeningFinding[] {
  const { stackHeader, isStatic } = hardening.details
  if (stackHeader === 'not executable' || (stackHeader === 'missing' && (isStatic || !x86.has(elf.header.machine)))) {
    return []
  }
  const index = elf.segments.findIndex(({ type }) => type === segmentType.stack)
  const says = stackHeader === 'executable'
  return [
    {
      place: { ...headerRun(elf, Math.max(index, 0), sizeBytes), name: 'The stack can be executed' },
      finding: {
        severity: 'medium',
        rule: 'executable-stack',
        evidence: [
          says ? `program header ${index}: GNU_STACK rwx` : 'there is no program header GNU_STACK',
          'every program that loads it gets a stack on which data can be run as code',
        ],
        confidence: says ? 1 : 0.8,
        check: 'readelf -lW FILE | grep GNU_STACK',
        weakness: 'CWE-119',
      },
    },
  ]
}

function textRelocations({ elf, hardening, sizeBytes }: HardeningAsked): readonly HardeningFinding[] {
  if (!hardening.details.textRelocations) return []
  return [
    {
      place: { ...dynamicRun(elf, sizeBytes), name: 'The loader has to write into code' },
      finding: {
        severity: 'medium',
        rule: 'text-relocations',
        evidence: [
          'the dynamic section has TEXTREL: code is made writable while it is loaded, and is not shared between processes',
        ],
        confidence: 1,
        check: 'readelf -dW FILE | grep TEXTREL',
        weakness: 'CWE-119',
      },
    },
  ]
}

function searchPaths({ elf, hardening, sizeBytes }: HardeningAsked): readonly HardeningFinding[] {
  return (['rpath', 'runpath'] as const).flatMap((kind) => {
    const path = hardening[kind]
    if (path === null) return []
    return badSearchPlaces(path)
      .slice(0, placesMax)
      .map(({ place, why, severity }) => ({
        place: {
          ...textRun(elf, dynamicTag[kind], sizeBytes),
          name: `Looks for libraries in ${place === '' ? 'the current folder' : place}`,
        },
        finding: {
          severity,
          rule: 'library-search-path',
          evidence: [`${kind.toUpperCase()} is ${path.slice(0, pathCharactersMax)}`, why],
          confidence: 1,
          check: "readelf -dW FILE | grep -E 'R(UN)?PATH'",
          weakness: 'CWE-426',
        },
      }))
  })
}

/** Programs whose kind is built with more nearly everywhere. Of what nobody loads with others (firmware) there is nothing to say. */
function missing({ elf, hardening, sizeBytes }: HardeningAsked): readonly HardeningFinding[] {
  const { pie, relro, details } = hardening
  if (details.isStatic) return []
  const lacks = [
    ...(pie === 'exec' ? ['no PIE: its code lies at the same address in every process (type EXEC)'] : []),
    ...(relro === 'none' ? ['no RELRO: the tables of the loader stay writable (no program header GNU_RELRO)'] : []),
  ]
  if (lacks.length === 0) return []
  const names = [...(pie === 'exec' ? ['PIE'] : []), ...(relro === 'none' ? ['RELRO'] : [])]
  return [
    {
      place: {
        ...startRun(elf, sizeBytes),
        name: `Built without ${names.join(' and ')}`,
      },
      finding: {
        severity: 'low',
        rule: 'hardening-missing',
        evidence: lacks,
        confidence: 1,
        check: "readelf -hlW FILE | grep -E 'Type:|GNU_RELRO'",
        weakness: 'CWE-693',
      },
    },
  ]
}

/** Of one rule and one file. */
const placesMax = 8
const pathCharactersMax = 400
const x86 = new Set([3, 62])
function textRun(elf: ElfFile, tag: bigint, sizeBytes: number): Run {
  const entry = elf.dynamic.find((one) => one.tag === tag)
  return (entry && nameRun(elf, entry, sizeBytes)) ?? dynamicRun(elf, sizeBytes)
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
