/**
 * The analyzer `elf`: what a file is made of, as regions: the file, its segments, sections, largest symbols and functions.
 *
 * Bounded, so that a brick of a thousand libraries stays small: of symbols and functions together the largest are kept,
 * one for each KiB of the file and 500 at most. All of them are had on demand (functions.ts).
 */
import { type JsonValue, regionLayers } from '../../base/region.ts'
import type { ElfFile } from '../../binary/elf.ts'
import { dynamicTag } from '../../binary/elf-dynamic.ts'
import { noteWord, osAbiWord } from '../../binary/elf-note-words.ts'
import { elfRegions } from '../../binary/elf-regions.ts'
import { readVersions } from '../../binary/elf-versions.ts'
import { fileTypeWord, machineWord } from '../../binary/elf-words.ts'
import type { ContentAnalyzer, PlainRegion, Report } from '../analyzer.ts'
import { elfType } from '../bytes/elf-type.ts'
import type { Subject } from '../subject.ts'
import { findFunctions, functionName } from './functions.ts'
import { interpreterOf } from './interpreter.ts'

export const structureAnalyzer: ContentAnalyzer = {
  name: 'elf',
  version: 1,
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    if (elf === undefined) {
      report.problem('it begins as an ELF file but its header cannot be read')
      return
    }
    const found = findFunctions(subject)
    const versions = readVersions(subject.content, elf)
    const tables = (['linking', 'loading'] as const).map((table) => subject.symbols(table))
    for (const region of wholeAndNotes(subject, elf, versions.needed)) report.region(region)
    const sizeBytes = subject.content.size
    const symbolsMax = Math.min(symbolsMaxPerFile, Math.ceil(sizeBytes / 1024))
    const symbols = tables.flatMap((table) => table.symbols)
    const parts = elfRegions(elf, { sizeBytes, symbols, symbolsMax })
    const frames = found.functions.filter(({ from }) => from !== 'symbol')
    const named: readonly PlainRegion[] = parts.filter((part) => part.class === 'symbol')
    const largest = [...named, ...largestOf(frames, symbolsMax).map(functionRegion)]
    largest.sort((a, b) => b.length - a.length)
    for (const part of parts) if (part.class !== 'symbol') report.region(part)
    for (const part of largest.slice(0, symbolsMax).sort((a, b) => a.offset - b.offset)) report.region(part)
    const problems = [elf, versions, ...tables].flatMap((part) => part.problems)
    for (const { part, detail } of problems) report.problem(`${part}: ${detail}`)
    for (const problem of found.problems) report.problem(problem)
  },
}

const symbolsMaxPerFile = 500
const listMax = 64
const versionsMax = 32
const textMax = 256
const commentBytesMax = 4_096

function largestOf<T extends { readonly length: number }>(all: readonly T[], countMax: number): readonly T[] {
  return [...all].sort((a, b) => b.length - a.length).slice(0, countMax)
}

function functionRegion(range: ReturnType<typeof findFunctions>['functions'][number]): PlainRegion {
  return {
    offset: range.offset,
    length: range.length,
    layer: regionLayers.symbol,
    class: 'function',
    name: functionName(range),
    attributes: { address: hex(range.address) },
  }
}

type Needed = ReturnType<typeof readVersions>['needed']

function* wholeAndNotes(subject: Subject, elf: ElfFile, needed: Needed): Generator<PlainRegion> {
  yield {
    offset: 0,
    length: subject.content.size,
    layer: regionLayers.whole,
    class: 'elf',
    name: elfType(elf).description,
    attributes: attributesOf(subject, elf, needed),
  }
  for (const { owner, type, offset, size, hex: description } of elf.notes.slice(0, listMax)) {
    if (size === 0 || offset + size > subject.content.size) continue
    const name = noteWord(owner, type)
    yield {
      offset,
      length: size,
      layer: regionLayers.symbol,
      class: 'note',
      name: name.slice(0, textMax),
      attributes: { owner: owner.slice(0, textMax), type, bytes: description },
    }
  }
}

function attributesOf(subject: Subject, elf: ElfFile, needed: Needed): { readonly [key: string]: JsonValue } {
  const { header, sections, segments, dynamic, buildId } = elf
  const textsOf = (tag: bigint): string[] =>
    dynamic.flatMap((entry) => (entry.tag === tag && entry.text !== undefined ? [entry.text.slice(0, textMax)] : []))
  const interpreter = interpreterOf(elf, subject.content)?.slice(0, textMax)
  const [soname] = textsOf(dynamicTag.soname)
  const made = commentOf(subject, elf)
  const needs = textsOf(dynamicTag.needed)
  const language = languageOf(elf, { needs, made })
  const debug = sections.some(({ name }) => name === '.debug_info' || name === '.zdebug_info')
  return {
    type: fileTypeWord(header.type),
    machine: machineWord(header.machine),
    bits: header.bits,
    byteOrder: header.byteOrder,
    osAbi: osAbiWord(header.osAbi),
    entry: hex(header.entry),
    segments: segments.length,
    sections: sections.length,
    stripped: !sections.some(({ type }) => type === 2),
    debugInformation: debug,
    ...(interpreter !== undefined && { interpreter }),
    ...(soname !== undefined && { soname }),
    ...(buildId !== undefined && { buildId }),
    ...(language !== undefined && { language }),
    needed: needs.slice(0, listMax),
    versions: Object.fromEntries(
      needed
        .slice(0, listMax)
        .map(({ library, versions }) => [keyOf(library), versions.slice(0, versionsMax).map(cut)]),
    ),
    ...(made.length > 0 && { madeWith: made }),
  }
}

/** Only where the file itself shows it: C leaves no mark of its own. */
function languageOf(
  { sections }: ElfFile,
  { needs, made }: { readonly needs: readonly string[]; readonly made: readonly string[] },
): string | undefined {
  if (sections.some(({ name }) => name === '.go.buildinfo' || name === '.gopclntab')) return 'Go'
  if (made.some((text) => text.startsWith('rustc '))) return 'Rust'
  return needs.some((name) => /^libstdc\+\+\.|^libc\+\+\./.test(name)) ? 'C++' : undefined
}

function keyOf(library: string): string {
  return library === '__proto__' ? '__proto__ (a name)' : cut(library)
}

function cut(text: string): string {
  return text.slice(0, textMax)
}

/** .comment: the compilers and linkers, each once. */
function commentOf({ content }: Subject, { sections }: ElfFile): readonly string[] {
  const section = sections.find(({ name, type }) => name === '.comment' && type === 1)
  if (section === undefined) return []
  const texts = textsIn(content.read(section.offset, Math.min(section.size, commentBytesMax)))
  return [...new Set(texts)].slice(0, 8).map(cut)
}

function textsIn(bytes: Uint8Array): readonly string[] {
  return new TextDecoder()
    .decode(bytes.slice())
    .split('\0')
    .filter((text) => text !== '')
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
