/** Which places of memory the loader fills with the address of a symbol: what jumps through such a place, calls that symbol. */
import type { ElfFile, ElfProblem } from './elf.ts'
import { ElfReading, type ElfSource } from './elf-fields.ts'
import { offsetOfAddress } from './elf-segments.ts'

export interface SymbolSlot {
  /** Of the place that is filled. */
  readonly address: bigint
  /** Index in .dynsym. */
  readonly symbol: number
}

export interface SymbolSlots {
  readonly slots: readonly SymbolSlot[]
  readonly problems: readonly ElfProblem[]
}

/** Slots of functions and data (JUMP_SLOT, GLOB_DAT) of x86-64, i386 and arm64; of others none. */
export function readSymbolSlots(source: ElfSource, elf: ElfFile): SymbolSlots {
  const kinds = slotTypes[elf.header.machine]
  if (kinds === undefined) return { slots: [], problems: [] }
  const reading = new ElfReading(source)
  reading.begin(elf.header)
  const slots: SymbolSlot[] = []
  for (const table of tablesOf(elf)) addSlots(reading, { ...table, kinds }, slots)
  return { slots, problems: reading.problems }
}

const relocationsMax = 4_000_000
const slotsMax = 262_144
/** By e_machine: JUMP_SLOT and GLOB_DAT. */
const slotTypes: Readonly<Record<number, readonly number[]>> = { 3: [7, 6], 62: [7, 6], 183: [1026, 1025] }
const tags = {
  relocations: 7n,
  relocationsBytes: 8n,
  plain: 17n,
  plainBytes: 18n,
  jumps: 23n,
  jumpsBytes: 2n,
  kind: 20n,
}
const withAddend = 7n

interface RelocationTable {
  readonly at: number
  readonly length: number
  readonly hasAddend: boolean
}

/** As the dynamic section names them: sections may be gone. */
function tablesOf(elf: ElfFile): readonly RelocationTable[] {
  const entryOf = (tag: bigint): bigint | undefined => elf.dynamic.find((entry) => entry.tag === tag)?.value
  const table = (place: bigint, size: bigint, hasAddend: boolean): RelocationTable[] => {
    const address = entryOf(place)
    const at = address === undefined ? undefined : offsetOfAddress(elf.segments, address)
    return at === undefined ? [] : [{ at, length: Number(entryOf(size) ?? 0n), hasAddend }]
  }
  return [
    ...table(tags.jumps, tags.jumpsBytes, entryOf(tags.kind) === withAddend),
    ...table(tags.relocations, tags.relocationsBytes, true),
    ...table(tags.plain, tags.plainBytes, false),
  ]
}

function addSlots(
  reading: ElfReading,
  { at, length, hasAddend, kinds }: RelocationTable & { readonly kinds: readonly number[] },
  slots: SymbolSlot[],
): void {
  const isWide = reading.bits === 64
  const entryBytes = (isWide ? 8 : 4) * (hasAddend ? 3 : 2)
  const count = Math.floor(length / entryBytes)
  const table = { at, count, entryBytes, entryBytesMin: entryBytes, countMax: relocationsMax }
  for (const entry of reading.table(table, { part: 'relocations', name: 'relocations' })) {
    const { fields } = entry
    const info = isWide ? entry.at + 8 : entry.at + 4
    const low = fields.u32(fields.isLittle || !isWide ? info : info + 4)
    const type = isWide ? low : low & 0xff
    if (!kinds.includes(type)) continue
    const symbol = isWide ? fields.u32(fields.isLittle ? info + 4 : info) : low >>> 8
    slots.push({ address: fields.address(entry.at), symbol })
    if (slots.length < slotsMax) continue
    reading.problem('relocations', `relocations: read up to ${slotsMax} that name a symbol`)
    return
  }
}
