/** What readelf (binutils) says of a file, in the form in which our reader's answer can be put too. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { ElfFile } from '../../src/binary/elf.ts'
import type { ElfSymbol } from '../../src/binary/elf-symbols.ts'
import { bindingWord, symbolTypeWord } from '../../src/binary/elf-words.ts'

export interface ElfSaid {
  readonly header: string
  /** `name address offset size entryBytes link info alignment` of each, numbers in hex. */
  readonly sections: readonly string[]
  /** `offset address fileBytes memoryBytes rights alignment` of each. */
  readonly segments: readonly string[]
  /** `tag text` of each; the text only of names. */
  readonly dynamic: readonly string[]
  readonly buildId: string | undefined
}

/** `value size type binding visibility section name` of each. */
export type SymbolsSaid = readonly string[]

export const hasReadelf = spawnSync('readelf', ['--version']).status === 0

export function readelfSays(path: string): ElfSaid & { readonly symbols: ReadonlyMap<string, SymbolsSaid> } {
  const options = { encoding: 'utf8', maxBuffer: 1 << 30, env: { ...process.env, LC_ALL: 'C' } } as const
  const { stdout, status } = spawnSync('readelf', ['-hlSdnsW', path], options)
  assert.equal(status, 0, path)
  const lines = stdout.split('\n')
  return {
    header: headerOf(stdout),
    sections: lines.flatMap(sectionOf),
    segments: lines.flatMap(segmentOf),
    dynamic: lines.flatMap(dynamicOf),
    buildId: /Build ID: ([0-9a-f]+)/.exec(stdout)?.[1],
    symbols: symbolsOf(lines),
  }
}

export function weSay(elf: ElfFile): ElfSaid {
  const { header: h, sections, segments, dynamic, buildId } = elf
  const numbers = [h.segmentsAt, h.sectionsAt, h.flags, h.headerSizeBytes, h.segmentSizeBytes, h.segmentCount]
  const rest = [h.sectionSizeBytes, h.sectionCount, h.namesSection, h.abiVersion]
  return {
    header: [h.bits, h.byteOrder, h.entry, ...numbers, ...rest].join(' '),
    sections: sections.map((s) =>
      [s.name, hex(s.address), hex(s.offset), hex(s.size), hex(s.entryBytes), s.link, s.info, s.alignment].join(' '),
    ),
    segments: segments.map((s) => {
      const rights = `${s.flags & 4 ? 'R' : ' '}${s.flags & 2 ? 'W' : ' '}${s.flags & 1 ? 'E' : ' '}`
      const places = [s.offset, s.address, s.physicalAddress, s.fileBytes, s.memoryBytes].map(hex)
      return [...places, rights, hex(s.alignment)].join(' ')
    }),
    dynamic: dynamic.map(({ tag, text }) => `${hex(tag)}${text === undefined ? '' : ` ${text}`}`),
    buildId,
  }
}

export function ourSymbol(symbol: ElfSymbol): string {
  const section = { 0: 'UND', 65521: 'ABS', 65522: 'COM' }[symbol.section] ?? String(symbol.section)
  const visibility = ['DEFAULT', 'INTERNAL', 'HIDDEN', 'PROTECTED'][symbol.visibility]
  const words = [symbolTypeWord(symbol.type), bindingWord(symbol.binding), visibility, section]
  return [hex(symbol.value), symbol.size, ...words, symbol.name].join(' ')
}

/** Numbers of versions follow the names of .dynsym, and sections lend their names to symbols that have none. */
export function sameSymbol(ours: string, theirs: string): boolean {
  if (ours === theirs || theirs.startsWith(`${ours}@`)) return true
  const [head = ''] = / SECTION .* /.exec(ours) ?? []
  return head !== '' && theirs.startsWith(ours)
}

