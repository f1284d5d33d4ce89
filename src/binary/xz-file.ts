/**
 * An .xz file: its streams, as the indexes at their ends tell of them (the .xz file format, sections 2 to 4), and all of
 * its content.
 *
 * An index is only read here, not proven: the decoder, which is given a target of the size that it tells, finds out
 * whether it is true.
 */

/** Unpacks one stream. */
export interface XzDecoder {
  /** Takes all of `stored`, fills `target` exactly and proves the stream's checks; else says what is wrong. */
  decompress(stored: Uint8Array, target: Uint8Array): XzFailure | undefined
}

export type XzFailure = 'damaged' | 'unsupported' | 'memory'

/** One of the streams that an .xz file may consist of, one after the other. */
export interface XzStream {
  /** Offset of its header in the file. */
  readonly start: number
  readonly packedBytes: number
  readonly contentBytes: number
}

/** In the order of the file; or why it is no .xz file. */
export function xzStreams(file: Uint8Array): readonly XzStream[] | { readonly why: string } {
  const streams: XzStream[] = []
  let end = file.length
  while (end > 0) {
    end = withoutPadding(file, end)
    const stream = streamEndingAt(file, end)
    if ('why' in stream) return stream
    streams.push(stream)
    if (streams.length > streamsMax) return { why: `it has more than ${streamsMax} streams` }
    end = stream.start
  }
  return streams.length > 0 ? streams.reverse() : { why: 'it is empty' }
}

export interface XzMemory {
  /** More is refused before it is asked for. */
  readonly bytesMax: number
  /** Gives exactly as many bytes as it is asked for. */
  take(sizeBytes: number): Uint8Array
}

/** The content of all streams, in memory that the caller gives. */
export function unpackXz(
  file: Uint8Array,
  decoder: XzDecoder,
  memory: XzMemory,
): Uint8Array | XzFailure | 'too large' | { readonly why: string } {
  const streams = xzStreams(file)
  if ('why' in streams) return streams
  const sizeBytes = streams.reduce((sum, { contentBytes }) => sum + contentBytes, 0)
  if (sizeBytes > memory.bytesMax) return 'too large'
  const content = memory.take(sizeBytes)
  let filled = 0
  for (const { start, packedBytes, contentBytes } of streams) {
    const stored = file.subarray(start, start + packedBytes)
    const failure = decoder.decompress(stored, content.subarray(filled, filled + contentBytes))
    if (failure !== undefined) return failure
    filled += contentBytes
  }
  return content
}

const streamsMax = 10_000
const headerBytes = 12
const footerBytes = 12
const headerMagic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
/** Of the format: no number is larger, and an encoded one has at most nine bytes. */
const numberBytesMax = 9

/** Streams may be followed by zeros, four at a time. */
function withoutPadding(file: Uint8Array, end: number): number {
  let at = end
  while (at >= 4 && file[at - 1] === 0 && file[at - 2] === 0 && file[at - 3] === 0 && file[at - 4] === 0) at -= 4
  return at
}

function streamEndingAt(file: Uint8Array, end: number): XzStream | { readonly why: string } {
  const footer = end - footerBytes
  if (footer < headerBytes || file[end - 2] !== 0x59 || file[end - 1] !== 0x5a) {
    return { why: 'it does not end with the footer of an .xz stream' }
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const indexBytes = (view.getUint32(footer + 4, true) + 1) * 4
  const index = footer - indexBytes
  if (index < headerBytes || file[index] !== 0) return { why: 'its index does not lie within it' }
  const sizes = indexSizes(file.subarray(index + 1, footer - 4))
  if (sizes === undefined) return { why: 'its index cannot be read' }
  const start = index - sizes.blockBytes - headerBytes
  if (start < 0 || headerMagic.some((byte, at) => file[start + at] !== byte)) {
    return { why: 'its index does not fit its beginning' }
  }
  return { start, packedBytes: end - start, contentBytes: sizes.contentBytes }
}

/** Sums over all blocks; undefined where the records do not lie in these bytes. */
function indexSizes(bytes: Uint8Array): { blockBytes: number; contentBytes: number } | undefined {
  let at = 0
  const next = (): number | undefined => {
    let value = 0
    for (let i = 0; i < numberBytesMax; i++) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : undefined
    }
    return undefined
  }
  const count = next()
  // A record has at least two bytes.
  if (count === undefined || count > bytes.length / 2) return undefined
  let blockBytes = 0
  let contentBytes = 0
  for (let i = 0; i < count; i++) {
    const unpaddedBytes = next()
    const blockContentBytes = next()
    if (unpaddedBytes === undefined || blockContentBytes === undefined) return undefined
    blockBytes += Math.ceil(unpaddedBytes / 4) * 4
    contentBytes += blockContentBytes
  }
  return contentBytes <= Number.MAX_SAFE_INTEGER ? { blockBytes, contentBytes } : undefined
}
