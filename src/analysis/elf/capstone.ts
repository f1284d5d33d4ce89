/**
 * The disassembler library (capstone, compiled to WebAssembly) as far as it is used here: loaded once, on demand, and
 * called without its own wrapper, which makes an object of every instruction and is five times slower.
 *
 * Only for analysis threads and commands that show code: it holds some megabytes. One instance works on one run at a time.
 */
import { assert } from '../../base/assert.ts'

/** Which decoder: what `disassembles` knows of. */
export type CodeKind = 'x86-64' | 'i386' | 'arm64'

/** One instruction; read from it what is needed, it is gone with the next. */
export interface Instruction {
  /** Bytes behind the run's first one. */
  readonly at: number
  readonly sizeBytes: number
  /** First letter of the mnemonic, as its code: cheaper than all of it. */
  initial(): number
  /** `jne`. */
  mnemonic(): string
  /** `0x4711`, empty where it has none. */
  operands(): string
}

export interface Disassembler {
  /**
   * Calls `see` for each instruction of the run, in order, until it returns false or the run ends. Bytes that are no
   * instruction end it: the result is how many bytes were understood. `address` is that of the first byte.
   */
  walk(code: Uint8Array, address: bigint, see: (instruction: Instruction) => boolean): number
}

/** The same one for the same kind, as long as the thread lives. Errors: those of loading a package that is broken. */
export async function disassemblerOf(kind: CodeKind): Promise<Disassembler> {
  const known = disassemblers.get(kind)
  if (known !== undefined) return known
  library ??= load()
  const made = new Decoder(await library, kind)
  disassemblers.set(kind, made)
  return made
}

/** By e_machine; undefined where code of that machine cannot be shown. */
export function codeKindOf(machine: number): CodeKind | undefined {
  return { 3: 'i386' as const, 62: 'x86-64' as const, 183: 'arm64' as const }[machine]
}

const disassemblers = new Map<CodeKind, Disassembler>()
let library: Promise<Library> | undefined

/** What of the library's exports is called. Pointers are numbers. */
interface Library {
  readonly ARCH_X86: number
  readonly ARCH_ARM64: number
  readonly MODE_32: number
  readonly MODE_64: number
  readonly MODE_LITTLE_ENDIAN: number
  _malloc(sizeBytes: number): number
  _cs_open(architecture: number, mode: number, handle: number): number
  _cs_malloc(handle: number): number
  _cs_disasm_iter(handle: number, code: number, size: number, address: number, instruction: number): number
  getValue(pointer: number, type: 'i8' | 'i16' | 'i32' | '*'): number
  setValue(pointer: number, value: number | bigint, type: 'i32' | 'i64'): void
  writeArrayToMemory(bytes: Uint8Array, pointer: number): void
  UTF8ToString(pointer: number, maximum?: number): string
}

async function load(): Promise<Library> {
  const { default: start } = await import('@alexaltea/capstone-js')
  return (await start()) as Library
}

/** Of a run; longer ones are given in pieces. */
const pieceBytes = 65_536
/** No instruction is longer: where less is left of a piece, the next one begins with it. */
const instructionBytesMax = 16

class Decoder implements Disassembler, Instruction {
  at = 0
  sizeBytes = 0
  readonly #library: Library
  readonly #handle: number
  readonly #code: number
  /** Where it is, how much is left, at which address: changed by each step. */
  readonly #state: number
  readonly #instruction: number

  constructor(cs: Library, kind: CodeKind) {
    const [architecture, mode] = {
      'x86-64': [cs.ARCH_X86, cs.MODE_64] as const,
      i386: [cs.ARCH_X86, cs.MODE_32] as const,
      arm64: [cs.ARCH_ARM64, cs.MODE_LITTLE_ENDIAN] as const,
    }[kind]
    const handle = cs._malloc(4)
    const error = cs._cs_open(architecture, mode, handle)
    assert(error === 0, `the disassembler for ${kind} refused to start: ${error}`)
    this.#library = cs
    this.#handle = cs.getValue(handle, '*')
    this.#code = cs._malloc(pieceBytes)
    this.#state = cs._malloc(16)
    this.#instruction = cs._cs_malloc(this.#handle)
  }

  walk(code: Uint8Array, address: bigint, see: (instruction: Instruction) => boolean): number {
    let done = 0
    while (done < code.length) {
      const piece = code.subarray(done, done + pieceBytes)
      const isLast = done + piece.length === code.length
      const seen = this.#piece(piece, { base: done, address: address + BigInt(done), isLast, see })
      done += seen.bytes
      if (seen.isOver || seen.bytes === 0) break
    }
    return done
  }

  initial(): number {
    return this.#library.getValue(this.#instruction + mnemonicAt, 'i8')
  }

  mnemonic(): string {
    return this.#library.UTF8ToString(this.#instruction + mnemonicAt, mnemonicBytes)
  }

  operands(): string {
    return this.#library.UTF8ToString(this.#instruction + operandsAt, operandsBytes)
  }

  #piece(
    piece: Uint8Array,
    run: { base: number; address: bigint; isLast: boolean; see: (instruction: Instruction) => boolean },
  ): { readonly bytes: number; readonly isOver: boolean } {
    const cs = this.#library
    const state = this.#state
    const instruction = this.#instruction
    cs.writeArrayToMemory(piece, this.#code)
    cs.setValue(state, this.#code, 'i32')
    cs.setValue(state + 4, piece.length, 'i32')
    cs.setValue(state + 8, run.address, 'i64')
    const stopAt = run.isLast ? piece.length : piece.length - instructionBytesMax
    let at = 0
    while (at < stopAt) {
      if (cs._cs_disasm_iter(this.#handle, state, state + 4, state + 8, instruction) === 0)
        return { bytes: at, isOver: true }
      this.at = run.base + at
      this.sizeBytes = cs.getValue(instruction + sizeAt, 'i16')
      const isGoingOn = run.see(this)
      at += this.sizeBytes
      if (!isGoingOn) return { bytes: at, isOver: true }
    }
    return { bytes: at, isOver: false }
  }
}

/** Of cs_insn: u32 id, u64 address at 8, u16 size, 24 bytes, mnemonic, operands. */
const sizeAt = 16
const mnemonicAt = 42
const mnemonicBytes = 32
const operandsAt = 74
const operandsBytes = 160
