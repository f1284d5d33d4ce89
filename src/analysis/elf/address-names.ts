/**
 * What lies at an address: functions by their names, the stubs and slots through which a program calls libraries by the
 * name of what they lead to. With it `call 0x4680` reads as a call of execve.
 */
import { type ElfFile, type ElfSection, elfFileType } from '../../binary/elf.ts'
import { readSymbolSlots } from '../../binary/elf-relocations.ts'
import type { Content } from '../subject.ts'
import { type FunctionSubject, functionName, functionsOf } from './functions.ts'

/** `execve@plt` for a stub, `execve@got` for a slot, `main` or `sub_4680` for a function. */
export type AddressNames = ReadonlyMap<bigint, string>

/** Stubs are known of x86-64 and arm64. */
export function addressNamesOf(subject: FunctionSubject): AddressNames {
  const elf = subject.elf()
  const names = new Map<bigint, string>()
  if (elf === undefined || elf.header.type === elfFileType.relocatable) return names
  for (const range of functionsOf(subject)) names.set(range.address, functionName(range))
  const { symbols } = subject.symbols('loading')
  const slots = new Map<bigint, string>()
  for (const { address, symbol } of readSymbolSlots(subject.content, elf).slots) {
    const name = symbols[symbol]?.name
    if (name !== undefined && name !== '') slots.set(address, name)
  }
  for (const [address, name] of slots) names.set(address, `${name}@got`)
  const stubs = stubReaders[elf.header.machine]
  if (stubs === undefined || elf.header.byteOrder !== 'little') return names
  for (const section of elf.sections.filter(isStubs)) {
    const code = codeOf(section, subject.content)
    for (const { address, slot } of stubs(code, section.address)) {
      const name = slots.get(slot)
      if (name !== undefined) names.set(address, `${name}@plt`)
    }
  }
  return names
}

const stubBytesMax = 4 * 2 ** 20

function isStubs({ name, type }: ElfSection): boolean {
  return type === 1 && /^\.plt(\.(sec|got))?$/.test(name)
}

function codeOf({ offset, size }: ElfSection, content: Content): DataView {
  const bytes = new Uint8Array(content.read(offset, Math.min(size, stubBytesMax)))
  return new DataView(bytes.buffer)
}

interface Stub {
  readonly address: bigint
  /** Where the address lies that it jumps to. */
  readonly slot: bigint
}

const stubReaders: Readonly<Record<ElfFile['header']['machine'], (code: DataView, address: bigint) => Stub[]>> = {
  62: intelStubs,
  183: armStubs,
}

/** `[endbr64] [bnd] jmp [rip + slot]`. */
function intelStubs(code: DataView, address: bigint): Stub[] {
  const stubs: Stub[] = []
  for (let at = 0; at + 6 <= code.byteLength; at++) {
    if (code.getUint16(at, true) !== 0x25ff) continue
    let start = at
    if (start >= 1 && code.getUint8(start - 1) === 0xf2) start -= 1
    if (start >= 4 && code.getUint32(start - 4, true) === 0xfa1e0ff3) start -= 4
    const slot = address + BigInt(at + 6 + code.getInt32(at + 2, true))
    stubs.push({ address: address + BigInt(start), slot })
    at += 5
  }
  return stubs
}

/** `[bti c] adrp x16, page; ldr x17, [x16, offset]; ...`. */
function armStubs(code: DataView, address: bigint): Stub[] {
  const stubs: Stub[] = []
  for (let at = 0; at + 8 <= code.byteLength; at += 4) {
    const page = code.getUint32(at, true)
    const load = code.getUint32(at + 4, true)
    if ((page & 0x9f00001f) >>> 0 !== 0x90000010 || (load & 0xffc003ff) >>> 0 !== 0xf9400211) continue
    const here = address + BigInt(at)
    const pages = (BigInt.asIntN(19, BigInt((page >>> 5) & 0x7ffff)) << 2n) | BigInt((page >>> 29) & 3)
    const slot = (here & ~0xfffn) + (pages << 12n) + BigInt(((load >>> 10) & 0xfff) * 8)
    const hasPad = at >= 4 && code.getUint32(at - 4, true) === 0xd503245f
    stubs.push({ address: hasPad ? here - 4n : here, slot })
  }
  return stubs
}
