/**
 * The stack protector in code: how often a program reads the value that the protector compares.
 *
 * Compilers read it through a segment register at a fixed place, so its bytes can be searched for: `%fs:0x28` on x86-64,
 * `%gs:0x14` on i386. A false site would need the same five bytes behind the same prefix by chance. On other machines the
 * value has an address as any other, and code alone does not tell.
 */
import type { ElfFile } from '../../binary/elf.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import type { Content } from '../subject.ts'

/** Undefined where the machine's code does not tell. Looks at 64 MiB of code at most. */
export function countCanarySites(elf: ElfFile, content: Content): number | undefined {
  const pattern = patterns[elf.header.machine]
  if (pattern === undefined || elf.header.byteOrder !== 'little') return undefined
  let sites = 0
  let leftBytes = codeBytesMax
  // A site lies in the window in which it begins, and in no other.
  const overlapBytes = pattern.beforeMax + pattern.fixed.length - 1
  for (const { type, flags, offset, fileBytes } of elf.segments.slice(0, segmentsMax)) {
    if (type !== segmentType.load || (flags & 1) === 0) continue
    const end = Math.min(offset + Math.min(fileBytes, leftBytes), content.size)
    for (let at = offset; at < end; at += windowBytes) {
      sites += countSites(asBuffer(content.read(at, Math.min(windowBytes + overlapBytes, end - at))), pattern)
    }
    leftBytes -= Math.max(0, end - offset)
  }
  return sites
}

const codeBytesMax = 64 * 2 ** 20
const windowBytes = 2 ** 20
const segmentsMax = 64

interface Pattern {
  readonly fixed: readonly number[]
  /** Bytes of the instruction that lie before the fixed ones at most. */
  readonly beforeMax: number
  /** How many they are here; undefined where it is no site. `at` is that of the fixed bytes. */
  readonly before: (code: Buffer, at: number) => number | undefined
}

/** By e_machine. */
const patterns: Readonly<Record<number, Pattern>> = {
  62: { fixed: [0x25, 0x28, 0, 0, 0], beforeMax: 4, before: beforeWide },
  3: { fixed: [0x14, 0, 0, 0], beforeMax: 3, before: beforeNarrow },
}

/** Of those that begin in the window; `code` goes on behind it for those that end there. */
function countSites(code: Buffer, { fixed, before }: Pattern): number {
  const needle = Buffer.from(fixed)
  let count = 0
  for (let at = code.indexOf(needle); at >= 0; at = code.indexOf(needle, at + 1)) {
    const bytes = before(code, at)
    if (bytes !== undefined && bytes <= at && at - bytes < windowBytes) count++
  }
  return count
}

/** `64 48|4c op modrm 25 28 00 00 00`: mov, sub, xor or cmp of a register with %fs:0x28. */
function beforeWide(code: Buffer, at: number): number | undefined {
  const isPrefixed = code[at - 4] === 0x64 && ((code[at - 3] ?? 0) & 0xfb) === 0x48
  return isPrefixed && operations.has(code[at - 2] ?? 0) && ((code[at - 1] ?? 0) & 0xc7) === 0x04 ? 4 : undefined
}

/** `65 op modrm 14 00 00 00`, or `65 a1 14 00 00 00`. */
function beforeNarrow(code: Buffer, at: number): number | undefined {
  if (code[at - 2] === 0x65 && code[at - 1] === 0xa1) return 2
  const isPrefixed = code[at - 3] === 0x65 && operations.has(code[at - 2] ?? 0)
  return isPrefixed && ((code[at - 1] ?? 0) & 0xc7) === 0x05 ? 3 : undefined
}

const operations = new Set([0x8b, 0x2b, 0x33, 0x3b, 0x39])

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
