/** Words for the numbers of an ELF file, as readelf writes them; of a number without a word its hex digits. */

const sectionTypes: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'PROGBITS',
  2: 'SYMTAB',
  3: 'STRTAB',
  4: 'RELA',
  5: 'HASH',
  6: 'DYNAMIC',
  7: 'NOTE',
  8: 'NOBITS',
  9: 'REL',
  11: 'DYNSYM',
  14: 'INIT_ARRAY',
  15: 'FINI_ARRAY',
  16: 'PREINIT_ARRAY',
  17: 'GROUP',
  18: 'SYMTAB SECTION INDICES',
  19: 'RELR',
  1879048182: 'GNU_HASH',
  1879048189: 'VERDEF',
  1879048190: 'VERNEED',
  1879048191: 'VERSYM',
}

const segmentTypes: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'LOAD',
  2: 'DYNAMIC',
  3: 'INTERP',
  4: 'NOTE',
  6: 'PHDR',
  7: 'TLS',
  1685382480: 'GNU_EH_FRAME',
  1685382481: 'GNU_STACK',
  1685382482: 'GNU_RELRO',
  1685382483: 'GNU_PROPERTY',
}

const machines: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390',
  40: 'arm',
  62: 'x86-64',
  183: 'aarch64',
  243: 'riscv',
  247: 'bpf',
  258: 'loongarch',
}

const fileTypes = ['none', 'relocatable', 'executable', 'shared object', 'core']
const symbolTypes = ['NOTYPE', 'OBJECT', 'FUNC', 'SECTION', 'FILE', 'COMMON', 'TLS', '', '', '', 'IFUNC']
const bindings = ['LOCAL', 'GLOBAL', 'WEAK', '', '', '', '', '', '', '', 'UNIQUE']
/** Bit 0 and up. */
const sectionFlags = ['W', 'A', 'X', '', 'M', 'S', 'I', 'L', 'O', 'G', 'T', 'C']

export function sectionTypeWord(type: number): string {
  return sectionTypes[type] ?? hex(type)
}

export function segmentTypeWord(type: number): string {
  return segmentTypes[type] ?? hex(type)
}

export function machineWord(machine: number): string {
  return machines[machine] ?? hex(machine)
}

export function fileTypeWord(type: number): string {
  return fileTypes[type] ?? hex(type)
}

export function symbolTypeWord(type: number): string {
  return symbolTypes[type] || hex(type)
}

export function bindingWord(binding: number): string {
  return bindings[binding] || hex(binding)
}

/** Letters of the flags that have one: `AX`. */
export function sectionFlagLetters(flags: bigint): string {
  const low = Number(flags & 0xfffn)
  return sectionFlags.filter((_letter, bit) => (low & (1 << bit)) !== 0).join('')
}

/** `r-x`. */
export function segmentRights(flags: number): string {
  return `${flags & 4 ? 'r' : '-'}${flags & 2 ? 'w' : '-'}${flags & 1 ? 'x' : '-'}`
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
