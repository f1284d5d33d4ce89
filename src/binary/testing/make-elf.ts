/** Small ELF files for tests, of either class and byte order: sections as given, and the table of their names. */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import type { ElfLayout } from '../elf.ts'

export interface MadeSection {
  readonly name: string
  readonly type: number
  readonly content: Uint8Array
  readonly flags?: number
  readonly address?: number
  readonly link?: number
  readonly info?: number
  readonly entryBytes?: number
  /** Of NOBITS, which has no content. */
  readonly memoryBytes?: number
}

export interface MadeSegment {
  readonly type: number
  readonly flags: number
  /** Index of the section that it covers. */
  readonly section: number
}

export interface MadeElf extends ElfLayout {
  readonly type: number
  readonly machine: number
  readonly entry?: number
  readonly sections: readonly MadeSection[]
  readonly segments?: readonly MadeSegment[]
}

/** Section 0 is empty; those given follow from 1; the names come last. */
export function makeElf({ type, machine, entry = 0, sections, segments = [], ...layout }: MadeElf): Uint8Array {
  const bits = layout.bits
  const names = ['', ...sections.map(({ name }) => name), '.shstrtab']
  const strings = makeStrings(names)
  const all: MadeSection[] = [
    { name: '', type: 0, content: new Uint8Array(0) },
    ...sections,
    { name: '.shstrtab', type: 3, content: strings.bytes },
  ]
  const headerBytes = bits === 64 ? 64 : 52
  const segmentBytes = bits === 64 ? 56 : 32
  let end = headerBytes + segments.length * segmentBytes
  const offsets = all.map(({ content }) => {
    const start = Math.ceil(end / 8) * 8
    end = start + content.length
    return start
  })
  const sectionsAt = Math.ceil(end / 8) * 8
  const out = new Writer(layout, sectionsAt + all.length * (bits === 64 ? 64 : 40))
  writeHeader(out, {
    bits,
    type,
    machine,
    entry,
    headerBytes,
    segmentBytes,
    sectionsAt,
    counts: [segments.length, all.length],
  })
  for (const { type: segmentType, flags, section } of segments) {
    const { address = 0, content } = all[section] as MadeSection
    const wide = bits === 64
    out.u32(segmentType)
    if (wide) out.u32(flags)
    for (const value of [offsets[section] ?? 0, address, address, content.length, content.length]) out.word(value)
    if (!wide) out.u32(flags)
    out.word(8)
  }
  for (const [index, { content }] of all.entries()) out.put(offsets[index] as number, content)
  out.at = sectionsAt
  for (const [index, section] of all.entries()) {
    const { type: sectionType, flags = 0, address = 0, link = 0, info = 0, entryBytes = 0, content } = section
    out.u32(strings.offsets[index] as number)
    out.u32(sectionType)
    for (const value of [flags, address, offsets[index] as number, section.memoryBytes ?? content.length])
      out.word(value)
    out.u32(link)
    out.u32(info)
    out.word(1)
    out.word(entryBytes)
  }
  return out.bytes
}

export interface MadeSymbol {
  readonly name: string
  readonly value: number
  readonly size: number
  /** Type in the low four bits, binding in the high ones. */
  readonly info: number
  readonly section: number
}

/** Contents of a symbol table, the empty first symbol included, and of its names. */
export function makeSymbols(
  layout: ElfLayout,
  symbols: readonly MadeSymbol[],
): { readonly table: Uint8Array; readonly names: Uint8Array; readonly entryBytes: number } {
  const entryBytes = layout.bits === 64 ? 24 : 16
  const strings = makeStrings(['', ...symbols.map(({ name }) => name)])
  const out = new Writer(layout, (symbols.length + 1) * entryBytes)
  out.at = entryBytes
  for (const [index, { value, size, info, section }] of symbols.entries()) {
    out.u32(strings.offsets[index + 1] as number)
    if (layout.bits === 64) {
      out.u8(info)
      out.u8(0)
      out.u16(section)
      out.word(value)
      out.word(size)
    } else {
      out.word(value)
      out.word(size)
      out.u8(info)
      out.u8(0)
      out.u16(section)
    }
  }
  return { table: out.bytes, names: strings.bytes, entryBytes }
}

/** A note as it lies in a section: owner, type, description. */
export function makeNote(
  layout: ElfLayout,
  note: { owner: string; type: number; description: Uint8Array },
): Uint8Array {
  const owner = utf8(`${note.owner}\0`)
  const nameBytes = Math.ceil(owner.length / 4) * 4
  const out = new Writer(layout, 12 + nameBytes + Math.ceil(note.description.length / 4) * 4)
  out.u32(owner.length)
  out.u32(note.description.length)
  out.u32(note.type)
  out.put(12, owner)
  out.put(12 + nameBytes, note.description)
  return out.bytes
}

/** Numbers in the file's own width and order, one after the other. */
export class Writer {
  readonly bytes: Uint8Array
  at = 0
  readonly #view: DataView
  readonly #layout: ElfLayout

  constructor(layout: ElfLayout, sizeBytes: number) {
    this.#layout = layout
    this.bytes = new Uint8Array(sizeBytes)
    this.#view = new DataView(this.bytes.buffer)
  }

  u8(value: number): void {
    this.#view.setUint8(this.at, value)
    this.at += 1
  }

  u16(value: number): void {
    this.#view.setUint16(this.at, value, this.isLittle)
    this.at += 2
  }

  u32(value: number): void {
    this.#view.setUint32(this.at, value, this.isLittle)
    this.at += 4
  }

  word(value: number): void {
    if (this.#layout.bits === 32) return this.u32(value)
    this.#view.setBigUint64(this.at, BigInt(value), this.isLittle)
    this.at += 8
  }

  put(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at)
  }

  get isLittle(): boolean {
    return this.#layout.byteOrder === 'little'
  }
}

function makeStrings(names: readonly string[]): { readonly bytes: Uint8Array; readonly offsets: readonly number[] } {
  const parts = names.map((name) => utf8(`${name}\0`))
  let end = 0
  const offsets = parts.map((part) => {
    end += part.length
    return end - part.length
  })
  return { bytes: concatBytes(parts), offsets }
}

function writeHeader(
  out: Writer,
  header: {
    bits: 32 | 64
    type: number
    machine: number
    entry: number
    headerBytes: number
    segmentBytes: number
    sectionsAt: number
    counts: readonly [number, number]
  },
): void {
  const { bits, type, machine, entry, headerBytes, segmentBytes, sectionsAt, counts } = header
  const [segmentCount, sectionCount] = counts
  for (const byte of [0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, out.isLittle ? 1 : 2, 1]) out.u8(byte)
  out.at = 16
  out.u16(type)
  out.u16(machine)
  out.u32(1)
  out.word(entry)
  out.word(segmentCount === 0 ? 0 : headerBytes)
  out.word(sectionsAt)
  out.u32(0)
  for (const value of [
    headerBytes,
    segmentBytes,
    segmentCount,
    bits === 64 ? 64 : 40,
    sectionCount,
    sectionCount - 1,
  ]) {
    out.u16(value)
  }
}
