/** Checks of embedded programs, images and tables: their own structure has to hold, as far as they tell their length. */
import { readElf } from '../../binary/elf.ts'
import { elfType } from './elf-type.ts'
import { bytesAt, type Shape, wholeThing } from './shape.ts'

const sectionWithoutBytes = 8

/** Its segments or sections lie in the content; it ends where the last of its parts does. */
export const elfShape: Shape = (content, at) => {
  const size = content.size - at
  const file = readElf({ size, read: (offset, length) => content.read(at + offset, Math.min(length, size - offset)) })
  if (file.kind !== 'elf') return undefined
  const { header, segments, sections } = file
  const { segmentsAt, sectionsAt, segmentSizeBytes, sectionSizeBytes, headerSizeBytes } = header
  if (headerSizeBytes !== (header.bits === 64 ? 64 : 52) || header.type < 1 || header.type > 4) return undefined
  if (segments.length === 0 && sections.length === 0) return undefined
  const ends = [
    headerSizeBytes,
    segmentsAt + segments.length * segmentSizeBytes,
    sectionsAt + sections.length * sectionSizeBytes,
    ...segments.map(({ offset, fileBytes }) => offset + fileBytes),
    ...sections.map((section) => section.offset + (section.type === sectionWithoutBytes ? 0 : section.size)),
  ]
  return wholeThing(content, at, Math.max(...ends), elfType(file).description)
}

/** The words of the DOS stub lie 0x4e bytes into a Windows program. */
const stubTextAt = 0x4e

export const peShape: Shape = (content, at) => {
  const start = at - stubTextAt
  const dos = bytesAt(content, start, 64)
  if (dos === undefined || dos.toString('latin1', 0, 2) !== 'MZ') return undefined
  const headerAt = start + dos.readUInt32LE(60)
  const header = bytesAt(content, headerAt, 24)
  if (header === undefined || header.toString('latin1', 0, 4) !== 'PE\0\0') return undefined
  const sectionCount = header.readUInt16LE(6)
  const tableAt = headerAt + 24 + header.readUInt16LE(20)
  const table = bytesAt(content, tableAt, sectionBytes * sectionCount)
  if (table === undefined || sectionCount === 0 || sectionCount > sectionsMax) return undefined
  let end = tableAt + table.length - start
  for (let index = 0; index < sectionCount; index++) {
    const section = index * sectionBytes
    end = Math.max(end, table.readUInt32LE(section + 16) + table.readUInt32LE(section + 20))
  }
  const thing = wholeThing(content, start, end, `Windows executable, ${sectionCount} sections`)
  return thing && { ...thing, offset: start }
}

const sectionBytes = 40
const sectionsMax = 96

export const pngShape: Shape = (content, at) => {
  let here = at + 8
  for (let count = 0; count < chunksMax; count++) {
    const head = bytesAt(content, here, 8)
    if (head === undefined) return undefined
    here += 12 + head.readUInt32BE(0)
    if (head.toString('latin1', 4) === 'IEND') return wholeThing(content, at, here - at)
  }
  return undefined
}

const chunksMax = 20_000

export const sqliteShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 100)
  if (head === undefined) return undefined
  const pageField = head.readUInt16BE(16)
  const pageBytes = pageField === 1 ? 65_536 : pageField
  const isPower = pageBytes >= 512 && (pageBytes & (pageBytes - 1)) === 0
  return isPower ? wholeThing(content, at, pageBytes * head.readUInt32BE(28)) : undefined
}

/** Sections with ascending numbers; it ends where the next would have none. */
export const wasmShape: Shape = (content, at) => {
  let here = at + 8
  let last = 0
  let count = 0
  for (; count < wasmSectionsMax; count++) {
    const head = bytesAt(content, here, 6, 2)
    const id = head?.[0] ?? 255
    if (head === undefined || id > 13 || (id !== 0 && !follows(id, last))) break
    const size = leb128(head.subarray(1))
    if (size === undefined || here + 1 + size.bytes + size.value > content.size) break
    here += 1 + size.bytes + size.value
    if (id !== 0) last = id
  }
  return count < 2 ? undefined : wholeThing(content, at, here - at)
}

const wasmSectionsMax = 1_000

/** The order in which sections stand: 12 (data count) lies before 10 (code), 13 (tags) before 6 (globals). */
function follows(id: number, last: number): boolean {
  const rank = (section: number) => (section === 12 ? 9.5 : section === 13 ? 5.5 : section)
  return rank(id) > rank(last)
}

function leb128(bytes: Uint8Array): { readonly value: number; readonly bytes: number } | undefined {
  let value = 0
  for (const [index, byte] of bytes.subarray(0, 5).entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, bytes: index + 1 }
  }
  return undefined
}

export const deviceTreeShape: Shape = (content, at) => {
  const head = bytesAt(content, at, 40)
  if (head === undefined) return undefined
  const [total, structure, strings, version] = [4, 8, 12, 20].map((offset) => head.readUInt32BE(offset)) as [
    ...[number, number, number, number],
  ]
  const isWhole = structure >= 40 && structure < total && strings < total && (version === 16 || version === 17)
  return isWhole ? wholeThing(content, at, total) : undefined
}

export const programShapes = {
  ...{ elf: elfShape, pe: peShape, png: pngShape, sqlite: sqliteShape, wasm: wasmShape, dtb: deviceTreeShape },
}
