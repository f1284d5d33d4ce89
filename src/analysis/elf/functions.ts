/**
 * Where the functions of a file lie: those that symbols name, those of a Go program's own table, and those that only the
 * unwinding tables show.
 *
 * All of them, on demand: a large library has a hundred thousand. What is kept in a brick is a few of them (structure.ts).
 */
import { readFrameFunctions } from '../../binary/eh-frame.ts'
import type { ElfFile, ElfSection } from '../../binary/elf.ts'
import { offsetOfSymbol } from '../../binary/elf-regions.ts'
import type { ElfSymbol } from '../../binary/elf-symbols.ts'
import { readGoFunctions } from '../../binary/go-functions.ts'
import type { Subject } from '../subject.ts'
import { mainAddressOf } from './main-function.ts'

export interface FunctionRange {
  /** Bytes in the file. */
  readonly offset: number
  readonly length: number
  /** When loaded as the file says; in a relocatable file the offset in its section. */
  readonly address: bigint
  /** As a symbol names it; undefined where no symbol does: then it is called `sub_ADDRESS`. */
  readonly symbol: string | undefined
  /** What it is by its place, where no symbol names it: where the program begins, or where that code shows `main`. */
  readonly known?: '_start' | 'main'
  /** Which table shows it: a symbol's own size is believed before that of a Go program's own table, that before a frame's. */
  readonly from: 'symbol' | 'go' | 'frame'
}

export interface Functions {
  /** By offset; no two begin at the same byte. */
  readonly functions: readonly FunctionRange[]
  /** Of the unwinding tables and Go's own. */
  readonly problems: readonly string[]
}

export type FunctionSubject = Pick<Subject, 'elf' | 'symbols' | 'content'>

/** Every function that lies in the file. */
export function functionsOf(subject: FunctionSubject): readonly FunctionRange[] {
  return findFunctions(subject).functions
}

/** Of the same subject looked for once. */
export function findFunctions(subject: FunctionSubject): Functions {
  const known = found.get(subject)
  if (known !== undefined) return known
  const functions = lookForFunctions(subject)
  found.set(subject, functions)
  return functions
}

/** Its symbol, else `sub_` and its address in hex; of what the start of a program shows, `main (sub_ADDRESS)`. */
export function functionName({ symbol, address, known }: FunctionRange): string {
  const plain = `sub_${address.toString(16)}`
  return symbol ?? (known === undefined ? plain : `${known} (${plain})`)
}

const found = new WeakMap<FunctionSubject, Functions>()

function lookForFunctions(subject: FunctionSubject): Functions {
  const elf = subject.elf()
  if (elf === undefined) return { functions: [], problems: [] }
  const known = new Map<number, FunctionRange>()
  for (const table of ['linking', 'loading'] as const) {
    for (const symbol of subject.symbols(table).symbols)
      addSymbol(known, { elf, symbol, sizeBytes: subject.content.size })
  }
  const go = readGoFunctions(subject.content, elf)
  for (const { name, address, offset, size } of go.functions) {
    const length = Math.min(size, subject.content.size - offset)
    if (!known.has(offset) && length > 0) known.set(offset, { offset, length, address, symbol: name, from: 'go' })
  }
  const frames = readFrameFunctions(subject.content, elf)
  const main = mainAddressOf(elf, subject.content)
  const stubs = elf.sections.filter(({ name }) => /^\.(plt|iplt)/.test(name))
  for (const { offset, address, size } of frames.functions) {
    if (known.has(offset) || stubs.some((section) => isIn(section, offset))) continue
    const role = address === main ? 'main' : address === elf.header.entry ? '_start' : undefined
    const range = { offset, length: size, address, symbol: undefined, from: 'frame' } as const
    known.set(offset, role === undefined ? range : { ...range, known: role })
  }
  return {
    functions: [...known.values()].sort((a, b) => a.offset - b.offset),
    problems: [...go.problems, ...frames.problems].map(({ part, detail }) => `${part}: ${detail}`),
  }
}

const functionTypes = new Set([2, 10])

function addSymbol(
  known: Map<number, FunctionRange>,
  { elf, symbol, sizeBytes }: { elf: ElfFile; symbol: ElfSymbol; sizeBytes: number },
): void {
  if (!functionTypes.has(symbol.type) || symbol.size === 0 || symbol.name === '') return
  const offset = offsetOfSymbol(elf, symbol)
  if (offset === undefined) return
  const length = Math.min(symbol.size, sizeBytes - offset)
  const other = known.get(offset)
  if (length <= 0 || (other !== undefined && other.length >= length)) return
  known.set(offset, { offset, length, address: symbol.value, symbol: symbol.name, from: 'symbol' })
}

function isIn({ offset: start, size }: ElfSection, offset: number): boolean {
  return offset >= start && offset < start + size
}
