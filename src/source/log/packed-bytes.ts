/**
 * A packed file as the bytes that were packed, read forwards: what lies before the place is unpacked and dropped. Going
 * back begins anew. Holds one piece of what the unpacker gave; of xz that is the whole, which is bounded.
 */
import type { FileHandle } from 'node:fs/promises'
import { pipeline, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { prepareUnpacking, unpack } from '../module/unpack.ts'
import type { LogBytes } from './log-bytes.ts'
import type { Packing } from './rotated-name.ts'

/** It cannot be unpacked: damaged, cut off, or in a way that is not known. */
export class PackedDamage extends Error {}

/** Of a packed file; some 200 MB of log. */
const xzBytesMax = 16 * 2 ** 20

export class PackedBytes implements LogBytes {
  readonly #handle: FileHandle
  readonly #packing: Packing
  #pieces: AsyncIterator<Uint8Array> | undefined
  #piece: Uint8Array = new Uint8Array(0)
  /** Offset of the piece's first byte. */
  #at = 0

  constructor(handle: FileHandle, packing: Packing) {
    this.#handle = handle
    this.#packing = packing
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const target = new Uint8Array(length)
    let filled = 0
    try {
      if (offset < this.#at) await this.#rewind()
      while (filled < length && (await this.#reach(offset + filled))) {
        const part = this.#piece.subarray(offset + filled - this.#at).subarray(0, length - filled)
        target.set(part, filled)
        filled += part.length
      }
    } catch (failed) {
      await this.#rewind()
      throw failed instanceof PackedDamage ? failed : new PackedDamage(String((failed as Error).message))
    }
    return target.subarray(0, filled)
  }

  /** Whether the byte at `offset` is in the piece now; false where there is none. */
  async #reach(offset: number): Promise<boolean> {
    this.#pieces ??= unpacked(this.#handle, this.#packing)
    while (offset >= this.#at + this.#piece.length) {
      const next = await this.#pieces.next()
      if (next.done === true) return false
      this.#at += this.#piece.length
      this.#piece = next.value
    }
    return true
  }

  async #rewind(): Promise<void> {
    await this.#pieces?.return?.()
    this.#pieces = undefined
    this.#piece = new Uint8Array(0)
    this.#at = 0
  }
}

function unpacked(handle: FileHandle, packing: Packing): AsyncIterator<Uint8Array> {
  if (packing === 'xz') return unpackedXz(handle)
  const packed = handle.createReadStream({ start: 0, autoClose: false })
  const unpacker = unpackerOf(packing)
  // What goes wrong comes out of the iteration.
  pipeline(packed, unpacker, () => {})
  return unpacker[Symbol.asyncIterator]()
}

/** All at once: what unpacks xz here does not stream. */
async function* unpackedXz(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const { size } = await handle.stat()
  if (size > xzBytesMax) throw new PackedDamage(`${size} bytes of .xz are more than are unpacked here`)
  const stored = new Uint8Array(size)
  const { bytesRead } = await handle.read(stored, 0, size, 0)
  await prepareUnpacking()
  const content = unpack(stored.subarray(0, bytesRead), 'xz')
  if ('why' in content) throw new PackedDamage(content.why)
  yield content
}

function unpackerOf(packing: Packing): Transform {
  if (packing === 'gz') return createGunzip()
  if (packing === 'zst') return createZstdDecompress()
  throw new PackedDamage(`nothing here unpacks .${packing}`)
}
