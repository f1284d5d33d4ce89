/**
 * Where `main` begins in a program without symbols: the code at which a C program starts hands its address to the C
 * library, in the register of the first argument. Only for x86-64, and only where that code looks as glibc and musl have it.
 */
import type { ElfFile } from '../../binary/elf.ts'
import { offsetOfAddress } from '../../binary/elf-segments.ts'
import type { Content } from '../subject.ts'

/** Its address; undefined where the code does not show it. */
export function mainAddressOf({ header, segments }: ElfFile, content: Content): bigint | undefined {
  const at = header.entry === 0n ? undefined : offsetOfAddress(segments, header.entry)
  if (header.machine !== intel || header.byteOrder !== 'little' || at === undefined) return undefined
  const code = new Uint8Array(content.read(at, startBytesMax))
  const view = new DataView(code.buffer)
  for (let index = 0; index + 9 <= code.length; index++) {
    const next = index + 7
    const isCall = (code[next] === 0xff && code[next + 1] === 0x15) || code[next] === 0xe8
    if (!isCall) continue
    const form = view.getUint32(index, false) >>> 8
    if (form === leaFirst) return header.entry + BigInt(next + view.getInt32(index + 3, true))
    if (form === moveFirst) return BigInt(view.getUint32(index + 3, true))
  }
  return undefined
}

const intel = 62
const startBytesMax = 64
/** `lea rdi, [rip + ...]` and `mov rdi, ...`. */
const leaFirst = 0x488d3d
const moveFirst = 0x48c7c7
