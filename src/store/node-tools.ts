/**
 * The format's Tools on Node.js: node:crypto, the system's libzstd or node:zlib, synchronous.
 *
 * Decoding allocates no more than the frame's header said; zlib itself ignores what follows a stream, so both decoders
 * are given their length and their input is accounted for.
 */
import { createHash, hash } from 'node:crypto'
import {
  crc32,
  inflateRawSync,
  type ZstdOptions,
  constants as zlib,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import type { Tools } from '../brick/tools.ts'
import { loadZstd } from '../linux/zstd.ts'

const zstdLevel = 1
const systemZstd = loadZstd(zstdLevel)

export const nodeTools: Tools = {
  sha256(...parts) {
    const [first] = parts
    if (first !== undefined && parts.length === 1) return plain(hash('sha256', first, 'buffer'))
    const digest = createHash('sha256')
    for (const part of parts) digest.update(part)
    return plain(digest.digest())
  },

  crc32(bytes, seed = 0) {
    return crc32(bytes, seed)
  },

  zstdCompress(bytes) {
    const target = new Uint8Array(bytes.length + Math.ceil(bytes.length / 256) + 64)
    return target.slice(0, this.zstdCompressInto(bytes, target))
  },

  zstdCompressInto(bytes, target) {
    if (systemZstd !== undefined) return systemZstd.compress(bytes, target)
    const options = bytes.length === tileBytes ? tileOptions : compressOptions(bytes.length)
    const stored = zstdCompressSync(bytes, options)
    if (stored.length > target.length) return 0
    target.set(stored)
    return stored.length
  },

  zstdDecompress(stored, rawLength) {
    if (systemZstd === undefined) return plain(zstdDecompressSync(stored, decodeLimits(rawLength)))
    const raw = new Uint8Array(rawLength)
    const written = systemZstd.decompress(stored, raw)
    if (written !== rawLength) throw new Error(written < 0 ? 'the frame is damaged' : `it has ${written} bytes`)
    return raw
  },

  inflateRaw(stored, rawLength) {
    const options = { ...decodeLimits(rawLength), info: true }
    const { buffer, engine } = inflateRawSync(stored, options) as unknown as Inflated
    if (engine.bytesWritten !== stored.length) {
      throw new Error(`the stream ends after ${engine.bytesWritten} of ${stored.length} bytes`)
    }
    return plain(buffer)
  },
}

/** What `info: true` returns; the type declarations do not say. */
interface Inflated {
  readonly buffer: Uint8Array
  /** bytesWritten: bytes of input that were consumed. */
  readonly engine: { readonly bytesWritten: number }
}

const tileBytes = 65_536
const tileOptions = compressOptions(tileBytes)

/** One output chunk for everything, whatever the input: zstd adds at most 1/256 and 64 bytes. */
function compressOptions(length: number): ZstdOptions {
  return {
    params: { [zlib.ZSTD_c_compressionLevel]: zstdLevel, [zlib.ZSTD_c_contentSizeFlag]: 1 },
    pledgedSrcSize: length,
    chunkSize: length + Math.ceil(length / 256) + 64,
  }
}

/** zlib refuses a maximum of 0; a chunk with room to spare takes the whole output at once. */
function decodeLimits(rawLength: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: Math.max(rawLength, 1), chunkSize: rawLength + 64 }
}

/** The same memory as a plain Uint8Array: a Buffer's `slice` would be a view where callers expect a copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
