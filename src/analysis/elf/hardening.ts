/**
 * How an ELF program or library was hardened when it was built, in the words and the shape that checksec made common.
 *
 * Read from headers and tables alone; only of a file that loads no stack protector the code is searched for one
 * (canary-code.ts). Nothing here judges: what is worth a person's time is decided in hardening-findings.ts.
 */
import { type ElfFile, type ElfSegment, elfFileType } from '../../binary/elf.ts'
import { dynamicFlag1, dynamicTag } from '../../binary/elf-dynamic.ts'
import { sectionType } from '../../binary/elf-sections.ts'
import { segmentType } from '../../binary/elf-segments.ts'
import type { ElfSymbol, ElfSymbols } from '../../binary/elf-symbols.ts'
import type { Content } from '../subject.ts'
import { countCanarySites } from './canary-code.ts'

export interface Hardening {
  /** Tables of the loader are made read-only: all of them before the program starts (`full`), or those that need no lazy binding. */
  readonly relro: 'full' | 'partial' | 'none'
  /** The stack is not executable: the file has the header that says so. */
  readonly nx: boolean
  readonly pie: 'pie' | 'dso' | 'exec'
  /** `unknown`: there are no symbols that would tell, and the machine's code is not searched. */
  readonly canary: 'present' | 'absent' | 'unknown'
  /** Functions of libc that it uses in their checking form, such as `__memcpy_chk`. */
  readonly fortified: number
  /** As the file has it, with `:` between the places. */
  readonly rpath: string | null
  readonly runpath: string | null
  readonly details: {
    readonly fortifiedFunctions: readonly string[]
    /** Reads of the stack protector's value found in code; null where code was not searched. */
    readonly canarySites: number | null
    /** `missing`: the file does not say; what the system then does depends on its kind. */
    readonly stackHeader: 'executable' | 'not executable' | 'missing'
    /** Loaded segments that are both writable and executable, by index. */
    readonly writableCode: readonly number[]
    /** The loader has to write into code. */
    readonly textRelocations: boolean
    /** It has .symtab. */
    readonly hasSymbols: boolean
    readonly isStatic: boolean
  }
}

/**
 * Undefined of what is not loaded by program headers: objects, kernel modules, core dumps. `symbols` are those of the
 * loader (`loading`). Reads code only of files that do not load a stack protector: at most 64 MiB of it.
 */
export function hardeningOf(elf: ElfFile, symbols: ElfSymbols, content: Content): Hardening | undefined {
  const { type } = elf.header
  if ((type !== elfFileType.executable && type !== elfFileType.shared) || elf.segments.length === 0) return undefined
  const stack = elf.segments.find((segment) => segment.type === segmentType.stack)
  const isStatic = !elf.segments.some((segment) => segment.type === segmentType.interpreter) && !isNeedingOthers(elf)
  const fortifiedFunctions = fortifiedOf(symbols.symbols)
  const canary = canaryOf(elf, { symbols: symbols.symbols, content, isStatic })
  return {
    relro: relroOf(elf),
    nx: stack !== undefined && !isExecutable(stack),
    pie: type === elfFileType.executable ? 'exec' : isProgram(elf) ? 'pie' : 'dso',
    canary: canary.verdict,
    fortified: fortifiedFunctions.length,
    rpath: textOf(elf, dynamicTag.rpath),
    runpath: textOf(elf, dynamicTag.runpath),
    details: {
      fortifiedFunctions,
      canarySites: canary.sites,
      stackHeader: stack === undefined ? 'missing' : isExecutable(stack) ? 'executable' : 'not executable',
      writableCode: writableCodeOf(elf),
      textRelocations: has(elf, dynamicTag.textRelocations) || (flagsOf(elf, dynamicTag.flags) & textRelFlag) !== 0n,
      hasSymbols: elf.sections.some((section) => section.type === sectionType.symbols),
      isStatic,
    },
  }
}

/** A file of nothing but symbols and debug information: its code is elsewhere. */
export function isDebugOnly({ sections }: ElfFile): boolean {
  return sections.some(({ name, type }) => name === '.text' && type === sectionType.noBits)
}

const bindNowFlag = 8n
const textRelFlag = 4n

function isExecutable({ flags }: ElfSegment): boolean {
  return (flags & 1) !== 0
}

function has({ dynamic }: ElfFile, tag: bigint): boolean {
  return dynamic.some((entry) => entry.tag === tag)
}

function flagsOf({ dynamic }: ElfFile, tag: bigint): bigint {
  return dynamic.find((entry) => entry.tag === tag)?.value ?? 0n
}

function textOf({ dynamic }: ElfFile, tag: bigint): string | null {
  const texts = dynamic.filter((entry) => entry.tag === tag).map(({ text = '' }) => text)
  return texts.length === 0 ? null : texts.join(':')
}

function isNeedingOthers(elf: ElfFile): boolean {
  return has(elf, dynamicTag.needed)
}

/** Linkers mark a program that may lie anywhere; older ones only left the place for a debugger. */
function isProgram(elf: ElfFile): boolean {
  return (flagsOf(elf, dynamicTag.flags1) & dynamicFlag1.pie) !== 0n || has(elf, dynamicTag.debug)
}

function relroOf(elf: ElfFile): Hardening['relro'] {
  if (!elf.segments.some(({ type }) => type === segmentType.readOnlyAfterRelocation)) return 'none'
  const isNow =
    has(elf, dynamicTag.bindNow) ||
    (flagsOf(elf, dynamicTag.flags) & bindNowFlag) !== 0n ||
    (flagsOf(elf, dynamicTag.flags1) & dynamicFlag1.now) !== 0n
  return isNow ? 'full' : 'partial'
}

function writableCodeOf({ segments }: ElfFile): readonly number[] {
  return segments.flatMap(({ type, flags, memoryBytes }, index) =>
    type === segmentType.load && (flags & 3) === 3 && memoryBytes > 0 ? [index] : [],
  )
}

function fortifiedOf(symbols: readonly ElfSymbol[]): readonly string[] {
  const names = symbols.filter(({ section, name }) => section === 0 && fortified.test(name)).map(({ name }) => name)
  return [...new Set(names)].sort()
}

const fortified = /^__(?!stack_chk_)\w+_chk$/
/** The function that is called when the protector's value was overwritten; of libraries for i386 their own copy of it. */
const protectors = new Set(['__stack_chk_fail', '__stack_chk_guard', '__stack_chk_fail_local', '__stack_smash_handler'])
/** A program that itself has no protected function may still have one of the C library's start code in it. */
const sitesMin = 2

interface CanaryAsked {
  readonly symbols: readonly ElfSymbol[]
  readonly content: Content
  readonly isStatic: boolean
}

function canaryOf(
  elf: ElfFile,
  { symbols, content, isStatic }: CanaryAsked,
): { readonly verdict: Hardening['canary']; readonly sites: number | null } {
  if (symbols.some(({ name }) => protectors.has(name))) return { verdict: 'present', sites: null }
  const sites = countCanarySites(elf, content)
  if (sites === undefined) return { verdict: isStatic || symbols.length === 0 ? 'unknown' : 'absent', sites: null }
  return { verdict: sites >= sitesMin ? 'present' : 'absent', sites }
}
