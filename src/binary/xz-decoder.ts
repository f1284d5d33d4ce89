/**
 * Unpacks .xz without the system's help: the decoder of the npm package xz-decompress, used at once instead of as a
 * stream, because folding threads read without waiting.
 *
 * The package offers only a ReadableStream. The WebAssembly in it and the five numbers of its context are reached as
 * the package's own code does; its version is pinned and it becomes part of the build, and what is not as expected here
 * is found when it is opened, not while bytes are read. It proves the checks of blocks and index.
 */

import type { XzDecoder, XzFailure } from './xz-file.ts'

/** Loads and compiles once; undefined where the package is not there, or not what it was: only .xz stays packed then. */
export function openXzDecoder(): Promise<XzDecoder | undefined> {
  opened ??= open().catch(() => undefined)
  return opened
}

let opened: Promise<XzDecoder | undefined> | undefined

interface Exports {
  readonly memory: WebAssembly.Memory
  create_context(): number
  destroy_context(context: number): void
  supply_input(context: number, length: number): void
  get_next_output(context: number): number
}

/** What the package's own stream uses. */
interface Internals {
  _getModuleInstance?(): Promise<void>
  _moduleInstance?: { readonly exports: Partial<Exports> }
}

/** Indexes into the context, 4 bytes each. */
const at = { bufferBytes: 0, input: 1, inputAt: 2, inputBytes: 3, output: 4, outputBytes: 5 }
const result = { ok: 0, end: 1, memory: 3, memoryLimit: 4, unsupported: 6, unsupportedCheck: 2 }

async function open(): Promise<XzDecoder | undefined> {
  const loaded = (await import('xz-decompress')) as unknown as Record<string, unknown>
  const library = (loaded['default'] ?? loaded) as { XzReadableStream?: unknown }
  const internals = library.XzReadableStream as Internals | undefined
  await internals?._getModuleInstance?.()
  const exports = internals?._moduleInstance?.exports
  if (exports === undefined || !isComplete(exports)) return undefined
  return { decompress: (stored, target) => decompress(exports, stored, target) }
}

function isComplete(exports: Partial<Exports>): exports is Exports {
  const { memory, create_context, destroy_context, supply_input, get_next_output } = exports
  return [create_context, destroy_context, supply_input, get_next_output].every(Boolean) && memory !== undefined
}

function decompress(exports: Exports, stored: Uint8Array, target: Uint8Array): XzFailure | undefined {
  const context = exports.create_context()
  if (context === 0) return 'memory'
  try {
    return run(exports, context, { stored, target })
  } finally {
    exports.destroy_context(context)
  }
}

function run(
  exports: Exports,
  context: number,
  { stored, target }: { readonly stored: Uint8Array; readonly target: Uint8Array },
): XzFailure | undefined {
  let taken = 0
  let filled = 0
  let idle = 0
  for (;;) {
    let fields = fieldsOf(exports, context)
    if (fields[at.inputAt] === fields[at.inputBytes]) {
      const length = Math.min(fields[at.bufferBytes] as number, stored.length - taken)
      new Uint8Array(exports.memory.buffer, fields[at.input], length).set(stored.subarray(taken, taken + length))
      exports.supply_input(context, length)
      taken += length
    }
    const code = exports.get_next_output(context)
    // The memory may have grown, which makes another buffer of it.
    fields = fieldsOf(exports, context)
    const length = fields[at.outputBytes] as number
    if (filled + length > target.length) return 'damaged'
    target.set(new Uint8Array(exports.memory.buffer, fields[at.output], length), filled)
    filled += length
    fields[at.outputBytes] = 0
    if (code === result.end) {
      const isAllTaken = taken === stored.length && fields[at.inputAt] === fields[at.inputBytes]
      return isAllTaken && filled === target.length ? undefined : 'damaged'
    }
    if (code !== result.ok) return failureOf(code)
    idle = length === 0 && taken === stored.length ? idle + 1 : 0
    if (idle > 2) return 'damaged'
  }
}

function failureOf(code: number): XzFailure {
  if (code === result.memory || code === result.memoryLimit) return 'memory'
  return code === result.unsupported || code === result.unsupportedCheck ? 'unsupported' : 'damaged'
}

function fieldsOf({ memory }: Exports, context: number): Uint32Array {
  return new Uint32Array(memory.buffer, context, 6)
}
