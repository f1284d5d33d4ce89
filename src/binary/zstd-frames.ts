/**
 * Where the frames of a .zst file lie (RFC 8878, section 3): Node's decoder gives the first one and says nothing of the
 * rest. Frames that are to be skipped are left out.
 */

/** Of each frame its bytes in the file; or why it is no .zst file. */
export function zstdFrames(file: Uint8Array): readonly Uint8Array[] | { readonly why: string } {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const frames: Uint8Array[] = []
  for (let at = 0; at < file.length; ) {
    if (at + 8 > file.length) return { why: 'it ends within the head of a frame' }
    const magic = view.getUint32(at, true)
    if (magic >>> 4 === skippableMagic >>> 4) {
      at += 8 + view.getUint32(at + 4, true)
      if (at > file.length) return { why: 'it ends within a frame' }
      continue
    }
    const end = magic === frameMagic ? frameEnd(view, at) : undefined
    if (end === undefined || end > file.length) return { why: 'it holds something that is no whole frame' }
    frames.push(file.subarray(at, end))
    at = end
  }
  return frames.length > 0 ? frames : { why: 'it is empty' }
}

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const dictionaryIdBytes = [0, 1, 2, 4]
const contentSizeBytes = [0, 2, 4, 8]
const blockHeaderBytes = 3
const checksumBytes = 4
/** One byte, repeated. */
const repeatBlock = 1

/** After the last block and its checksum; undefined where the file ends before. */
function frameEnd(view: DataView, start: number): number | undefined {
  const descriptor = view.getUint8(start + 4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (contentSizeBytes[sizeFlag] as number)
  let at = start + 5 + (isSingleSegment ? 0 : 1) + (dictionaryIdBytes[descriptor & 3] as number) + sizeBytes
  for (;;) {
    if (at + blockHeaderBytes > view.byteLength) return undefined
    const header = view.getUint8(at) | (view.getUint16(at + 1, true) << 8)
    const size = header >> 3
    at += blockHeaderBytes + (((header >> 1) & 3) === repeatBlock ? 1 : size)
    if ((header & 1) === 1) return at + ((descriptor & 4) !== 0 ? checksumBytes : 0)
  }
}
