/**
 * How a folding thread gets at the bytes of a module that lies packed on disk: all of it unpacked, once it is opened.
 *
 * Modules are read one after the other, so the memory of one serves the next. A large one, which several leaves are made
 * of and which is opened for each of them, is kept as long as memory is not scarce.
 */
import { closeFd } from '../../linux/directory.ts'
import type { FileStat } from '../../linux/stat.ts'
import type { Accept, OpenedContentReader, OpenedReader, WantedContent } from '../content-reader.ts'
import { openContent, readExactly, sameVersion, statOpen } from '../read.ts'
import { type Packing, packedNames } from './module-name.ts'
import { unpackedIno } from './module-table.ts'
import { unpack, unpackedBytesMax } from './unpack.ts'

/** Of an entry that is no file of its own; `changed` where no packed file of that version is there. */
export function openPackedModule(root: Uint8Array, wanted: WantedContent, accept: Accept): OpenedContentReader {
  for (const { path, packing } of packedNames(wanted.path)) {
    const opened = openContent(root, { ...wanted, path }, 'any')
    if (opened.kind === 'unreadable') return opened
    if (opened.kind === 'changed') continue
    const { fd, stat } = opened
    const reader = isWanted(stat, wanted) || accept === 'any' ? readerOf({ fd, stat, packing, wanted }) : undefined
    if (reader?.kind === 'open') return reader
    closeFd(fd)
    return reader ?? { kind: 'changed' }
  }
  return { kind: 'changed' }
}

/** Errno names, as of any other content that cannot be had: EFBIG too large, EBADMSG no module comes out of it. */
const why = { tooLarge: 'EFBIG', damaged: 'EBADMSG' }
/** A smaller one lies in one leaf, and is opened once. */
const keptBytesMin = 8 * 2 ** 20

interface Packed {
  readonly fd: number
  readonly stat: FileStat
  readonly packing: Packing
  readonly wanted: WantedContent
}

/** Made here: what Node unpacks may lie in memory that it shares out. */
const ownMemory = new WeakSet<ArrayBufferLike>()
/** Of a reader that was closed. */
let idleMemory: ArrayBufferLike | undefined

function takeMemory(sizeBytes: number): Uint8Array {
  const idle = idleMemory
  idleMemory = undefined
  if (idle !== undefined && idle.byteLength >= sizeBytes) return new Uint8Array(idle, 0, sizeBytes)
  const made = new Uint8Array(sizeBytes)
  ownMemory.add(made.buffer)
  return made
}

function giveBack({ buffer }: Uint8Array): void {
  const isLarger = buffer.byteLength > (idleMemory?.byteLength ?? 0)
  if (ownMemory.has(buffer) && isLarger && buffer.byteLength < keptBytesMin) idleMemory = buffer
}

let last: { readonly stat: FileStat; readonly content: WeakRef<Uint8Array> } | undefined

function readerOf(packed: Packed): OpenedContentReader {
  const { fd, stat, wanted } = packed
  const content = keptContent(stat) ?? contentOf(packed)
  if (typeof content === 'string') return { kind: 'unreadable', why: content }
  if (content.length !== wanted.size) return { kind: 'changed' }
  if (content.length >= keptBytesMin) last = { stat, content: new WeakRef(content) }
  return new PackedReader({ fd, stat, content })
}

function keptContent(stat: FileStat): Uint8Array | undefined {
  return last !== undefined && sameVersion(last.stat, stat) ? last.content.deref() : undefined
}

/** Unpacked, or the word for why not. */
function contentOf({ fd, stat, packing }: Packed): Uint8Array | string {
  if (stat.size > unpackedBytesMax) return why.tooLarge
  const bytes = new Uint8Array(stat.size)
  const { bytesRead, unreadable } = readExactly(fd, bytes, 0)
  if (unreadable.length > 0) return 'EIO'
  const content = unpack(bytes.subarray(0, bytesRead), packing, takeMemory)
  return 'why' in content ? why.damaged : content
}

/** All that says which version it is, but the size: that is of what lies inside. */
function isWanted(stat: FileStat, wanted: WantedContent): boolean {
  return sameVersion({ ...stat, ino: unpackedIno(stat.ino), size: wanted.size }, wanted)
}

class PackedReader implements OpenedReader {
  readonly kind = 'open'
  readonly #fd: number
  readonly #stat: FileStat
  readonly #content: Uint8Array

  constructor({ fd, stat, content }: { readonly fd: number; readonly stat: FileStat; readonly content: Uint8Array }) {
    this.#fd = fd
    this.#stat = stat
    this.#content = content
  }

  read(target: Uint8Array, offset: number): { bytesRead: number; unreadable: [] } {
    const bytes = this.#content.subarray(offset, offset + target.length)
    target.set(bytes)
    return { bytesRead: bytes.length, unreadable: [] }
  }

  isSame(): boolean {
    return sameVersion(statOpen(this.#fd), this.#stat)
  }

  close(): void {
    closeFd(this.#fd)
    giveBack(this.#content)
  }
}