function headerOf(text: string): string {
  const after = (name: string): string => {
    const found = new RegExp(`^  ${name}: +(\\S+)`, 'm').exec(text)?.[1]
    return found ?? assert.fail(`readelf does not tell ${name}`)
  }
  const numberAfter = (name: string): number => Number(after(name))
  return [
    after('Class') === 'ELF64' ? 64 : 32,
    /^ {2}Data: .*little endian/m.test(text) ? 'little' : 'big',
    BigInt(after('Entry point address')),
    numberAfter('Start of program headers'),
    numberAfter('Start of section headers'),
    Number(after('Flags').replace(',', '')),
    numberAfter('Size of this header'),
    numberAfter('Size of program headers'),
    numberAfter('Number of program headers'),
    numberAfter('Size of section headers'),
    numberAfter('Number of section headers'),
    numberAfter('Section header string table index'),
    numberAfter('ABI Version'),
  ].join(' ')
}

function sectionOf(line: string): string[] {
  const found =
    /^ {2}\[ *\d+\] (.*?) +(?:[A-Z0-9_<>:-]+(?: SECTION INDICES)?|[0-9a-f]+: .*) +([0-9a-f]{8,16}) ([0-9a-f]{6,}) ([0-9a-f]{6,}) ([0-9a-f]{2,}) +([A-Za-z]*) +(\d+) +(\d+) +(\d+)$/.exec(
      line,
    )
  if (found === null) return []
  const [, name = '', address = '', offset = '', size = '', entryBytes = '', , link, info, alignment] = found
  const places = [address, offset, size, entryBytes].map((text) => hex(BigInt(`0x${text}`)))
  return [[name, ...places, link, info, alignment].join(' ')]
}

function segmentOf(line: string): string[] {
  const found = /^ {2}\S+ +(0x\S+) (0x\S+) (0x\S+) (0x\S+) (0x\S+) (.{3}) (0x[0-9a-f]+|0)$/.exec(line)
  if (found === null) return []
  const [, offset = '', address = '', physical = '', fileBytes = '', memoryBytes = '', rights, alignment = ''] = found
  const places = [offset, address, physical, fileBytes, memoryBytes].map((text) => hex(BigInt(text)))
  return [[...places, rights, hex(BigInt(alignment))].join(' ')]
}

function dynamicOf(line: string): string[] {
  const found = /^ (0x[0-9a-f]{8,16}) \(.*?\) +(.*)$/.exec(line)
  if (found === null) return []
  const text =
    /^(?:Shared library|Library soname|Library rpath|Library runpath|Auxiliary library|Filter library): \[(.*)\]$/.exec(
      found[2] ?? '',
    )?.[1]
  return [`${hex(BigInt(found[1] ?? ''))}${text === undefined ? '' : ` ${text}`}`]
}

function symbolsOf(lines: readonly string[]): ReadonlyMap<string, SymbolsSaid> {
  const tables = new Map<string, string[]>()
  let table: string[] = []
  for (const line of lines) {
    const name = /^Symbol table '(.*)' contains/.exec(line)?.[1]
    if (name !== undefined) {
      table = []
      tables.set(name, table)
    }
    const plainLine = line.replaceAll(/<(?:OS|processor) specific>: (\d+)/g, 'specific-$1')
    const found = /^ *\d+: ([0-9a-f]+) +(\S+) (\S+) +(\S+) +(\S+) +(?:\[.*?\] +)?(\S+) ?(.*)$/.exec(plainLine)
    if (found === null) continue
    const [, value = '', size = '', kind, bound, visibility, section, symbol = ''] = found
    // Where the header does not say GNU, readelf does not use GNU's words.
    const type = kind === 'specific-10' ? 'IFUNC' : kind
    const binding = bound === 'specific-10' ? 'UNIQUE' : bound
    const plain = symbol.replace(/ \(\d+\)$/, '')
    table.push([hex(BigInt(`0x${value}`)), Number(size), type, binding, visibility, section, plain].join(' '))
  }
  return tables
}

function hex(value: number | bigint): string {
  return value.toString(16)
}
