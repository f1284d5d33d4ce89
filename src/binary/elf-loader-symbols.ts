/**
 * Where the loader's symbols lie in a file that has no table of sections: as the loader itself finds them, by the dynamic
 * section. How many there are is only said by the hash tables.
 */
import type { ElfFile } from './elf.ts'
import { dynamicTag } from './elf-dynamic.ts'
import type { ElfReading } from './elf-fields.ts'
import type { ElfSection } from './elf-sections.ts'
import { offsetOfAddress } from './elf-segments.ts'

export interface LoaderSymbols {
  /** As .dynsym and .dynstr would be. */
  readonly symbols: ElfSection
  readonly names: ElfSection
}

/** Undefined where the dynamic section does not say it. */
export function placeOfLoaderSymbols(reading: ElfReading, elf: ElfFile): LoaderSymbols | undefined {
  const offsetOf = (tag: bigint): number | undefined => {
    const address = elf.dynamic.find((entry) => entry.tag === tag)?.value
    return address === undefined ? undefined : offsetOfAddress(elf.segments, address)
  }
  const at = offsetOf(symbolsTag)
  const namesAt = offsetOf(dynamicTag.strings)
  const count = countOf(reading, { plain: offsetOf(hashTag), gnu: offsetOf(gnuHashTag) })
  if (at === undefined || namesAt === undefined || count === 0) return undefined
  const entryBytes = reading.bits === 64 ? 24 : 16
  const namesBytes = Number(elf.dynamic.find(({ tag }) => tag === dynamicTag.stringsBytes)?.value ?? 0n)
  return {
    symbols: { ...empty, name: 'symbols of the loader', type: 11, offset: at, size: count * entryBytes, entryBytes },
    names: { ...empty, name: 'names of the loader', type: 3, offset: namesAt, size: namesBytes },
  }
}

const hashTag = 4n
const symbolsTag = 6n
const gnuHashTag = 0x6ffffef5n
const symbolsMax = 1_000_000
const hashBytesMax = 16 * 2 ** 20
const asked = { part: 'symbols', name: 'hash table of the loader' } as const
const empty = { index: 0, flags: 0n, address: 0n, link: 0, info: 0, alignment: 0, entryBytes: 0 }

function countOf(
  reading: ElfReading,
  at: { readonly plain: number | undefined; readonly gnu: number | undefined },
): number {
  if (at.plain !== undefined) {
    const bytes = reading.bytes({ at: at.plain, length: 8, lengthMax: 8 }, asked)
    if (bytes.length === 8) return Math.min(reading.fields(bytes, 'symbols').u32(4), symbolsMax)
  }
  return at.gnu === undefined ? 0 : countOfGnu(reading, at.gnu)
}

/** Buckets name the first symbol of each chain; the last one of a chain has an odd hash. */
function countOfGnu(reading: ElfReading, at: number): number {
  const head = reading.bytes({ at, length: 16, lengthMax: 16 }, asked)
  if (head.length < 16) return 0
  const fields = reading.fields(head, 'symbols')
  const [buckets, first, filterWords] = [fields.u32(0), fields.u32(4), fields.u32(8)]
  const bucketsAt = at + 16 + filterWords * (reading.bits / 8)
  const rest = Math.min(hashBytesMax, Math.max(0, reading.source.size - bucketsAt))
  const bytes = reading.bytes({ at: bucketsAt, length: rest, lengthMax: hashBytesMax }, asked)
  const words = reading.fields(bytes, 'symbols')
  const wordCount = Math.floor(bytes.length / 4)
  let last = 0
  for (let index = 0; index < Math.min(buckets, wordCount); index++) last = Math.max(last, words.u32(index * 4))
  if (last < first) return Math.min(first, symbolsMax)
  for (let index = buckets + last - first; index < wordCount && last < symbolsMax; index++, last++) {
    if ((words.u32(index * 4) & 1) === 1) return last + 1
  }
  return 0
}
