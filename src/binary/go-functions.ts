/**
 * Functions of Go programs, with their names: the runtime needs them for its stack traces, so strip leaves them in place
 * (.gopclntab). Forms of Go 1.16 and later; of older ones nothing is told.
 *
 * What is read may be damaged or hostile: what does not make sense is left out and said in `problems`.
 */
import type { ElfFile, ElfProblem } from './elf.ts'
import { type ElfFields, ElfReading, type ElfSource, NameTable } from './elf-fields.ts'
import { sectionType } from './elf-sections.ts'
import { offsetOfAddress } from './elf-segments.ts'

export interface GoFunction {
  readonly name: string
  readonly address: bigint
  /** Of its first byte, in the file. */
  readonly offset: number
  /** Up to where the next one begins; the file may end earlier. */
  readonly size: number
}

export interface GoFunctions {
  /** In the table's order: by address. */
  readonly functions: readonly GoFunction[]
  readonly problems: readonly ElfProblem[]
}

/** Of a file that has no such table: none, and no problem. Only errors that `source.read` throws leave this function. */
export function readGoFunctions(source: ElfSource, elf: ElfFile): GoFunctions {
  const section = elf.sections.find(
    ({ name, type }) => /^\.(data\.rel\.ro\.)?gopclntab$/.test(name) && type !== sectionType.noBits,
  )
  if (section === undefined) return { functions: [], problems: [] }
  const reading = new ElfReading(source)
  reading.begin(elf.header)
  const run = { at: section.offset, length: section.size, lengthMax: tableBytesMax }
  const bytes = reading.bytes(run, { part: 'frames', name: '.gopclntab' })
  const functions = functionsOf(reading, elf, bytes)
  return { functions, problems: reading.problems }
}

const tableBytesMax = 256 * 2 ** 20
const functionsMax = 500_000
/** First word: Go 1.16, 1.18 and 1.20. The two later ones count from the beginning of the code. */
const magic = { go116: 0xfffffffa, go118: 0xfffffff0, go120: 0xfffffff1 }

function functionsOf(reading: ElfReading, elf: ElfFile, bytes: Uint8Array): readonly GoFunction[] {
  const fields = reading.fields(bytes, 'frames')
  const head = headOf(fields, bytes.length, elf.sections.find(({ name }) => name === '.text')?.address ?? 0n)
  if (head === undefined) {
    reading.problem('frames', '.gopclntab: a form that is not known')
    return []
  }
  const names = new NameTable(bytes.subarray(head.namesAt))
  const functions: GoFunction[] = []
  const isIn = (at: number, length: number): boolean => at >= 0 && at + length <= bytes.length
  for (let index = 0; index < Math.min(head.count, functionsMax); index++) {
    const at = head.tableAt + index * 2 * head.entryBytes
    if (!isIn(at, 3 * head.entryBytes)) break
    const start = head.placeAt(at)
    const next = head.placeAt(at + 2 * head.entryBytes)
    const infoAt = head.tableAt + head.numberAt(at + head.entryBytes)
    const nameAt = infoAt + head.entryBytes
    const offset = offsetOfAddress(elf.segments, start)
    const name = isIn(nameAt, 4) ? names.at(fields.u32(nameAt)) : undefined
    if (offset === undefined || name === undefined || name === '' || next <= start) {
      reading.problem('frames', '.gopclntab: an entry that does not make sense')
      continue
    }
    functions.push({ name, address: start, offset, size: Number(next - start) })
  }
  return functions
}

interface Head {
  readonly count: number
  readonly namesAt: number
  readonly tableAt: number
  /** Of a number of the table of functions: two of them make an entry. */
  readonly entryBytes: 4 | 8
  readonly numberAt: (at: number) => number
  readonly placeAt: (at: number) => bigint
}

/** magic, two zeros, code alignment, size of an address; then the numbers, each of that size. */
function headOf(fields: ElfFields, sizeBytes: number, codeAt: bigint): Head | undefined {
  if (sizeBytes < 8 + 8 * 8) return undefined
  const first = fields.u32(0)
  const width = fields.u8(7)
  if (fields.u16(4) !== 0 || (width !== 4 && width !== 8)) return undefined
  const numberAt = (at: number): number => (width === 8 ? fields.whole(at) : fields.u32(at))
  const part = (index: number): number => numberAt(8 + index * width)
  if (first === magic.go116) {
    const placeAt = (at: number): bigint => BigInt(numberAt(at))
    return { count: part(0), namesAt: part(2), tableAt: part(6), entryBytes: width, numberAt, placeAt }
  }
  if (first !== magic.go118 && first !== magic.go120) return undefined
  // Of a program that may lie anywhere, the loader fills in where its code begins.
  const textAt = part(2) === 0 ? codeAt : BigInt(part(2))
  const offsetAt = (at: number): number => fields.u32(at)
  const placeAt = (at: number): bigint => textAt + BigInt(offsetAt(at))
  return { count: part(0), namesAt: part(3), tableAt: part(7), entryBytes: 4, numberAt: offsetAt, placeAt }
}
