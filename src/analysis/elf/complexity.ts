/**
 * The analyzer `complexity`: which functions of a file branch most, counted in their instructions.
 *
 * The measure is McCabe's: 1 + conditional jumps. Disassembling everything would cost more than all other analyzers
 * together, so functions are ranked by a quick look at their bytes first, and only those in front are counted; the regions
 * say out of how many. What was not counted is counted on demand (`complexityOf`).
 */
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Content, Subject } from '../subject.ts'
import { type CodeKind, codeKindOf, type Disassembler, disassemblerOf } from './capstone.ts'
import { type FunctionRange, functionName, functionsOf } from './functions.ts'

export interface Complexity {
  /** 1 + conditional jumps. */
  readonly complexity: number
  readonly instructions: number
  readonly calls: number
  /** Bytes that were understood; fewer than the function's where there is data in it. */
  readonly bytes: number
}

const disassemblers = new Map<CodeKind, Disassembler>()

export const complexityAnalyzer: ContentAnalyzer = {
  name: 'complexity',
  version: 1,
  async prepare(): Promise<void> {
    for (const kind of ['x86-64', 'arm64'] as const) disassemblers.set(kind, await disassemblerOf(kind))
  },
  takes: ({ type }) => type.kind === 'elf',
  analyze(subject: Subject, report: Report): void {
    const elf = subject.elf()
    const kind = elf === undefined ? undefined : codeKindOf(elf.header.machine)
    const disassembler = kind === undefined ? undefined : disassemblers.get(kind)
    if (elf === undefined || kind === undefined || disassembler === undefined || elf.header.byteOrder !== 'little')
      return
    const functions = functionsOf(subject)
    const ranked = rank(functions, { content: subject.content, kind })
    const counted = countFirst(ranked, { content: subject.content, kind, disassembler })
    const shown = counted.filter(({ result }) => result.complexity >= shownMin)
    shown.sort((a, b) => b.result.complexity - a.result.complexity)
    for (const [index, { range, result }] of shown.slice(0, shownMax).entries()) {
      const { complexity, instructions, calls } = result
      report.region({
        offset: range.offset,
        length: range.length,
        layer: regionLayers.symbol + 1,
        class: 'complexity',
        name: `${functionName(range)}: ${complexity - 1} branches`,
        attributes: {
          ...{ complexity, instructions, calls, rank: index + 1 },
          ...{
            countedFunctions: counted.length,
            functions: functions.length,
            address: `0x${range.address.toString(16)}`,
          },
        },
      })
    }
  },
}

/** Of one function; reads its bytes, at most a MiB of them. */
export function complexityOf(
  range: FunctionRange,
  { content, kind, disassembler }: { content: Content; kind: CodeKind; disassembler: Disassembler },
): Complexity {
  const code = content.read(range.offset, Math.min(range.length, functionBytesMax))
  const isArm = kind === 'arm64'
  let branches = 0
  let calls = 0
  let instructions = 0
  const bytes = disassembler.walk(code, range.address, (instruction) => {
    instructions++
    const initial = instruction.initial()
    if (!(isArm ? armInitials : intelInitials).has(initial)) return true
    const mnemonic = instruction.mnemonic()
    if (isArm ? armBranches.test(mnemonic) : initial === letterJ && mnemonic !== 'jmp') branches++
    else if (isArm ? armCalls.has(mnemonic) : mnemonic === 'call') calls++
    return true
  })
  return { complexity: 1 + branches, instructions, calls, bytes }
}

/** From so many branches on a function is worth a region. */
const shownMin = 25
const shownMax = 16
/** Of one file: so many functions are looked at quickly. */
const candidatesMax = 512
const lookedBytesMax = 8 * 2 ** 20
/** And so many counted in full, with so many bytes of code: a little more of large files. */
const countedMax = 32
const countedBytesMin = 96 * 2 ** 10
const countedBytesMax = 512 * 2 ** 10
const functionBytesMax = 2 ** 20
const letterJ = 0x6a
const intelInitials = new Set([letterJ, 0x63])
const armInitials = new Set([0x62, 0x63, 0x74])
const armBranches = /^(b\.|cbn?z$|tbn?z$)/
const armCalls = new Set(['bl', 'blr'])

interface Place {
  readonly content: Content
  readonly kind: CodeKind
}

/** The largest ones, by how many branches their bytes may hold. */
function rank(functions: readonly FunctionRange[], { content, kind }: Place): readonly FunctionRange[] {
  const largest = [...functions].sort((a, b) => b.length - a.length).slice(0, candidatesMax)
  let left = lookedBytesMax
  const looked: { range: FunctionRange; branches: number }[] = []
  for (const range of largest) {
    left -= Math.min(range.length, functionBytesMax)
    if (left < 0) break
    const code = content.read(range.offset, Math.min(range.length, functionBytesMax))
    looked.push({ range, branches: kind === 'arm64' ? armBranchesIn(code) : intelBranchesIn(code) })
  }
  return looked.sort((a, b) => b.branches - a.branches).map(({ range }) => range)
}

interface Counted {
  readonly range: FunctionRange
  readonly result: Complexity
}

function countFirst(
  ranked: readonly FunctionRange[],
  place: Place & { disassembler: Disassembler },
): readonly Counted[] {
  const counted: Counted[] = []
  let left = Math.min(countedBytesMax, countedBytesMin + place.content.size / 256)
  for (const range of ranked) {
    if (range.length > left) continue
    const result = complexityOf(range, place)
    left -= result.bytes
    counted.push({ range, result })
    if (counted.length >= countedMax) break
  }
  return counted
}

/** Jumps of two bytes by what they begin with, and those of six; operands that look alike are counted, too. */
function intelBranchesIn(code: Uint8Array): number {
  let count = 0
  for (let at = 0; at + 1 < code.length; at++) {
    const byte = code[at] as number
    if ((byte & 0xf0) === 0x70) count++
    else if (byte === 0x0f && ((code[at + 1] as number) & 0xf0) === 0x80) count += 4
  }
  return count
}

/** Exact: b.cond, cbz, cbnz, tbz, tbnz by the highest byte of each word. */
function armBranchesIn(code: Uint8Array): number {
  let count = 0
  for (let at = 3; at < code.length; at += 4) {
    const high = code[at] as number
    if (high === 0x54 || (high & 0x7c) === 0x34) count++
  }
  return count
}
