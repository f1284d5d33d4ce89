/**
 * Looks into one file that has the name of a module: its size when it is unpacked, and what it says of itself.
 *
 * Runs in a thread of its own for many files and in the caller's for a single one. The file is the one that was listed,
 * before and after, or the answer is `changed`.
 */
import { closeFd } from '../../linux/directory.ts'
import type { FileVersion } from '../read.ts'
import { openContent, readExactly, sameVersion, statOpen } from '../read.ts'
import { type ModuleFacts, moduleFacts } from './module-facts.ts'
import type { Packing } from './module-name.ts'
import { type UnpackFailure, unpack, unpackedBytesMax } from './unpack.ts'

export interface ModuleFile extends FileVersion {
  /** As it is called on disk. */
  readonly path: Uint8Array
  readonly packing: Packing | null
}

export type Inspected =
  | { readonly kind: 'module'; readonly sizeBytes: number; readonly facts: ModuleFacts | undefined }
  /** It is kept as it lies on disk. */
  | { readonly kind: 'as it is'; readonly why: string }
  | { readonly kind: 'changed' }

/** Memory that is used again for each file; what it gives is overwritten by the next. */
export class Scratch {
  #bytes = new Uint8Array(0)

  take(sizeBytes: number): Uint8Array {
    if (this.#bytes.length < sizeBytes) this.#bytes = new Uint8Array(Math.max(sizeBytes, 2 ** 20))
    return this.#bytes.subarray(0, sizeBytes)
  }
}

export interface InspectMemory {
  readonly packed: Scratch
  readonly content: Scratch
}

export function createInspectMemory(): InspectMemory {
  return { packed: new Scratch(), content: new Scratch() }
}

export function inspectModule(root: Uint8Array, file: ModuleFile, memory: InspectMemory): Inspected {
  if (file.size > unpackedBytesMax) return { kind: 'as it is', why: 'it is too large to be looked into' }
  const opened = openContent(root, { ...file, kind: 'file' })
  if (opened.kind === 'changed') return opened
  if (opened.kind === 'unreadable') return { kind: 'as it is', why: `it cannot be read: ${opened.why}` }
  const { fd } = opened
  try {
    const packed = memory.packed.take(file.size)
    const { bytesRead, unreadable } = readExactly(fd, packed, 0)
    if (bytesRead < file.size || !sameVersion(statOpen(fd), file)) return { kind: 'changed' }
    if (unreadable.length > 0) return { kind: 'as it is', why: 'it cannot be read: EIO' }
    return inspected(file.packing === null ? packed : unpack(packed, file.packing, (size) => memory.content.take(size)))
  } finally {
    closeFd(fd)
  }
}

function inspected(content: Uint8Array | UnpackFailure): Inspected {
  if ('why' in content) return { kind: 'as it is', why: content.why }
  return { kind: 'module', sizeBytes: content.length, facts: moduleFacts(content) }
}
