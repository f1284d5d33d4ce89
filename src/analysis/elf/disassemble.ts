/** Code as text, on demand: for a page about a function, for the map, for the model. Bounded, and it says where it stopped. */
import type { ElfFile } from '../../binary/elf.ts'
import { addressOfOffset } from '../../binary/elf-segments.ts'
import type { Content } from '../subject.ts'
import type { AddressNames } from './address-names.ts'
import { codeKindOf, disassemblerOf } from './capstone.ts'

export interface CodeLine {
  /** In the file. */
  readonly offset: number
  readonly address: bigint
  readonly bytes: Uint8Array
  /** `call 0x4680`. */
  readonly text: string
  /** The address that it names: where it jumps to, what it reads; undefined where it names none that is known before it runs. */
  readonly target: bigint | undefined
  /** What lies at the target: `execve@plt`. */
  readonly targetName: string | undefined
}

export interface Disassembly {
  readonly lines: readonly CodeLine[]
  /** Why not all of the range is there; undefined where it is. */
  readonly stopped: string | undefined
}

export interface CodeRange {
  /** Bytes in the file. */
  readonly offset: number
  readonly length: number
}

/** 4,096 instructions at most. x86-64, i386 and arm64; of other machines no lines, and `stopped` says so. */
export async function disassemble(
  content: Content,
  elf: ElfFile,
  range: CodeRange & { readonly names?: AddressNames },
): Promise<Disassembly> {
  const kind = codeKindOf(elf.header.machine)
  if (kind === undefined || elf.header.byteOrder !== 'little') {
    return { lines: [], stopped: 'code of this machine cannot be shown' }
  }
  const disassembler = await disassemblerOf(kind)
  const length = Math.min(range.length, linesMax * instructionBytesMax)
  const code = new Uint8Array(content.read(range.offset, length))
  const start = addressOfOffset(elf.segments, range.offset) ?? BigInt(range.offset)
  const lines: CodeLine[] = []
  const done = disassembler.walk(code, start, (instruction) => {
    const { at, sizeBytes } = instruction
    const operands = instruction.operands()
    const mnemonic = instruction.mnemonic()
    const target = targetOf({ mnemonic, operands, next: start + BigInt(at + sizeBytes) })
    lines.push({
      offset: range.offset + at,
      address: start + BigInt(at),
      bytes: code.subarray(at, at + sizeBytes),
      text: `${mnemonic} ${operands}`.trimEnd(),
      target,
      targetName: target === undefined ? undefined : range.names?.get(target),
    })
    return lines.length < linesMax
  })
  return { lines, stopped: whyStopped({ done, range, count: lines.length, start }) }
}

export const linesMax = 4_096
const instructionBytesMax = 15

const branches = /^(call|j\w+|loop\w*|b|bl|b\.\w+|cbn?z|tbn?z|adr)$/

/** Of a branch the last operand, `0x4680` or `#0x4680`; `[rip + 0x1f2]` counts from the next instruction. */
function targetOf({
  mnemonic,
  operands,
  next,
}: {
  mnemonic: string
  operands: string
  next: bigint
}): bigint | undefined {
  const relative = /\[rip(?: ([+-]) (0x[0-9a-f]+|\d))?\]/.exec(operands)
  if (relative !== null) {
    const distance = BigInt(relative[2] ?? 0)
    return BigInt.asUintN(64, relative[1] === '-' ? next - distance : next + distance)
  }
  const plain = branches.test(mnemonic) ? /(?:^|, )#?0x([0-9a-f]+)$/.exec(operands) : null
  return plain === null ? undefined : BigInt(`0x${plain[1]}`)
}

function whyStopped(at: { done: number; range: CodeRange; count: number; start: bigint }): string | undefined {
  const { done, range, count, start } = at
  if (done >= range.length) return undefined
  if (count >= linesMax) return `shown up to ${linesMax} instructions`
  return `what lies at 0x${(start + BigInt(done)).toString(16)} is no instruction`
}
