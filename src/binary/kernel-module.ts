/** A kernel module from its bytes: its ELF structure, what it says of itself, its signature, how it is hardened. */
import { type ElfFile, type ElfSource, type NotElf, readElf } from './elf.ts'
import type { ElfSection } from './elf-sections.ts'
import { type ModuleField, readModuleFields } from './modinfo.ts'
import { type ModuleSignature, readModuleSignature } from './module-signature.ts'

export interface KernelModule {
  readonly kind: 'module'
  readonly elf: ElfFile
  /** Of .modinfo, in its order; offsets are those of the file. */
  readonly fields: readonly ModuleField[]
  readonly signature: ModuleSignature | undefined
  /** Against what the compiler and objtool prepared its code. */
  readonly hardening: {
    /** Indirect branches (Spectre v2). */
    readonly retpoline: boolean
    /** Returns (Retbleed): sites that the kernel patches at boot. */
    readonly returnThunks: boolean
    /** Indirect branch tracking: sites that are sealed. */
    readonly branchTracking: boolean
  }
}

export function readKernelModule(bytes: Uint8Array): KernelModule | NotElf {
  const elf = readElf(bytesSource(bytes))
  if (elf.kind === 'not elf') return elf
  const has = (name: string): boolean => elf.sections.some((section) => section.name === name)
  const info = elf.sections.find(({ name }) => name === '.modinfo')
  const fields = info === undefined ? [] : fieldsOf(bytes, info)
  return {
    kind: 'module',
    elf,
    fields,
    signature: readModuleSignature(bytes),
    hardening: {
      retpoline: fields.some(({ key, value }) => key === 'retpoline' && value === 'Y'),
      returnThunks: has('.return_sites'),
      branchTracking: has('.ibt_endbr_seal'),
    },
  }
}

/** Bytes in memory as a source of the ELF reader. */
export function bytesSource(bytes: Uint8Array): ElfSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/** As far as the section lies in the file. */
function fieldsOf(bytes: Uint8Array, { offset: start, size }: ElfSection): readonly ModuleField[] {
  const fields = readModuleFields(bytes.subarray(start, start + size))
  return fields.map((field) => ({ ...field, offset: start + field.offset }))
}
