/**
 * Sections and symbols of the ELF files that a process has mapped, as places in the mapping's content.
 *
 * The file is opened as the process sees it (its own root and mounts, deleted files too where the kernel allows) and only
 * believed where it is the one that is mapped: same device and inode. What is found is kept as long as the file is that
 * one. Bounded: the largest symbols of a file, so many of a process.
 */
import fs from 'node:fs'
import { type Region, regionLayers } from '../../base/region.ts'
import { type ElfFile, readElf } from '../../binary/elf.ts'
import type { ElfSource } from '../../binary/elf-fields.ts'
import { type ElfSymbol, readSymbols } from '../../binary/elf-symbols.ts'
import { closeFd, openHandle } from '../../linux/directory.ts'
import { type FileStat, statOpen } from '../../linux/stat.ts'
import type { KnownMapping } from './known-mapping.ts'
import type { ProcFolder } from './proc-folder.ts'

/** What was found in files, for all processes that are watched: most of them have the same libraries. Bounded. */
export class ElfFiles {
  /** By device, inode and version. */
  readonly #files = new Map<string, readonly FilePart[]>()
  #partCount = 0

  of(fd: number, stat: FileStat): readonly FilePart[] {
    const version = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtime.seconds} ${stat.mtime.nanoseconds}`
    const known = this.#files.get(version)
    if (known !== undefined) return known
    const parts = partsOf({ size: stat.size, read: (offset, length) => readAt(fd, offset, length) })
    if (this.#partCount > partsMax) {
      this.#files.clear()
      this.#partCount = 0
    }
    this.#files.set(version, parts)
    this.#partCount += parts.length
    return parts
  }
}

export class ElfRegions {
  readonly #files: ElfFiles
  /** What belongs to the mappings of the last look, by what is mapped: saves the opening. */
  #parts = new Map<string, readonly FilePart[]>()

  constructor(files: ElfFiles) {
    this.#files = files
  }

  /** Begins with a new list of mappings: parts of files that none of them has are forgotten. */
  keepOnly(mappings: readonly KnownMapping[]): void {
    const things = new Set(mappings.map(fileOf))
    this.#parts = new Map([...this.#parts].filter(([file]) => things.has(file)))
  }

  /** Of one mapping; none where it is of no ELF file, or the file cannot be had. At most `countMax`. */
  of(
    mapping: KnownMapping,
    { folder, countMax }: { readonly folder: ProcFolder; readonly countMax: number },
  ): Region[] {
    const { entry, key } = mapping
    if (entry.ino === 0n || !entry.name.startsWith('/')) return []
    const file = fileOf(mapping)
    let parts = this.#parts.get(file)
    if (parts === undefined) {
      parts = this.#partsOfFile(mapping, folder)
      this.#parts.set(file, parts)
    }
    const from = Number(entry.fileOffset)
    const to = from + entry.end - entry.start
    const lead = entry.start - key
    const regions: Region[] = []
    for (const { start, end, ...part } of parts) {
      const [low, high] = [Math.max(start, from), Math.min(end, to)]
      if (low >= high) continue
      if (regions.length === countMax) break
      regions.push({ ...part, offset: lead + low - from, length: high - low })
    }
    return regions
  }

  #partsOfFile({ entry }: KnownMapping, folder: ProcFolder): readonly FilePart[] {
    const range = `${entry.start.toString(16)}-${entry.end.toString(16)}`
    for (const name of [`map_files/${range}`, `root${entry.name}`]) {
      const fd = openMapped(folder, name, entry)
      if (fd === undefined) continue
      try {
        return this.#files.of(fd, statOpen(fd))
      } catch {
        // A file that cannot be read explains nothing; the mapping's own bytes are read all the same.
      } finally {
        closeFd(fd)
      }
    }
    return []
  }
}

/** A run of the file's bytes with a meaning. */
interface FilePart extends Omit<Region, 'offset' | 'length'> {
  readonly start: number
  readonly end: number
}

/** Of all files together; some 200 bytes each. */
const partsMax = 200_000
const symbolsMax = 2_000
/** Symbols that are looked through to find the largest of them. */
const symbolsReadMax = 100_000
/** The table for linking of a larger file may have a hundred megabytes of names. */
const linkingFileBytesMax = 32 * 2 ** 20
const nameLengthMax = 512
const noBits = 8
const allocated = 0x2n

/**
 * The regular file that is mapped, and nothing else: what lies at a path may have been replaced by a device or a FIFO,
 * which must not be opened.
 */
function openMapped(folder: ProcFolder, name: string, { dev, ino }: KnownMapping['entry']): number | undefined {
  const handle = folder.handle(name)
  if (typeof handle === 'string') return undefined
  try {
    const stat = statOpen(handle)
    if (stat.kind !== 'file' || stat.ino !== ino || stat.dev !== dev) return undefined
    const opened = openHandle(handle)
    return opened.kind === 'open' ? opened.fd : undefined
  } finally {
    closeFd(handle)
  }
}

function fileOf({ entry: { dev, ino } }: KnownMapping): string {
  return `${dev} ${ino}`
}

function partsOf(source: ElfSource): readonly FilePart[] {
  const elf = readElf(source)
  if (elf.kind !== 'elf') return []
  const sections = elf.sections
    .filter(({ type, flags, size }) => type !== noBits && (flags & allocated) !== 0n && size > 0)
    .map(
      ({ name, offset, size, address, type }): FilePart => ({
        start: offset,
        end: offset + size,
        layer: regionLayers.section,
        class: 'section',
        name: name.slice(0, nameLengthMax),
        attributes: { address: `0x${address.toString(16)}`, type },
      }),
    )
  return [...sections, ...symbolParts(source, elf)]
}

function symbolParts(source: ElfSource, elf: ElfFile): FilePart[] {
  const tables = source.size <= linkingFileBytesMax ? (['linking', 'loading'] as const) : (['loading'] as const)
  for (const table of tables) {
    const { symbols } = readSymbols(source, elf, { table, countMax: symbolsReadMax })
    const parts = symbols
      .flatMap((symbol) => symbolPart(symbol, elf))
      .sort((a, b) => b.end - b.start - (a.end - a.start))
    if (parts.length > 0) return parts.slice(0, symbolsMax).sort((a, b) => a.start - b.start)
  }
  return []
}

const symbolTypes: ReadonlyMap<number, string> = new Map([
  [1, 'object'],
  [2, 'function'],
  [10, 'function'],
])

function symbolPart({ name, value, size, type, section }: ElfSymbol, elf: ElfFile): FilePart[] {
  const kind = symbolTypes.get(type)
  const place = elf.sections[section]
  if (kind === undefined || name === '' || size <= 0 || section === 0 || place === undefined || place.type === noBits)
    return []
  const start = place.offset + Number(value - place.address)
  if (start < place.offset || start + size > place.offset + place.size) return []
  const attributes = { kind, address: `0x${value.toString(16)}` }
  return [
    {
      start,
      end: start + size,
      layer: regionLayers.symbol,
      class: 'symbol',
      name: name.slice(0, nameLengthMax),
      attributes,
    },
  ]
}

function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset))
}
