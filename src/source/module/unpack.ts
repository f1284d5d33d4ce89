/**
 * Unpacks kernel modules, at once and in memory: folding threads read without waiting.
 *
 * gzip and zstd are Node's. Of xz the system's liblzma is used; where there is none, the decoder in WebAssembly, which
 * has to be got ready first (`prepareUnpacking`) and knows neither SHA-256 checks nor filters of machine code. Every
 * format proves its own checksum; the size of what comes out is bounded before there is memory for it.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { concatBytes } from '../../base/bytes.ts'
import { openXzDecoder } from '../../binary/xz-decoder.ts'
import { unpackXz, type XzDecoder } from '../../binary/xz-file.ts'
import { zstdFrames } from '../../binary/zstd-frames.ts'
import { loadLzma } from '../../linux/lzma.ts'
import type { Packing } from './module-name.ts'

/** Larger ones stay packed: the largest modules that distributions ship take a tenth of it. */
export const unpackedBytesMax = 256 * 2 ** 20

export interface UnpackFailure {
  /** In a sentence, without an end. */
  readonly why: string
}

/** Before anything is unpacked in a thread; the second time it costs nothing. */
export async function prepareUnpacking(): Promise<void> {
  decoder ??= loadLzma() ?? (await openXzDecoder())
}

/** All of a packed file's content. `memory` gives the bytes to unpack xz into, exactly as many as it is asked for. */
export function unpack(
  packed: Uint8Array,
  packing: Packing,
  memory: (sizeBytes: number) => Uint8Array = (sizeBytes) => new Uint8Array(sizeBytes),
): Uint8Array | UnpackFailure {
  try {
    return unpackers[packing](packed, memory)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge
    return { why: `it is damaged (${message})` }
  }
}

type Unpack = (packed: Uint8Array, memory: (sizeBytes: number) => Uint8Array) => Uint8Array | UnpackFailure

const limits = { maxOutputLength: unpackedBytesMax }
const tooLarge: UnpackFailure = { why: `it is larger than ${unpackedBytesMax / 2 ** 20} MiB when it is unpacked` }

const unpackers: Readonly<Record<Packing, Unpack>> = {
  gzip: (packed) => plain(gunzipSync(packed, limits)),
  zstd: unpackZstd,
  xz: unpackXzFile,
}

function unpackZstd(packed: Uint8Array): Uint8Array | UnpackFailure {
  const frames = zstdFrames(packed)
  if ('why' in frames) return frames
  const contents: Uint8Array[] = []
  let leftBytes = unpackedBytesMax
  for (const frame of frames) {
    const content = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, leftBytes) })
    leftBytes -= content.length
    if (leftBytes < 0) return tooLarge
    contents.push(content)
  }
  const [only] = contents
  return contents.length === 1 && only !== undefined ? plain(only) : concatBytes(contents)
}

let decoder: XzDecoder | undefined

function unpackXzFile(packed: Uint8Array, take: (sizeBytes: number) => Uint8Array): Uint8Array | UnpackFailure {
  decoder ??= loadLzma()
  if (decoder === undefined) return { why: sentences.unsupported }
  const content = unpackXz(packed, decoder, { bytesMax: unpackedBytesMax, take })
  if (content === 'too large') return tooLarge
  return typeof content === 'string' ? { why: sentences[content] } : content
}

const sentences = {
  damaged: 'it is damaged',
  unsupported: 'it is packed in a way that is not supported here',
  memory: 'unpacking it needs too much memory',
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
