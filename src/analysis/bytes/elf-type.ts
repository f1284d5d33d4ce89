/** An ELF file in one line, in the words of file(1); what is longer than a line (interpreter, build id) is told by regions. */
import { type ElfFile, elfFileType } from '../../binary/elf.ts'
import { dynamicFlag1, dynamicTag } from '../../binary/elf-dynamic.ts'
import { sectionType } from '../../binary/elf-sections.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import type { FileType } from '../file-type.ts'

export function elfType(elf: ElfFile): FileType {
  const { bits, byteOrder, type, machine } = elf.header
  const shape = shapeOf(elf)
  const parts = [
    `ELF ${bits}-bit ${byteOrder === 'little' ? 'LSB' : 'MSB'} ${shape.name}`,
    machineNames.get(machine) ?? `machine ${machine}`,
    ...(type === elfFileType.relocatable || type === elfFileType.core ? [] : [linkingOf(elf, shape)]),
    ...(elf.sections.some(({ name }) => name === '.debug_info') ? ['with debug_info'] : []),
    ...(type === elfFileType.core
      ? []
      : [elf.sections.some((section) => section.type === sectionType.symbols) ? 'not stripped' : 'stripped']),
  ]
  return { kind: 'elf', description: parts.join(', '), mimeType: shape.mimeType }
}

interface Shape {
  readonly name: string
  readonly mimeType: string
  readonly isPie: boolean
}

function shapeOf({ header, dynamic }: ElfFile): Shape {
  const isPie = dynamic.some(({ tag, value }) => tag === dynamicTag.flags1 && (value & dynamicFlag1.pie) !== 0n)
  switch (header.type) {
    case elfFileType.relocatable:
      return { name: 'relocatable', mimeType: 'application/x-object', isPie: false }
    case elfFileType.executable:
      return { name: 'executable', mimeType: 'application/x-executable', isPie: false }
    case elfFileType.shared:
      return isPie
        ? { name: 'pie executable', mimeType: 'application/x-pie-executable', isPie }
        : { name: 'shared object', mimeType: 'application/x-sharedlib', isPie }
    case elfFileType.core:
      return { name: 'core file', mimeType: 'application/x-coredump', isPie: false }
    default:
      return { name: `of unknown type ${header.type}`, mimeType: 'application/octet-stream', isPie: false }
  }
}

function linkingOf({ segments, dynamic }: ElfFile, { isPie }: Shape): string {
  if (!segments.some(({ type }) => type === segmentType.dynamic)) return 'statically linked'
  const needs =
    dynamic.some(({ tag }) => tag === dynamicTag.needed) ||
    segments.some(({ type }) => type === segmentType.interpreter)
  return isPie && !needs ? 'static-pie linked' : 'dynamically linked'
}

/** e_machine in the words of file(1). */
const machineNames = new Map<number, string>([
  [0, 'no machine'],
  [2, 'SPARC'],
  [3, 'Intel 80386'],
  [4, 'Motorola m68k'],
  [8, 'MIPS'],
  [15, 'PA-RISC'],
  [20, 'PowerPC or cisco 4500'],
  [21, '64-bit PowerPC or cisco 7500'],
  [22, 'IBM S/390'],
  [40, 'ARM'],
  [42, 'Renesas SH'],
  [43, 'SPARC V9'],
  [50, 'IA-64'],
  [62, 'x86-64'],
  [83, 'Atmel AVR 8-bit'],
  [94, 'Tensilica Xtensa'],
  [183, 'ARM aarch64'],
  [224, 'AMD GPU'],
  [243, 'UCB RISC-V'],
  [247, 'eBPF'],
  [258, 'LoongArch'],
])
